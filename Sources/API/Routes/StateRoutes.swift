import Daemon
import HTTPServer
import Model
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
      runs, run,
    ]
  }

  private func object(_ meaning: String) -> [Route.Answer] {
    [.init(200, meaning, Shape.json(["type": "object"]))]
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
      let all = try await source.stores.ask { try await $0.runs.runs(limit: 100_000) }
      let left = all.filter { run in before.map { run.number < $0 } ?? true }
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
      let all = try await source.stores.ask { try await $0.runs.runs(limit: 100_000) }
      guard let number = Int(request.path["number"] ?? ""), let run = all.first(where: { $0.number == number }) else {
        throw Problem(
          404, .unknownRun, "the store does not remember that run", hint: "GET /api/runs names those that it does")
      }
      return .json(RunReport(run))
    }
  }
}
