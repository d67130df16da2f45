import Daemon
import DesiredFiles
import HTTPServer
import Model
import Probe
import Reconciler
import Reports
import Store

/// What is planned, was done, and fires: as the commands print it.
struct StateRoutes {
  private let source: APISource

  init(_ source: APISource) { self.source = source }

  var routes: [Route] {
    [
      Route("GET", "/api/plan", "getPlan", "The last plan, as `diff` prints it", answers: object("The plan.")) { _ in
        guard let planned = source.snapshot().lastPlan else {
          throw Problem(
            503, .apiNotReady, "no reconciliation has made a plan yet", headers: [("Retry-After", "2")])
        }
        return .json(PlanReport(planned, nil, planned.refusals + planned.warnings))
      },
      Route("GET", "/api/drift", "getDrift", "As drift.json", answers: object("What was changed in NPM.")) { _ in
        guard let drift = source.snapshot().document.drift else {
          throw Problem(503, .apiNotReady, "NPM was not read yet", headers: [("Retry-After", "2")])
        }
        return .json(drift)
      },
      Route(
        "GET", "/api/certificates", "getCertificates", "As `certificates` prints it",
        answers: object("The certificates of NPM.")
      ) { _ in .json(CertificateListReport(source.snapshot().certificates)) },
      Route("GET", "/api/alerts", "getAlerts", "As `alerts` prints it", answers: object("What fires.")) { _ in
        let now = source.now()
        let silences = try await source.stores.ask { try await $0.alerts.silences(at: now) }
        return .json(AlertListReport(source.snapshot().alerts, silences, sinks: []))
      },
      summary, runs, run,
    ]
  }

  private func object(_ meaning: String) -> [Route.Answer] {
    [.init(200, meaning, Shape.json(["type": "object"]))]
  }

  // MARK: Numbers

  /// Flat, for dashboards that take one number from a path.
  private struct Summary: Encodable {
    var hosts = 0
    var up = 0
    var down = 0
    var unknown = 0
    var score: Int?
    var drifted = 0
    var pending = 0
    var blocked = 0
    /// By a suspension, a window or the policy.
    var heldBack = 0
    var certificatesExpiring = 0
    var alerts = 0
    var ok: Bool
    var message: String
    var commit: String?
    var checkedAt: String?

    private enum CodingKeys: String, CodingKey {
      case hosts, up, down, unknown, score, drifted, pending, blocked, alerts, ok, message, commit
      case certificatesExpiring = "certificates_expiring"
      case heldBack = "held_back"
      case checkedAt = "checked_at"
    }
  }

  private var summary: Route {
    let numbers = [
      "hosts", "up", "down", "unknown", "drifted", "pending", "blocked", "held_back", "certificates_expiring", "alerts",
    ]
    let shape = Shape.object(
      Dictionary(uniqueKeysWithValues: numbers.map { ($0, Shape.integer) }).merging([
        "ok": ["type": "boolean"], "message": Shape.string,
      ]) { $1 })
    return Route(
      "GET", "/api/summary", "getSummary", "Flat numbers, for dashboards",
      answers: [.init(200, "The numbers.", Shape.json(shape))]
    ) { _ in .json(await summarise()) }
  }

  private func summarise() async -> Summary {
    let snapshot = source.snapshot()
    let records = await source.health()?.records ?? []
    let entries = source.objects.entries ?? []
    let isOutOfDate = source.isOutOfDate || snapshot.lastPlan == nil
    var summary = Summary(ok: false, message: snapshot.headline?.message ?? "no reconciliation has ended yet")
    summary.hosts = entries.count { $0.object.kind == .proxyHost && $0.object.source != nil }
    summary.up = records.count { $0.health == .healthy }
    summary.down = records.count { $0.health == .unhealthy }
    summary.unknown = max(0, records.count - summary.up - summary.down)
    summary.score = snapshot.health?.score
    func count(_ sync: ObjectReport.Sync) -> Int { entries.count { $0.object.sync == sync } }
    (summary.drifted, summary.pending, summary.blocked) = (count(.drifted), count(.pending), count(.blocked))
    summary.heldBack = count(.heldBack)
    summary.certificatesExpiring = snapshot.certificates.count { $0.endsSoon && !$0.users.isEmpty }
    summary.alerts = snapshot.alerts.count
    summary.ok =
      !isOutOfDate && summary.down == 0 && summary.drifted == 0 && summary.blocked == 0 && summary.alerts == 0
    summary.commit = snapshot.source?.commit?.hash
    summary.checkedAt = snapshot.lastReconciliation?.finishedAt.iso8601
    return summary
  }

  // MARK: Runs

  private static let runShape = Shape.object([
    "run": Shape.integer, "started_at": Shape.time, "finished_at": ["type": ["string", "null"]],
    "digest": Shape.string, "applied": Shape.integer, "failed": Shape.integer, "commit": ["type": ["string", "null"]],
  ])

  private var runs: Route {
    Route(
      "GET", "/api/runs", "listRuns", "Runs that wrote, newest first", parameters: Page.numbered,
      answers: [.init(200, "Newest first.", Shape.json(Shape.list(Self.runShape)))]
    ) { request in
      let page = try Page(request)
      let before = try page.cursor.map { text in
        guard let number = Int(text) else { throw Problem(400, .apiRequest, "'cursor' is `next` of an answer before") }
        return number
      }
      let left = try await source.stores.ask { try await $0.runs.runs(before: before, limit: page.limit + 1) }
      let items = left.prefix(page.limit).map(RunReport.init)
      return .json(
        ListBody(items: items, next: left.count > items.count ? items.last.map { String($0.run) } : nil))
    }
  }

  private var run: Route {
    Route(
      "GET", "/api/runs/{number}", "getRun", "One run",
      answers: [.init(200, "The run.", Shape.json(Self.runShape))]
    ) { request in
      let number = Int(request.path["number"] ?? "").flatMap { (0..<Int.max).contains($0) ? $0 : nil }
      let found = try await source.stores.ask { stores in
        guard let number else { return [RunRecord]() }
        return try await stores.runs.runs(before: number + 1, limit: 1)
      }
      guard let run = found.first(where: { $0.number == number }) else {
        throw Problem(
          404, .unknownRun, "the store does not remember that run", hint: "GET /api/runs names those that it does")
      }
      return .json(RunReport(run))
    }
  }
}
