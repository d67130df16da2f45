import DesiredFiles
import Foundation
import Model
import Platform
import TestSupport
import Testing

/// nginx accepts what `validate` accepts: our loader reads random specs, sane and hostile, and each one that it accepts
/// is passed to Debian's nginx in the form of NPM's templates.
@Suite struct NginxAcceptanceTests {
  private static let count = 10_000
  /// SEED=7 selects another seed.
  private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 12

  @Test(.timeLimit(.minutes(5))) func `what is accepted, nginx takes`() async throws {
    let scratch = try Scratch()
    var random = Seeded(seed: Self.seed)
    var accepted: [RandomSpec.Accepted] = []
    var refused = 0, leftOut = 0
    for index in 0..<Self.count {
      let spec = RandomSpec(index, &random)
      switch spec.judge() {
      case .accepted(let one): accepted.append(one)
      case .refused: refused += 1
      case .unresolvable: leftOut += 1
      }
    }
    let bad = try await falseAccepts(accepted, in: scratch)
    print(
      """
      \(Self.count) specs of seed \(Self.seed): \(accepted.count) accepted, \(refused) refused, \
      \(leftOut) left out because they name a host that is not there; false accepts: \(bad.count)
      not in the configuration: \(NPMTemplate.leftOut.joined(separator: ", "))
      """)
    #expect(bad.isEmpty, "\(bad.prefix(5).joined(separator: "\n\n"))")
    // Otherwise the test would prove nothing.
    #expect(accepted.count > Self.count / 5 && refused > Self.count / 5)
  }

  @Test func `what presets write, nginx takes`() async throws {
    let scratch = try Scratch()
    var servers: [String] = []
    let names = [
      "audiobookshelf", "homeassistant", "immich", "jellyfin", "n8n", "nextcloud", "ntfy",
    ]
    for name in names {
      let text = "proxy_hosts: { a: { domain_names: [\(name).test], forward: 'http://127.0.0.1:80', preset: \(name) } }"
      let loaded = DesiredLoader.read(Array(text.utf8), as: "desired/a.yaml")
      let spec = try #require(loaded.state.resources.first?.spec)
      let directives = spec["advanced_config"].stringValue ?? ""
      #expect(!directives.isEmpty, "\(name)")
      // Where NPM's template puts them, beside the location that passes requests on.
      servers.append(
        "server { listen 127.0.0.1:1; server_name \(name).test;\n\(directives)\nlocation / { proxy_pass http://127.0.0.1:80; } }"
      )
    }
    let configuration = try NginxProgram.configuration(servers.joined(separator: "\n"), in: scratch.path)
    #expect(try await NginxProgram.complaint(configuration, in: scratch.path) == nil)
  }

  /// The specs that nginx refuses, with its error. All are tested together, then halves of what it refuses.
  private func falseAccepts(_ specs: [RandomSpec.Accepted], in scratch: Scratch) async throws -> [String] {
    var bad: [String] = []
    var waiting = [specs[...]]
    while let part = waiting.popLast(), bad.count < 20 {
      let http = part.filter { !$0.isStream }.map(\.configuration).joined(separator: "\n")
      let stream = part.filter(\.isStream).map(\.configuration).joined(separator: "\n")
      let complaint = try await NginxProgram.complaint(
        NginxProgram.configuration(http, stream: stream, in: scratch.path), in: scratch.path)
      guard let complaint else { continue }
      guard part.count > 1 else {
        bad.append("\(part.first?.text ?? "")\n\(complaint)")
        continue
      }
      let middle = part.startIndex + part.count / 2
      waiting += [part[..<middle], part[middle...]]
    }
    return bad
  }
}

/// A desired file with one random object.
private struct RandomSpec {
  enum Verdict {
    case accepted(Accepted), refused, unresolvable
  }

  struct Accepted {
    var text: String
    var configuration: String
    var isStream = false
  }

  private let index: Int
  private let section: String
  private let text: String

  init(_ index: Int, _ random: inout Seeded) {
    self.index = index
    var source = Source(random: random)
    section =
      ["proxy_hosts", "proxy_hosts", "proxy_hosts", "redirection_hosts", "streams", "access_lists"]
      .randomElement(using: &source.random) ?? ""
    let own = "h\(index).test"
    switch section {
    case "proxy_hosts":
      let locations = (0..<Int.random(in: 0...3, using: &source.random)).map { _ in
        "{ path: \(source.path), forward_scheme: http, forward_host: \(source.host), forward_port: 80, "
          + "forward_path: \(source.forwardPath) }"
      }
      text = """
        proxy_hosts:
          a: { domain_names: [\(own), \(source.domain(index))], forward_scheme: http, forward_host: \(source.host),
            forward_port: 80, locations: [\(locations.joined(separator: ", "))] }
        """
    case "redirection_hosts":
      text = """
        redirection_hosts:
          a: { domain_names: [\(own)], forward_domain_name: \(source.target), preserve_path: \(source.flag) }
        """
    case "streams":
      text = "streams:\n  a: { incoming_port: \(1024 + index), forwarding_host: \(source.host), forwarding_port: 80 }"
    default:
      text = """
        access_lists:
          a: { clients: [{ address: \(source.address), directive: allow }] }
        """
    }
    random = source.random
  }

