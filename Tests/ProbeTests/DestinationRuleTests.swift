import Curl
import Platform
import TestSupport
import Testing

@testable import Probe

/// Where destinations that the API gave may lead.
@Suite struct DestinationRuleTests {
  @Test(arguments: [
    "169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::169.254.169.254",
    "64:ff9b::169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1", "fe80::1",
    "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "ff02::1",
    "255.255.255.255",
  ])
  func `what tells secrets, and what is local to a link, is never led to`(text: String) throws {
    let address = try #require(IPAddress(text))
    let everything = DestinationRule(allowed: ["0.0.0.0/0", "::/0"].compactMap { IPNetwork($0) })
    for rule in [DestinationRule(), everything] {
      for isListed in [true, false] { #expect(!rule.allows(address, isListed: isListed)) }
    }
  }

  @Test(arguments: [
    ("10.1.2.3", true), ("172.31.0.1", true), ("172.32.0.1", false), ("192.168.1.1", true), ("100.64.0.1", true),
    ("fd12::1", true), ("::ffff:10.0.0.1", true), ("127.0.0.1", false), ("::1", false), ("::ffff:127.0.0.1", false),
    ("64:ff9b::7f00:1", false), ("0.0.0.0", false), ("::", false), ("8.8.8.8", false), ("2001:db8::1", false),
  ])
  func `without a setting, private networks are led to, and what the files lead to`(text: String, isAllowed: Bool)
    throws
  {
    let address = try #require(IPAddress(text))
    #expect(DestinationRule().allows(address, isListed: false) == isAllowed)
    #expect(DestinationRule().allows(address, isListed: true))
  }

  @Test func `a network has its addresses, and no others`() throws {
    let rule = DestinationRule(allowed: [
      try #require(IPNetwork("203.0.113.128/25")), try #require(IPNetwork("2001:db8::/33")),
    ])
    for (text, isAllowed) in [
      ("203.0.113.128", true), ("203.0.113.127", false), ("10.0.0.1", false), ("2001:db8:7fff::1", true),
      ("2001:db8:8000::1", false),
    ] {
      #expect(rule.allows(try #require(IPAddress(text)), isListed: false) == isAllowed, "\(text)")
    }
    for text in ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "a", "10.0.0.0/8/8", "::/129"] {
      #expect(IPNetwork(text) == nil, "\(text)")
    }
  }

  /// Every form in which the system's resolver takes an address is judged by what it is.
  @Test(arguments: ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "localhost"])
  func `a name is judged by its addresses`(name: String) async {
    let policy = DestinationPolicy(DestinationRule())
    #expect(await policy.problem(host: name, port: 80, isListed: false) != nil)
    #expect(await policy.problem(host: name, port: 80, isListed: true) == nil)
  }

  @Test func `a check does not connect where its host was led to by the API, whatever the name says later`() async {
    let answer = Lock("10.0.0.1")
    let asked = Lock<[String]>([])
    let policy = DestinationPolicy(DestinationRule())
    policy.give([DestinationPolicy.text("app.lan", 80)], to: "app")
    answer.withLock { $0 = "169.254.169.254" }
    let prober = Prober(settings: ProbeSettings(), engine: CurlEngine(), policy: policy) { name in
      asked.withLock { $0.append(name) }
      return .addresses([answer.withLock { $0 }])
    }
    let result = await prober.probe(ProbeTarget(name: "app", scheme: "http", host: "app.lan", port: 80))
    #expect(result.failure?.step == .tcp && result.failure?.error?.contains("169.254.169.254") == true)
    #expect(result.steps.last?.status == .skipped && asked.withLock { $0 } == ["app.lan"])
  }
}
