import Curl
import Foundation
import HTTPServer
import Model
import NPMSimulator
import Platform
import Store
import Upstream

/// What a simulated daemon depends on, without sockets, disks and real time: NPM, a sink, backends, a store, the clocks.
/// All of it can fail; what must never happen is noted.
final class SimulatedWorld: Sendable {
  struct State {
    // What is wanted, by name of the host: the port that it forwards to.
    var desired: [String: Int] = [:]
    // Clocks: seconds of the monotonic one, and by how much the time of day is off.
    var now = 0.0
    var skew = 0.0
    // Faults.
    var isNPMAway = false
    /// Requests to NPM after which an answer is lost; 0: none.
    var lostAnswerIn = 0
    var isStoreAway = false
    var isStoreHanging = false
    var isSinkAway = false
    /// The daemon is killed once the sink has taken the next message.
    var diesAfterDelivery = false
    var downHosts: Set<String> = []
    /// Names of NPM's objects by their numbers.
    var hosts: [String: String] = [:]
    // What was seen.
    var messages: [JSONValue] = []
    var violations: [String] = []
  }

  private static let start = 1_800_000_000.0

  let state = Lock(State())
  let store = MemoryStore()
  private let npm: any HTTPHandler

  init() {
    var settings = Simulator.Settings()
    settings.now = { Timestamp(seconds: Self.start) }
    npm = Simulator.handler(settings)
  }

  /// The time of day as the machine shows it.
  var shownTime: Timestamp { state.withLock { Timestamp(seconds: Self.start + $0.now + $0.skew) } }

  func ask(_ transfer: HTTPTransfer) async -> HTTPResponse {
    let path = transfer.url.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }
    let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
    return await npm.respond(
      to: HTTPRequest(
        method: transfer.method, path: parts[0], query: parts.count > 1 ? parts[1] : nil,
        headers: Dictionary(transfer.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
        body: transfer.body ?? []))
  }

  /// A call as from NPM's web interface.
  private func asAdmin(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
    let login: JSONValue = ["identity": "admin@example.com", "secret": "changeme"]
    let token = try await call("POST", "/api/tokens", login)["token"].stringValue ?? ""
    return try await call(method, path, body, token: token)
  }

  private func call(_ method: String, _ path: String, _ body: JSONValue?, token: String? = nil) async throws
    -> JSONValue
  {
    var transfer = HTTPTransfer(method: method, url: "http://npm.test\(path)")
    transfer.headers =
      [("Content-Type", "application/json")] + (token.map { [("Authorization", "Bearer \($0)")] } ?? [])
    transfer.body = try body.map { Array(try JSONEncoder().encode($0)) }
    return try JSONValue(json: await ask(transfer).body)
  }

  private func rows() async throws -> [JSONValue] {
    try await asAdmin("GET", "/api/nginx/proxy-hosts").arrayValue ?? []
  }

  /// NPM's hosts: the port by the domain.
  func served() async throws -> [String: Int] {
    Dictionary(
      try await rows().map {
        ($0["domain_names"].arrayValue?.first?.stringValue ?? "", $0["forward_port"].intValue ?? 0)
      }
    ) { $1 }
  }

  func edit(_ domain: String, port: Int) async throws {
    guard let row = try await rows().first(where: { $0["domain_names"] == [.string(domain)] }) else { return }
    _ = try await asAdmin("PUT", "/api/nginx/proxy-hosts/\(row["id"].intValue ?? 0)", ["forward_port": .int(port)])
  }

  func create(_ domain: String, port: Int) async throws {
    let body: JSONValue = [
      "domain_names": [.string(domain)], "forward_scheme": "http", "forward_host": "10.9.9.9",
      "forward_port": .int(port),
    ]
    _ = try await asAdmin("POST", "/api/nginx/proxy-hosts", body)
  }
}

extension JSONValue {
  init(json: [UInt8]) throws { self = try JSONDecoder().decode(JSONValue.self, from: Data(json)) }
}

/// NPM as the daemon reaches it; notes deletes of what is wanted.
struct SimulatedNPMTransport: HTTPTransport {
  let world: SimulatedWorld

  func perform(_ transfer: HTTPTransfer) async throws -> TransferResult {
    let isLost = world.state.withLock { state in
      if state.lostAnswerIn > 0 { state.lostAnswerIn -= 1 }
      return state.lostAnswerIn == 1
    }
    if world.state.withLock({ $0.isNPMAway }) { throw TransferError(refused: "connection refused") }
    let response = await world.ask(transfer)
    note(transfer, response)
    if isLost { throw TransferError(lost: "connection reset") }
    return TransferResult(
      status: response.status, headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
      body: response.body, timings: TransferTimings(), remoteAddress: "127.0.0.1")
  }

  private func note(_ transfer: HTTPTransfer, _ response: HTTPResponse) {
    let parts = transfer.url.split(separator: "/").map(String.init)
    guard transfer.url.contains("/nginx/proxy-hosts"), (200..<300).contains(response.status) else { return }
    let row = (try? JSONValue(json: response.body)) ?? .null
    world.state.withLock { state in
      for host in row.arrayValue ?? [row] {
        guard let id = host["id"].intValue, let domain = host["domain_names"].arrayValue?.first?.stringValue else {
          continue
        }
        state.hosts["\(id)"] = String(domain.prefix { $0 != "." })
      }
      guard transfer.method == "DELETE", let name = parts.last.flatMap({ state.hosts[$0] }) else { return }
      if state.desired[name] != nil || name == "foreign" { state.violations.append("deleted: \(name)") }
    }
  }
}

/// The receiver of alerts.
struct SimulatedSink: HTTPTransport {
  let world: SimulatedWorld
  /// Called when the daemon is killed.
  let kill: @Sendable () -> Void

  func perform(_ transfer: HTTPTransfer) async throws -> TransferResult {
    let body = try JSONValue(json: transfer.body ?? [])
    let dies = try world.state.withLock { state in
      if state.isSinkAway { throw TransferError(refused: "connection refused") }
      state.messages.append(body)
      defer { state.diesAfterDelivery = false }
      return state.diesAfterDelivery
    }
    if dies {
      kill()
      throw TransferError(lost: "killed")
    }
    return TransferResult(
      status: 200, headers: [:], body: [], timings: TransferTimings(), remoteAddress: "127.0.0.1")
  }
}

extension TransferError {
  fileprivate init(refused message: String) {
    self.init(reason: .refused, message: message, timings: TransferTimings(), mayHaveBeenSent: false)
  }

  fileprivate init(lost message: String) {
    self.init(reason: .reset, message: message, timings: TransferTimings(), mayHaveBeenSent: true)
  }
}

/// The store as one process reaches it: not while it is away, and not after that process was killed.
struct SimulatedStoreProvider: StoreProvider {
  let world: SimulatedWorld
  let isDead: Lock<Bool>

  func stores(of instance: InstanceID) throws -> StoreSet {
    if isDead.withLock({ $0 }) || world.state.withLock({ $0.isStoreAway }) {
      throw StoreError(.storeUnreadable, "the disk is away")
    }
    return StoreSet(world.store)
  }
}

/// The world's monotonic clock. Nothing waits for it: the simulation makes each step when it is due.
struct SimulatedClock: MonotonicClock {
  let world: SimulatedWorld
  var now: Double { world.state.withLock { $0.now } }
  func wait(until time: Double) async { preconditionFailure("nothing of a simulation waits") }
}