  func judge() -> Verdict {
    let loaded = DesiredLoader.read(Array(text.utf8), as: "desired/a.yaml")
    guard !loaded.diagnostics.hasErrors, let spec = loaded.state.resources.first?.spec else { return .refused }
    let hosts =
      [spec["forwarding_host"]] + (spec["locations"].arrayValue ?? []).map { $0["forward_host"] }
    // nginx would resolve these at once.
    guard hosts.compactMap(\.stringValue).allSatisfy(Self.isThere) else { return .unresolvable }
    var found = Accepted(text: text, configuration: "")
    switch section {
    case "streams":
      found.isStream = true
      found.configuration = NPMTemplate.stream(spec.json, listen: "127.0.0.1:\(1024 + index)")
    case "access_lists":
      let clients = NPMTemplate.clients(spec.json)
      found.configuration = "server { listen 127.0.0.1:1; server_name h\(index).test; \(clients.joined()) }"
    default:
      found.configuration = NPMTemplate.server(spec.kind, spec.json, listen: ["listen 127.0.0.1:1;"])
    }
    return .accepted(found)
  }

  private static func isThere(_ host: String) -> Bool {
    host.hasPrefix("[") || host.lowercased() == "localhost" || host.allSatisfy { $0.isNumber || $0 == "." }
  }
}

/// Field values: a sane one, often with one or two typical mistakes or attacks.
private struct Source {
  var random: Seeded

  private static let odd = [
    " ", ";", "{", "}", "\"", "'", "\\", "$", "#", "\n", "\t", "\r", "\u{0}", "\u{7f}", "\u{e9}", "*", "..", "//", "?",
    ":", "@", "[", "]", "%20", "~", "=", "^~ ", "~* ", "{2}", "$1", "$host", "${uri}", "(", ")", "|", "+", "&",
    "\u{2028}",
  ]

  private mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }

  private mutating func changed(_ text: String) -> String {
    var text = text
    while Int.random(in: 0..<3, using: &random) == 0 {
      let place = text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &random))
      switch Int.random(in: 0..<4, using: &random) {
      case 0 where place < text.endIndex: text.remove(at: place)
      case 1: text = pick(["\"\(text)\"", "'\(text)'", " \(text)", "\(text) ", text + text])
      default: text.insert(contentsOf: pick(Self.odd), at: place)
      }
    }
    return text
  }

  /// In YAML: JSON quotes preserve every character.
  private mutating func quoted(_ choices: [String]) -> String {
    let text = changed(pick(choices))
    return (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  mutating func domain(_ index: Int) -> String {
    quoted(["g\(index).test", "*.g\(index).test", "g\(index).*", "_", "localhost", "xn--\(index).test"])
  }

  var flag: Bool { mutating get { Bool.random(using: &random) } }

  var host: String {
    mutating get { quoted(["127.0.0.1", "localhost", "[::1]", "::1", "fd00::1", "127.0.0.1:80", "10.0.0.300"]) }
  }

  var path: String {
    mutating get {
      quoted([
        "/", "/api", "/api/", "= /a", "=/a", "^~ /b", "^~/b", "~ ^/c/(.*)$", "~* \\.(jpg|png)$", "~ \"^/d{2}$\"", "@e",
        "\"/a b\"", "~ (?<rest>.*)", "api", "~ [", "/a/../b", "/.well-known/acme-challenge/", "~ (?<Uri>x)", "^/x",
        "\"~ y\"", "/a/*",
      ])
    }
  }

  var forwardPath: String {
    mutating get {
      quoted([
        "", "", "/", "/v2", "/v2/$1", "/v2$is_args$args", "v2", "?a=b", "$request_uri", "/${uri}", "/$rest",
        "/$server/$1",
      ])
    }
  }

  var target: String {
    mutating get {
      quoted([
        "example.com", "www.example.com/path", "example.com:8443", "$host", "https://example.com", "a", "[::1]",
        "b.test:99", "x.test/@me?u=http://y",
      ])
    }
  }

  var address: String {
    mutating get {
      quoted([
        "10.0.0.1", "10.0.0.0/8", "all", "fd00::/8", "::1", "10.0.0.0/33", "::ffff:1.2.3.4", "010.1.1.1/08",
        "1:2:3:4:5:6:7::", "1:2:3::5:6:7:8",
      ])
    }
  }
}
