package import Curl
import Foundation
package import Model
import Platform
package import NPMClient
import NPMSimulator
import Upstream

/// An NPM simulator on its own port, with its control calls.
package final class SimulatedNPM: Sendable {
  package let url: String
  package let engine = CurlEngine()
  private let simulator: Simulator
  /// Seconds by which its clock is ahead: its timestamps have a resolution of one second.
  private let ahead = Lock(0.0)

  package var port: Int { simulator.port }
  /// The address for visitors; nil: no data plane.
  package var dataPlane: String? { simulator.dataPlanePort.map { "127.0.0.1:\($0)" } }

  /// The oldest and the newest supported release.
  package static let versions = ["2.12.6", "2.15.1"]

  /// - Parameters:
  ///   - port: 0: the kernel chooses.
  ///   - dataFile: keeps its state after a stop.
  ///   - start: `fresh-admin` or `unconfigured`.
  ///   - servesVisitors: whether it has a data plane.
  ///   - onReload: called with the served state after each reload.
  ///   - now: its clock.
  package init(
    port: Int = 0, dataFile: String? = nil, version: String = "2.15.1", start: String = "fresh-admin",
    servesVisitors: Bool = false, onReload: (@Sendable (JSONValue) async -> Void)? = nil,
    now: @escaping @Sendable () -> Timestamp = { .now }
  ) throws {
    var settings = Simulator.Settings()
    settings.onReload = onReload
    if servesVisitors { settings.dataPlane = ("127.0.0.1", 0) }
    settings.start = SimulatorState.Start(rawValue: start) ?? settings.start
    settings.version = NPMVersion(version) ?? settings.version
    settings.hasControl = true
    settings.port = port
    settings.dataFile = dataFile
    settings.now = { [ahead] in Timestamp(seconds: now().seconds + ahead.withLock { $0 }) }
    simulator = try Simulator(settings)
    url = "http://127.0.0.1:\(simulator.port)"
  }

  package func stop() async throws { try await simulator.stop() }

  /// The client under test, logged in as the administrator. ActiveSuspensions of retries are skipped.
  package func gateway(
    readTimeout: Double = 15, writeTimeout: Double = 5, kinds: [ResourceSchema] = ResourceSchema.all
  ) -> RESTGateway {
    var configuration = UpstreamConfiguration(name: "NPM")
    configuration.readTimeout = readTimeout
    configuration.writeTimeout = writeTimeout
    configuration.firstByteTimeout = readTimeout
    var dependencies = UpstreamClient.Dependencies()
    dependencies.pause = { _ in await Task.yield() }
    let upstream = UpstreamClient(
      baseURL: url, configuration: configuration, transport: engine, dependencies: dependencies)
    let credentials = NPMCredentials(identity: "admin@example.com", secret: Secret("changeme"))
    return RESTGateway(upstream: upstream, credentials: credentials, cache: NoTokenCache(), kinds: kinds)
  }

  /// Sends a call with any body; returns status and JSON.
  @discardableResult
  package func send(
    _ method: String, _ path: String, _ body: JSONValue? = nil, token: String? = nil
  ) async throws -> (status: Int, json: JSONValue) {
    var transfer = HTTPTransfer(method: method, url: url + path)
    // Each reload closes idle connections, as in the real NPM.
    transfer.usesFreshConnection = true
    transfer.headers = [("Content-Type", "application/json")]
    if let token { transfer.headers.append(("Authorization", "Bearer \(token)")) }
    transfer.body = try body.map { Array(try JSONEncoder().encode($0)) }
    let result = try await engine.perform(transfer)
    return (result.status, (try? JSONDecoder().decode(JSONValue.self, from: Data(result.body))) ?? .null)
  }

  package func token() async throws -> String {
    let body: JSONValue = ["identity": "admin@example.com", "secret": "changeme"]
    return try await send("POST", "/api/tokens", body).json["token"].stringValue ?? ""
  }

  /// A call as from NPM's web interface.
  @discardableResult
  package func asAdmin(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
    try await send(method, path, body, token: token()).json
  }

  package func hosts() async throws -> [JSONValue] {
    try await asAdmin("GET", "/api/nginx/proxy-hosts").arrayValue ?? []
  }

  /// Creates a host manually; returns its id.
  package func createByHand(
    _ domain: String, host: String = "10.9.9.9", meta: JSONValue = [:]
  ) async throws -> Int {
    let body: JSONValue = [
      "domain_names": [.string(domain)], "forward_scheme": "http", "forward_host": .string(host), "forward_port": 80,
      "meta": meta,
    ]
    return try await asAdmin("POST", "/api/nginx/proxy-hosts", body)["id"].intValue ?? 0
  }

  /// Advances its clock.
  package func advance(_ seconds: Double) { ahead.withLock { $0 += seconds } }

  /// Disables and enables a host in NPM's web interface.
  package func switchOffAndOn(_ id: Int, kind: String = "proxy-hosts") async throws {
    try await asAdmin("POST", "/api/nginx/\(kind)/\(id)/disable")
    try await asAdmin("POST", "/api/nginx/\(kind)/\(id)/enable")
  }

  /// Creates a user who may manage everything but is not an administrator; returns the login address.
  package func addManager() async throws -> String {
    let body: JSONValue = [
      "name": "Manager", "nickname": "M", "email": "manager@example.com", "roles": [], "is_disabled": false,
      "auth": ["type": "password", "secret": "changeme"],
    ]
    let made = try await asAdmin("POST", "/api/users", body)
    try await asAdmin("PUT", "/api/users/\(made["id"].intValue ?? 0)/permissions", ["visibility": "all"])
    return "manager@example.com"
  }

  /// Creates a stream manually.
  package func addStream(_ port: Int) async throws {
    let body: JSONValue = [
      "incoming_port": .int(port), "forwarding_host": "127.0.0.1", "forwarding_port": .int(port),
      "tcp_forwarding": true,
    ]
    try await asAdmin("POST", "/api/nginx/streams", body)
  }

  /// Makes another process listen on these ports.
  package func hold(_ ports: [Int]) async throws {
    try await send("PUT", "/simulator/ports", ["held": .array(ports.map { .int($0) })])
  }

  /// Simulates a concurrent client's write: the next `count` nginx tests fail with an error about the host's file.
  package func rival(_ id: Int, count: Int) async throws {
    try await send("PUT", "/simulator/nginx", ["rival": ["id": .int(id), "count": .int(count)]])
  }

  /// Sets fault rules; an empty list clears them.
  package func faults(_ rules: [JSONValue]) async throws {
    try await send("PUT", "/simulator/faults", ["rules": .array(rules)])
  }

  package func nginx(_ state: String) async throws {
    try await send("PUT", "/simulator/nginx", ["state": .string(state)])
  }

  /// All calls so far, including control calls.
  package func requests() async throws -> [JSONValue] {
    try await send("GET", "/simulator/requests").json.arrayValue ?? []
  }

  /// All calls to NPM's API so far, except reads.
  package func writes() async throws -> [JSONValue] {
    try await requests().filter { $0["method"] != "GET" && $0["path"] != "/api/tokens" }
  }

  /// Returns when a create has arrived, answered or not.
  package func waitForCreate() async throws {
    while try await !writes().contains(where: { $0["method"] == "POST" && $0["path"] == "/api/nginx/proxy-hosts" }) {
      await Task.yield()
    }
  }

  /// The number of nginx reloads.
  package func reloads() async throws -> Int {
    try await send("GET", "/simulator/served").json["reloads"].intValue ?? 0
  }

  /// Uploads files as NPM's web interface does.
  package func upload(_ made: TestCertificate, to id: Int) async throws {
    let parts = [("certificate", made.certificate), ("certificate_key", made.key)].map { name, text in
      "--line\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"x\"\r\n\r\n\(text)\r\n"
    }
    var transfer = HTTPTransfer(method: "POST", url: "\(url)/api/nginx/certificates/\(id)/upload")
    transfer.usesFreshConnection = true
    transfer.headers = [
      ("Authorization", "Bearer \(try await token())"), ("Content-Type", "multipart/form-data; boundary=line"),
    ]
    transfer.body = Array((parts.joined() + "--line--\r\n").utf8)
    _ = try await engine.perform(transfer)
  }

  /// What the data plane serves, by domain, and `port 53` for streams.
  package func served() async throws -> [String: JSONValue] {
    let hosts = try await send("GET", "/simulator/served").json["hosts"].arrayValue ?? []
    var result: [String: JSONValue] = [:]
    for host in hosts {
      for name in host["domain_names"].arrayValue ?? [] { result[name.stringValue ?? ""] = host }
      if let port = host["incoming_port"].intValue { result["port \(port)"] = host }
    }
    return result
  }
}

/// Runs a test body against a fresh simulator.
package func withSimulator(
  _ version: String = "2.15.1", servesVisitors: Bool = false, _ body: (SimulatedNPM) async throws -> Void
) async throws {
  let npm = try SimulatedNPM(version: version, servesVisitors: servesVisitors)
  do {
    try await body(npm)
  } catch {
    try await npm.stop()
    throw error
  }
  try await npm.stop()
}
