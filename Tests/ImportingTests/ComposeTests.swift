import Model
import Testing

@testable import Importing

@Suite struct TraefikRuleTests {
  @Test func `hosts and paths are read`() throws {
    #expect(try TraefikRule.matches("Host(`a.test`)") == [.init(domains: ["a.test"])])
    #expect(try TraefikRule.matches("Host(`a.test`, \"b.test\")") == [.init(domains: ["a.test", "b.test"])])
    #expect(
      try TraefikRule.matches("Host(`a.test`)||Host(`b.test`)") == [
        .init(domains: ["a.test"]), .init(domains: ["b.test"]),
      ])
    #expect(
      try TraefikRule.matches("(Host(`a.test`) || Host(`b.test`)) && (PathPrefix(`/x`) || Path(`/y`))") == [
        .init(domains: ["a.test"], path: "/x"), .init(domains: ["a.test"], path: "= /y"),
        .init(domains: ["b.test"], path: "/x"), .init(domains: ["b.test"], path: "= /y"),
      ])
    #expect(try TraefikRule.matches("Host(`a.test`) && PathPrefix(`/`)") == [.init(domains: ["a.test"])])
  }

  @Test(arguments: [
    "", "Host(", "Host(`a", "Host(`a.test`) &&", "Host(a.test)", "PathPrefix(`/x`)", "!Host(`a.test`)",
    "Host(`a.test`) && Method(`GET`)", "HostRegexp(`.*`)", "Host(`a.test`) Host(`b.test`)",
    "Host(`a.test`) && ClientIP(`10.0.0.0/8`)", "(Host(`a.test`)", "Host(`a.test`) && Host(`b.test`)",
  ])
  func `what nginx cannot express is refused`(rule: String) {
    #expect(throws: TraefikRule.Problem.self) { try TraefikRule.matches(rule) }
  }

  @Test func `a rule that multiplies is refused`() {
    let pair = "(Host(`a`) || Host(`b`))"
    #expect(throws: TraefikRule.Problem.self) {
      try TraefikRule.matches(Array(repeating: pair, count: 20).joined(separator: " && "))
    }
  }
}

@Suite struct ComposeVariableTests {
  private let variables = ComposeVariables { ["SET": "value", "EMPTY": ""][$0] }

  @Test(arguments: [
    ("plain", "plain"), ("$SET", "value"), ("${SET}.x", "value.x"), ("$$SET", "$SET"), ("${EMPTY-d}", ""),
    ("${EMPTY:-d}", "d"), ("${NONE:-d}", "d"), ("${NONE-a-b}", "a-b"), ("${SET:+yes}", "yes"), ("${NONE:+yes}", ""),
    ("a$", "a$"), ("${SET", "${SET"), ("${SET:?needed}", "value"),
  ])
  func `variables have their values and defaults`(text: String, expected: String) {
    var unset: Set<String> = []
    #expect(variables.fill(text, &unset) == expected)
    #expect(unset.isEmpty)
  }

  @Test func `one without a value is named`() {
    var unset: Set<String> = []
    #expect(variables.fill("${NONE}.x.$OTHER.${EMPTY:?no}", &unset) == ".x..")
    #expect(unset == ["NONE", "OTHER", "EMPTY"])
  }

  @Test func `a file of variables is read`() {
    let found = ComposeVariables.variables(of: "# no\nA=1\n export B = \"two words\" \nC='x=y'\n\nbroken\n")
    #expect(found == ["A": "1", "B": "two words", "C": "x=y"])
  }
}

@Suite struct ComposeRouteTests {
  private func hosts(_ text: String, dockerHost: String? = nil) -> [[String: String]] {
    let draft = Importer(environment: { _ in nil }, dockerHost: dockerHost).read([
      .init(name: "compose.yaml", bytes: Array(text.utf8))
    ])
    return draft.objects.map { object in
      var result = ["gaps": object.gaps.joined(separator: "; ")]
      for field in ["forward_host", "forward_port"] { result[field] = object.fields[field]?.summary }
      return result
    }
  }

  private func service(_ more: String) -> String {
    "services:\n  web:\n    image: web\n    labels: { npm.proxy.domains: a.test }\n    \(more)\n"
  }

  @Test func `ports are found as they are written`() {
    #expect(hosts(service("expose: [\"80\"]")) == [["forward_host": "web", "forward_port": "80", "gaps": ""]])
    #expect(hosts(service("ports: [\"8080:80\"]")) == [["forward_host": "web", "forward_port": "80", "gaps": ""]])
    let address = hosts(service("ports: [\"0.0.0.0:8080:80/tcp\"]"), dockerHost: "10.0.0.5")
    #expect(address == [["forward_host": "10.0.0.5", "forward_port": "8080", "gaps": ""]])
    let long = hosts(service("ports: [{ target: 80, published: 8080 }]"), dockerHost: "10.0.0.5")
    #expect(long == [["forward_host": "10.0.0.5", "forward_port": "8080", "gaps": ""]])
    let host = hosts(service("network_mode: host\n    expose: [\"80\"]"), dockerHost: "10.0.0.5")
    #expect(host == [["forward_host": "10.0.0.5", "forward_port": "80", "gaps": ""]])
  }

  @Test func `a port that is not there is a gap`() {
    #expect(hosts(service("restart: always"))[0]["gaps"]?.contains("port is that of its image") == true)
    let unpublished = hosts(service("expose: [\"80\"]"), dockerHost: "10.0.0.5")
    #expect(
      hosts(service("ports: [\"127.0.0.1:8080:80\"]"), dockerHost: "10.0.0.5")[0]["gaps"]
        == "its port is not published for other machines")
    #expect(unpublished[0]["gaps"] == "its port is not published for other machines")
  }
}
