import API
import Daemon
import DesiredFiles
import Dispatch
import Foundation
import HTTPServer
import Metrics
import Model
import Platform
import Probe
import Reconciler
import Reports
import Store

/// The router, the gate and the bodies of the API: each request gets an answer that is described, and whose parts are what
/// they say.
///
/// An input is a request line, header lines, an empty line and the body. What the server refuses before the router sees it
/// does not come here.
func api(_ bytes: [UInt8]) {
  guard let request = request(bytes) else { return }
  let done = DispatchSemaphore(value: 0)
  let found = Lock<HTTPResponse?>(nil)
  Task.detached {
    let response = await world().respond(to: request)
    found.withLock { $0 = response }
    done.signal()
  }
  done.wait()
  guard let response = found.withLock({ $0 }) else { preconditionFailure("there is no answer") }
  if case .stream(let stream) = response.delivery { stream.close() }
  check(response)
}

private func check(_ response: HTTPResponse) {
  // 503: no reconciliation has ended in this world.
  precondition(response.status < 500 || response.status == 503, "\(response.status)")
  for (name, value) in response.headers {
    precondition(!(name + value).utf8.contains { $0 < 32 || $0 == 127 }, "the header \(name) breaks its line")
  }
  let type = response.headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
  precondition(response.status < 400 || type == "application/problem+json", "a refusal is \(type)")
  guard type.contains("json") else { return }
  let body = try? JSONDecoder().decode(JSONValue.self, from: Data(response.body))
  precondition(body?.objectValue != nil, "the body is no JSON object")
  if response.status >= 400 { precondition(body?["code"].stringValue?.isEmpty == false, "a refusal without a code") }
}

private func request(_ bytes: [UInt8]) -> HTTPRequest? {
  let lines = bytes.split(separator: 10, maxSplits: 20, omittingEmptySubsequences: false)
  let first = String(decoding: lines.first ?? [], as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
  guard first.count == 2 else { return nil }
  let target = first[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
  var request = HTTPRequest(method: first[0], path: target[0], query: target.count == 2 ? target[1] : nil)
  request.peer = "127.0.0.1"
  request.headers = ["host": "localhost", "authorization": "Bearer t", "content-type": "application/json"]
  let heads = lines.dropFirst().prefix { !$0.isEmpty }
  for head in heads {
    let parts = String(decoding: head, as: UTF8.self).split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { continue }
    request.headers[parts[0].lowercased()] = parts[1].hasPrefix(" ") ? String(parts[1].dropFirst()) : parts[1]
  }
  request.body = Array(lines.dropFirst(heads.count + 2).joined(separator: [10]))
  return request
}

private let worlds = Lock<(router: Router, uses: Int)?>(nil)

/// A new one after many requests: its store keeps what it is told.
private func world() -> Router {
  worlds.withLock { known in
    if let used = known, used.uses < 2000 {
      known?.uses += 1
      return used.router
    }
    let router = makeRouter()
    known = (router, 1)
    return router
  }
}

private func makeRouter() -> Router {
  let stores = BudgetedStores(FixedStoreProvider(StoreSet(MemoryStore())))
  let now: @Sendable () -> Timestamp = { Timestamp(seconds: 1_795_000_000) }
  let document = StatusDocument(status: .init(ReconcileOptions(npmURL: "http://npm.test", owner: "lab")))
  let snapshot = DaemonSnapshot(instance: .default, startedAt: now(), document: document)
  let source = APISource(
    snapshot: { snapshot }, health: { nil }, goesOn: { true }, objects: ObjectBook(), interval: 60, stores: stores,
    now: now, check: { _, _ in }, trigger: {}, orders: IdleDaemon(),
    policy: DestinationPolicy(DestinationRule()), meters: MeterRegistry())
  let metrics = RequestMetrics()
  let token = AccessToken(name: "t", role: .admin, digest: AccessToken.digest(of: Secret("t")), createdAt: now())
  let gate = Gate(.init(), now: now) { _ in [token] }
  let services = APIServices(source, gate, EventHub(stores), metrics)
  let routes = services.routes(version: "0") { (0, 0) }
  return Router(routes, gate: gate, metrics: metrics)
}

/// A folder of desired files with one host.
private let desiredFolder: String = {
  let folder = "\(NSTemporaryDirectory())reconciler-fuzz-api-\(ProcessInfo.processInfo.processIdentifier)"
  try? Files.createDirectory(folder)
  let text = """
    proxy_hosts:
      app:  # kept
        domain_names: [app.test]
        forward: http://10.0.0.1:80
        labels: { team: media }
    """
  try? Files.replace("\(folder)/a.yaml", with: Array(text.utf8))
  return folder
}()

/// A double: a daemon that does nothing.
private struct IdleDaemon: DaemonOrders {
  private struct NoFiles: DesiredSource {
    var title: String { "none" }
    func read() async -> SourceReading { SourceReading() }
    func load() async -> LoadedDesired? { nil }
    func watch(changed: @escaping @Sendable () -> Void) async {}
    func proposal(_ propose: @escaping SourceEdit.Propose) async throws -> EntryEdit.Proposal {
      let known = DesiredLoader.load(desiredFolder, secrets: .any).state
      return try propose(EntryEdit(known, directory: desiredFolder, secrets: .any), known)
    }
    /// What is proposed is read again, and never written.
    func edit(_ edit: SourceEdit) async throws {
      _ = try await edit.decide(try await proposal(edit.propose))
    }
  }

  private struct Idle: Error {}

  var hasDefaultCertificate: Bool { false }
  var source: any DesiredSource { NoFiles() }
  func plan(_ order: ReconcileOrder) async throws -> PlanResult { throw Idle() }
  func plan(proposed desired: DesiredState, _ order: ReconcileOrder) async throws -> PlanResult { throw Idle() }
  func carryOut(_ order: ReconcileOrder) async throws -> ReconcileReport { throw Idle() }
  func rollBack(to run: Int?, _ order: ReconcileOrder) async throws -> (planned: PlanResult, applied: ApplyResult?) {
    throw Idle()
  }
  func announce(_ change: AnnouncedChange) async {}
  func conclude(_ change: AnnouncedChange) async -> AnnouncedChange? { nil }
  func confirmRemoval(_ key: ResourceKey) async {}
  func probe(_ targets: [ProbeTarget], progress: @escaping @Sendable (Int) -> Void) async -> [ProbeResult] { [] }
}
