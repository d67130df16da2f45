import Daemon
import DesiredFiles
import HTTPServer
import Model
import Platform
import Probe
import Reports
import Store

/// How the daemon itself is, and how its hosts are.
struct HealthRoutes {
  private let source: APISource
  private let store: StoreCheck
  private let desk: HealthDesk

  init(_ source: APISource) {
    self.source = source
    store = StoreCheck(source.stores)
    desk = HealthDesk(check: source.check)
  }

  var routes: [Route] {
    [
      Route(
        "GET", "/healthz", "getHealthz", "Whether the daemon works", access: .open, answers: Self.texts,
        respond: { _ in
          let details = await details()
          return text(details.loop.ok && details.store.ok, "ok", "the daemon does not work")
        }),
      Route(
        "GET", "/readyz", "getReadyz", "Whether a reconciliation has ended", access: .open, answers: Self.texts,
        respond: { _ in text(source.objects.entries != nil, "ok", "no reconciliation has ended yet") }),
      Route(
        "GET", "/health", "getHealth", "The daemon's own health: 503 only for what a restart cures",
        answers: [
          .init(200, "It works.", Shape.json(Self.healthShape)),
          .init(503, "It does not.", Shape.json(Self.healthShape)),
        ], respond: { _ in await health() }),
      Route(
        "GET", "/health/all", "getHealthOfAll",
        "Every destination with a score from 0 to 100; checked now where the last success is older than max_age",
        parameters: [Self.maximumAge], answers: [.init(200, "How they are.", Shape.json(Self.allShape))],
        respond: { .json(try await all($0)) }),
      Route(
        "POST", "/api/proxies/{name}/check", "checkProxy", "Check the destination of a proxy host now",
        answers: [.init(200, "How it is.", Shape.json(Self.itemShape))], respond: { try await check($0) }),
      Route(
        "GET", "/status", "getStatus", "As status.json; with `full` also drift.json and health.json",
        parameters: [.init("full", "With drift and health.", ["type": "boolean", "default": false])],
        answers: [.init(200, "The status.", Shape.json(["type": "object"]))], respond: { try await status($0) }),
    ]
  }

  private func status(_ request: APIRequest) async throws -> HTTPResponse {
    let snapshot = source.snapshot()
    var document = snapshot.document
    document.status.daemon = .init(startedAt: snapshot.startedAt, writtenAt: source.now(), interval: source.interval)
    guard try request.flag("full") else { return .json(document.status) }
    document.health = await source.health().map { HealthReport($0) } ?? document.health
    return .json(StatusOutput(document))
  }

  private static let texts: [Route.Answer] = [
    .init(200, "It is so.", ["text/plain": Shape.string]), .init(503, "Why not.", ["text/plain": Shape.string]),
  ]

  private func text(_ isSo: Bool, _ yes: String, _ no: String) -> HTTPResponse {
    .text((isSo ? yes : no) + "\n", status: isSo ? 200 : 503)
  }

  private static let maximumAge = Route.Parameter(
    "max_age", "How old a success may be, from 1s to 1h.",
    ["type": "string", "pattern": "^([1-9][0-9]{0,2}s|([1-9]|[1-5][0-9]|60)m)$", "default": "120s"])

  // MARK: The daemon

  struct Detail: Encodable, Sendable {
    var ok: Bool
    var message: String
  }

  private struct Details: Encodable {
    var loop: Detail
    var npm: Detail
    var store: Detail
    var source: Detail
  }

  private struct Body: Encodable {
    var ok: Bool
    var details: Details
    var timestamp: String
  }

  private func details() async -> Details {
    let snapshot = source.snapshot()
    let last = snapshot.lastReconciliation
    let goesOn = source.goesOn()
    let loop = Detail(
      ok: goesOn,
      message: goesOn
        ? last.map { "the last reconciliation ended at \($0.finishedAt.iso8601)" } ?? "no reconciliation has ended yet"
        : "reconciliations do not end")
    var npm = Detail(ok: last != nil, message: last == nil ? "not asked yet" : "it answers")
    var stored = await store.detail()
    if case .failed(let problem, _)? = last?.outcome {
      // A store that can be read may still take nothing.
      if problem.code.isStoreFailure {
        stored = Detail(ok: false, message: problem.message)
        npm = Detail(ok: false, message: "not asked: the store fails")
      } else {
        npm = Detail(ok: false, message: problem.message)
      }
    }
    let problem = snapshot.source?.problem
    let files = Detail(ok: problem == nil, message: problem?.message ?? "the desired files are read")
    return Details(loop: loop, npm: npm, store: stored, source: files)
  }

  private func health() async -> HTTPResponse {
    let details = await details()
    let isOK = details.loop.ok && details.store.ok
    return .json(Body(ok: isOK, details: details, timestamp: source.now().iso8601), status: isOK ? 200 : 503)
  }

