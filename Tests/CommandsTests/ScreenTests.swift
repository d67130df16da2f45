import Configuration
import Foundation
import Model
import NPMClient
import Planning
import Platform
import Probe
import Reconciler
import Reports
import TestSupport
import Store
import Testing

@testable import Commands

/// What commands print, at several widths, compared with plain files below `Tests/Fixtures/screens`.
///
/// With RECORD_SCREENS=1 the files are rewritten and the run fails, so that it cannot pass as a check.
@Suite struct ScreenTests {
  private static let widths = [40, 80, 120, 240]
  private let now = Timestamp(seconds: 1_795_000_000)

  // MARK: The case: one host of each state

  private func host(
    _ name: String, _ domains: [String], port: Int = 8080, line: Int, _ fields: [String: JSONValue] = [:]
  ) -> DesiredResource {
    desiredHost(name, hostSpec(domains, host: "10.0.0.12", port: port, fields))
      .at(SourceLocation(file: "desired/media.yaml", line: line, column: 3))
  }

  private func ours(_ name: String, _ id: Int, _ spec: Spec) -> (ObservedResource, LedgerEntry) {
    let marker = OwnershipMarker(owner: "homelab", name: name, fingerprint: "")
    return (observedHost(id, spec, marker: marker), ledgerEntry(name, id: id, spec))
  }

  private var planned: PlanResult {
    let resources = [
      host("jellyfin", ["jellyfin.example.com", "media.example.com", "films.example.com"], port: 8096, line: 3),
      host("grafana", ["grafana.example.com"], port: 3001, line: 12).with { $0.labels = ["team": "infra"] },
      host("cam", ["cam.example.com"], port: 8099, line: 20), host("wiki", ["wiki.example.com"], line: 26),
      host("\u{5199}\u{771f}\u{9928}-f\u{fc}r-alle", ["photos.example.com"], port: 2342, line: 30),
    ]
    let changed = hostSpec(["grafana.example.com"], host: "10.0.0.12", port: 3000)
    let (grafana, grafanaEntry) = ours("grafana", 2, resources[1].spec)
    let (wiki, wikiEntry) = ours("wiki", 3, resources[3].spec)
    let (old, oldEntry) = ours("old-wiki", 5, hostSpec(["old.example.com"], host: "10.0.0.12", port: 8080))
    let cam = observedHost(4, hostSpec(["cam.example.com"], host: "10.0.0.12", port: 554))
    let observed = observedState([grafana.with(spec: changed), wiki, cam, old])
    let ledger = [grafanaEntry, wikiEntry, oldEntry]
    let desired = DesiredState(resources: resources, fileCount: 2)
    let plan = Planner(Planner.Options(owner: "homelab", policy: .upsertOnly)).plan(desired, observed, ledger)
    return PlanResult(
      desired: desired, observed: observed, ledger: ledger, plan: plan,
      certificates: CertificateInventory(observed, now: now, days: (warning: 21, error: 7)))
  }

  /// As a daemon would have written it.
  private func health() throws -> HealthReport {
    let refused = "Port 3001 is not accepting connections. Check if the service is running and the port is correct."
    func proxy(_ name: String, _ health: String, _ problem: String) -> String {
      """
      {"name": "\(name)", "target": "http://10.0.0.12:8080", "health": "\(health)", "since": "\((now - 7200).iso8601)",
       "checked_at": "\((now - 20).iso8601)", "failures_in_a_row": 3, "cause": null, "problem": \(problem), "score": null,
       "steps": [{"step": "tcp", "status": "failed", "ms": 0.4, "error": "connection refused"}],
       "availability": {"24h": 0.9998, "7d": null, "30d": null}, "latency_ms": {"p50": 11.2, "p95": null, "p99": null},
       "slo": {"availability": 0.99, "latency_ms": 500, "error_budget": null, "burn_rate": null, "missed": []}}
      """
    }
    let proxies = [proxy("grafana", "unhealthy", "\"\(refused)\""), proxy("wiki", "healthy", "null")]
    let json = """
      {"format_version": "1", "written_at": "\(now.iso8601)", "counts": {"healthy": 1, "unhealthy": 1, "unknown": 0},
       "score": null, "proxies": [\(proxies.joined(separator: ","))]}
      """
    return try JSONDecoder().decode(HealthReport.self, from: Data(json.utf8))
  }

  private var events: [RecordedEvent] {
    let refused = "grafana (10.0.0.12:3001): port 3001 is not accepting connections"
    let events = [
      Event(.info, source: "apply", subject: "jellyfin", reason: "Created", "created proxy host 'jellyfin' (#6)"),
      Event(.warning, source: "health", subject: "grafana", reason: "Unhealthy", refused),
      Event(
        .error, source: "apply", subject: "\u{5199}\u{771f}\u{9928}", reason: "ProbeFailed",
        "\u{5199}\u{771f}\u{9928}-f\u{fc}r-alle: nothing answers at 10.0.0.12:2342, so its host was not written"),
    ]
    return events.enumerated().map { RecordedEvent(number: $0 + 1, at: now + Double($0), event: $1) }
  }

