import Foundation
import Model
import Platform
import TestSupport

/// A simulated NPM with one of each kind that nginx may serve differently from NPM's rows: hosts with access control, a
/// 404 host with a certificate, a redirection, a stream; and an operator with all of them in YAML.
final class GuardedWorld {
  /// The expected configuration of the running nginx, by domain.
  typealias Served = [String: [String: JSONValue]]

  let npm: SimulatedNPM
  let scratch: Scratch
  var password = "one-word"
  /// Parts of the desired state by name, as YAML below their section.
  var parts: [String: (section: String, yaml: String, served: Served)] = [:]

  init() async throws {
    npm = try SimulatedNPM()
    scratch = try Scratch()
    try scratch.write(
      "reconciler.yaml", "owner: homelab\npolicy: sync\nsafety: { max_delete_percent: 100, max_update_percent: 100 }\n")
    let made = try TestCertificate.make(names: ["dead.test", "dead2.test"], days: 9999)
    try await npm.asAdmin("POST", "/api/nginx/certificates", ["provider": "other", "nice_name": "tls"])
    try await npm.upload(made, to: 1)
    host("app", "app.test", port: 80)
    host("two", "two.test", port: 80)
    dead("dead.test")
    parts["move"] = (
      "redirection_hosts", "{ domain_names: [move.test], forward_domain_name: example.com, forward_http_code: 301 }",
      ["move.test": ["forward_domain_name": "example.com"]]
    )
    stream(5432)
  }

  func host(_ name: String, _ domain: String, port: Int, _ more: String = "", hasNginxState: Bool = true) {
    parts[name] = (
      "proxy_hosts",
      "{ domain_names: [\(domain)], forward: 'http://127.0.0.1:\(port)', access_list: lan, validate: off\(more) }",
      hasNginxState ? [domain: ["forward_port": .int(port), "access_list_id": 1]] : [:]
    )
  }

  func dead(_ domain: String, _ config: String = "") {
    parts["dead"] = (
      "dead_hosts", "{ domain_names: [\(domain)], certificate: tls, ssl_forced: true, advanced_config: '\(config)' }",
      [domain: ["certificate_id": 1, "ssl_forced": true, "advanced_config": .string(config)]]
    )
  }

  func stream(_ port: Int) {
    parts["db"] = (
      "streams", "{ incoming_port: \(port), forwarding_host: 127.0.0.1, forwarding_port: 1 }",
      ["port \(port)": ["incoming_port": .int(port)]]
    )
  }

  func run(_ arguments: String...) async throws -> ProgramRun {
    var text = "access_lists: { lan: { items: [{ username: u, password: { env: PW } }] } }\n"
    for section in Set(parts.values.map(\.section)).sorted() {
      text += "\(section):\n"
      for (name, part) in parts.sorted(by: { $0.key < $1.key }) where part.section == section {
        text += "  \(name): \(part.yaml)\n"
      }
    }
    try scratch.write("desired/all.yaml", text)
    let environment = [
      "NPM_URL": npm.url, "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": "changeme", "PW": password,
    ]
    return try await ProgramRun.run(arguments, in: scratch.path, environment: environment)
  }

  /// Applies everything, until it is served.
  func begin() async throws {
    let first = try await run("apply", "--yes")
    guard first.exit == 0 else {
      throw Surprise("the first apply ended with \(first.exit): \(first.output)\(first.errors)")
    }
  }

  /// Names of objects that are not served as in the YAML.
  func unserved() async throws -> Set<String> {
    let served = try await npm.served()
    return Set(
      parts.filter { _, part in
        part.served.contains { domain, members in members.contains { served[domain]?[$0.key] != $0.value } }
      }.keys)
  }

  /// Names that a run reported as done although visitors get something else.
  func lies(_ run: ProgramRun) async throws -> [String] {
    let unserved = try await unserved()
    let done = (run.json["changes"].arrayValue ?? []).filter { $0["outcome"] == "applied" }.map { $0["name"].summary }
    return run.exit == 0 ? unserved.sorted() : done.filter(unserved.contains)
  }
}