  private static let healthShape: JSONValue = {
    let detail = Shape.object(["ok": ["type": "boolean"], "message": Shape.string])
    return Shape.object([
      "ok": ["type": "boolean"], "timestamp": Shape.time,
      "details": Shape.object(["loop": detail, "npm": detail, "store": detail, "source": detail]),
    ])
  }()

  // MARK: Hosts

  struct All: Encodable, Sendable {
    struct Item: Encodable, Sendable {
      var kind: String
      var cached: Bool
      var report: HealthReport.Proxy

      private enum CodingKeys: String, CodingKey { case kind, cached }

      func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(cached, forKey: .cached)
      }
    }

    var ok: Bool
    @Nullable var score: Int?
    var counts: [Health: Int]
    var items: [Item]
    var timestamp: String
  }

  private func all(_ request: APIRequest) async throws -> All {
    var seconds = 120.0
    if let text = request.query["max_age"] {
      guard let given = DurationFormat.seconds(text), (1...3600).contains(given) else {
        throw Problem(400, .apiRequest, "'max_age' is a duration from 1s to 1h", hint: "write 120s or 5m")
      }
      seconds = given
    }
    return try await all(maximumAge: seconds)
  }

  /// - Parameter seconds: for which a success of the monitor is good enough.
  func all(maximumAge seconds: Double) async throws -> All {
    guard let health = await source.health() else {
      throw Problem(
        503, .apiNotReady, "it is not known yet what to check", headers: [("Retry-After", "2")])
    }
    let items = await items(health.records, of: health, maximumAge: seconds)
    let states = items.map(\.report.health)
    let counts = Dictionary(
      uniqueKeysWithValues: Health.allCases.map { state in (state, states.count { $0 == state }) })
    return All(
      ok: !states.contains(.unhealthy), score: health.score, counts: counts, items: items,
      timestamp: source.now().iso8601)
  }

  private func check(_ request: APIRequest) async throws -> HTTPResponse {
    let key = ResourceKey(.proxyHost, request.path["name"] ?? "")
    guard let health = await source.health() else {
      throw Problem(503, .apiNotReady, "it is not known yet what to check", headers: [("Retry-After", "2")])
    }
    guard let record = health.records.first(where: { $0.target.key.resource == key }) else {
      let names = health.records.map(\.target.name)
      guard try source.entries().contains(where: { $0.object.kind == key.kind && $0.object.name == key.name }) else {
        throw Problem.unknown(key, among: names)
      }
      throw Problem(
        409, .apiRequest, "'\(key.name)' is not checked", hint: "it is switched off, or says 'validate: off'")
    }
    guard let item = await items([record], of: health, maximumAge: 1).first else {
      throw Problem(503, .apiNotReady, "it was not checked in time", headers: [("Retry-After", "2")])
    }
    return .json(item)
  }

  private static let itemShape = Shape.object([
    "kind": Shape.string, "name": Shape.string, "cached": ["type": "boolean"],
    "health": ["enum": ["healthy", "unhealthy", "unknown"]], "steps": ["type": "array"],
  ])

  private func items(
    _ records: [HealthState.Record], of health: HealthSnapshot, maximumAge seconds: Double
  ) async -> [All.Item] {
    let fresh = await desk.fresh(records, maximumAge: seconds, at: source.now())
    let known = Dictionary(firstOf: HealthReport(health).proxies.map { ($0.name, $0) })
    return records.compactMap { record in
      guard var report = known[record.target.name] else { return nil }
      let kind = record.target.key.resource.kind.rawValue
      guard let check = fresh[record.target.key] else { return All.Item(kind: kind, cached: true, report: report) }
      report.take(check)
      return All.Item(kind: kind, cached: false, report: report)
    }
  }

  private static let allShape = Shape.object([
    "ok": ["type": "boolean"], "score": ["type": ["integer", "null"], "minimum": 0, "maximum": 100],
    "counts": ["type": "object", "additionalProperties": Shape.integer],
    "items": ["type": "array", "items": ["type": "object"]], "timestamp": Shape.time,
  ])
}

/// Whether the store answers, looked at again after five seconds at the earliest, once for all that ask.
actor StoreCheck {
  private let stores: BudgetedStores
  private let clock: any MonotonicClock
  private var last: (detail: HealthRoutes.Detail, at: Double)?
  private var asking: Task<HealthRoutes.Detail, Never>?

  init(_ stores: BudgetedStores, clock: any MonotonicClock = SystemMonotonicClock()) {
    self.stores = stores
    self.clock = clock
  }

  func detail() async -> HealthRoutes.Detail {
    if let last, clock.now - last.at < 5 { return last.detail }
    let task =
      asking
      ?? Task { [stores] in
        do {
          _ = try await stores.ask { try await $0.alerts.pending() }
          return HealthRoutes.Detail(ok: true, message: "it answers")
        } catch {
          return HealthRoutes.Detail(ok: false, message: Diagnostic(of: error).message)
        }
      }
    asking = task
    let detail = await task.value
    asking = nil
    last = (detail, clock.now)
    return detail
  }
}