  private func console(_ width: Int) -> Console {
    var console = Console()
    console.columns = width
    return console
  }

  private func settings() throws -> Settings {
    let inputs = SettingsReader.Inputs(
      flag: { _ in nil }, environment: { $0 == "NPM_URL" ? "http://npm.lan:81" : nil })
    return try SettingsLoader.load(file: nil, inputs, allowsDeletes: false).0
  }

  private func text(_ screen: String, _ width: Int) throws -> TerminalText {
    let (planned, console) = (planned, self.console(width))
    let times = LocalTime(now: now, zone: .utc)
    switch screen {
    case "diff": return PlanText(planned: planned, settings: try settings(), console: console).text()
    case "status":
      let options = ReconcileOptions(npmURL: "http://npm.lan:81", owner: "homelab")
      var document = StatusDocument(planned, nil, ReconcileSummary(planned, nil), options, at: now - 300)
      document.health = try health()
      return StatusText(console: console, document: document, times: times).text
    case "help-list": return HelpText.of(ListCommand.definition, columns: width)
    case "events":
      return events.flatMap { EventsCommand.text(of: $0, console) }.joined(separator: "\n")
    case "list":
      return ListText(console: console, isWide: width > 200, items: Inventory(planned, try health()).items).text
    default:
      let inventory = Inventory(planned, try health())
      let item = try ObjectArgument.item(String(screen.dropFirst("show-".count)), in: inventory)
      let report = ObjectDetailReport(item, holder: nil, history: [], runs: [])
      return ShowText(console: console, report: report, commits: [:], times: times).text
    }
  }

  @Test(arguments: ["diff", "status", "list", "show-grafana", "show-cam", "events", "help-list"], widths)
  func `each screen is as it was reviewed`(screen: String, width: Int) throws {
    let text = try text(screen, width)
    let path = "\(Fixtures.directory)/screens/\(screen)-\(width).txt"
    if ProcessInfo.processInfo.environment["RECORD_SCREENS"] != nil {
      try Files.createDirectory(Files.parent(of: path))
      try Files.replace(path, with: Array((text.raw + "\n").utf8))
      Issue.record("\(path) was written anew")
    }
    #expect(text.raw + "\n" == String(decoding: try Files.read(path), as: UTF8.self))
    for line in text.raw.split(separator: "\n") {
      let words = line.split(separator: " ")
      #expect(CellWidth.of(line) <= width || words.count == 1 || isExample(line), "too wide: \(line)")
      #expect(!(words.count == 1 && words[0].hasPrefix("desired/")), "a lone position: \(line)")
      #expect(line.last != " ", "blanks at its end: \(line)")
    }
  }

  /// A command line, which is copied as a whole.
  private func isExample(_ line: Substring) -> Bool { line.hasPrefix("  reconciler ") }

  @Test(arguments: Program.commands.map(\.name), widths)
  func `the help of each command fits`(name: String, width: Int) throws {
    let command = try #require(Program.find(name))
    let help = HelpText.of(command, isLong: true, columns: width)
    for line in (help.raw + "\n" + HelpText.overview(columns: width).raw).split(separator: "\n") {
      #expect(CellWidth.of(line) <= width || isExample(line), "too wide: \(line)")
      #expect(line.last != " ", "blanks at its end: \(line)")
    }
  }

  @Test func `cells are counted, not characters`() {
    #expect(CellWidth.of("abc") == 3 && CellWidth.of("f\u{fc}r") == 3 && CellWidth.of("fu\u{308}r") == 3)
    #expect(CellWidth.of("\u{5199}\u{771f}") == 4)
    let painted = TerminalText(trusted: "\u{1b}[31m\u{5199}a\u{1b}[0m")
    #expect(painted.cells == 3 && painted.padded(to: 5).raw.hasSuffix("\u{1b}[0m  "))
  }

  @Test func `lines are broken at blanks, and keep their indentation`() {
    let text: TerminalText = "  one two three"
    #expect(text.wrapped(to: 9, indent: 2).map(\.raw) == ["  one two", "  three"])
    #expect(text.wrapped(to: nil).map(\.raw) == ["  one two three"])
    #expect(("unbreakable" as TerminalText).wrapped(to: 4).map(\.raw) == ["unbreakable"])
  }

  @Test func `times are said as people say them`() {
    let times = LocalTime(now: now, zone: .utc)
    #expect(times.distance(now - 1) == "now" && times.distance(now - 300) == "5 min ago")
    #expect(times.distance(now + 7200) == "in 2 h" && times.distance(now - 3 * 86400) == "3 days ago")
    #expect(times.clock(now) == "11:06" && times.clock(now - 86400) == "2026-11-17 11:06")
    let berlin = TimeZoneRules("Europe/Berlin").map { LocalTime(now: now, zone: $0).clock(now) }
    #expect(berlin == nil || berlin == "12:06")
  }
}
