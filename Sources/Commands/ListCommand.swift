import Model
import Probe
import Reports

/// `reconciler list`: every object, ours and others'.
enum ListCommand {
  private static let states =
    (ObjectReport.Sync.allCases.map(\.rawValue) + ObjectReport.Manager.allCases.map(\.rawValue)
    + Health.allCases.map(\.rawValue)).filter { $0 != ObjectReport.Sync.none.rawValue }
  private static let state = FlagDefinition(
    "state", key: "list-state", value: "STATE", choices: states, isRepeatable: true, "Only in one of these states")
  private static let kind = FlagDefinition(
    "kind", value: "KIND", choices: ResourceSchema.all.map(\.kind.rawValue), isRepeatable: true,
    "Only of these kinds; default: what has domains or ports")
  private static let label = FlagDefinition(
    "label", value: "KEY=VALUE", isRepeatable: true, "Only with this label, as --select")
  private static let output = FlagDefinition(
    "output", short: "o", value: "FORMAT", choices: ["text", "wide", "json", "csv"], "Format of the result")

  static let definition = CommandDefinition(
    name: "list", summary: "List what NPM serves and what the files want, with health and sync",
    discussion: """
      Every host once, whoever it belongs to. TEXT keeps to those whose name, domain or destination contains all the words.
      Health is what the daemon found; only destinations that are new or move are checked now, as diff does.
      """,
    arguments: [ArgumentDefinition(name: "TEXT", isOptional: true, isRepeatable: true, summary: "Words to look for")],
    flags: [state, kind, label, output], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    try context.checkOutput()
    let filter = ObjectFilter(
      words: invocation.arguments.positional, states: Set(invocation.arguments.all(state)),
      kinds: Set(invocation.arguments.all(kind)), labels: try context.selection(label).labels)
    let items = try await context.inventory().items.filter(filter.matches)
    switch invocation.arguments.value(output) {
    case "json": try invocation.console.result(report: ObjectListReport(items.map(\.report)))
    case "csv": try invocation.console.result(document: ObjectCSV.text(items.map(\.report)))
    case let format:
      let text = ListText(console: invocation.console, isWide: format == "wide", items: items)
      try invocation.console.result(text.text)
    }
    return .success
  }
}

/// Which objects are listed.
struct ObjectFilter {
  var words: [String] = []
  var states: Set<String> = []
  var kinds: Set<String> = []
  var labels: [String: String] = [:]

  func matches(_ item: Inventory.Item) -> Bool {
    let report = item.report
    let isKind = kinds.isEmpty ? !report.domainNames.isEmpty : kinds.contains(report.kind.rawValue)
    let its = [report.sync.rawValue, report.managed.rawValue, report.health?.rawValue].compactMap(\.self)
    let texts = ([report.name, report.destination] + report.domainNames).map { $0.lowercased() }
    return isKind && (states.isEmpty || !states.isDisjoint(with: its))
      && labels.allSatisfy { report.labels[$0.key] == $0.value }
      && words.allSatisfy { word in texts.contains { $0.contains(word.lowercased()) } }
  }
}

/// The output of `list` for people.
struct ListText {
  let console: Console
  /// With number, certificate, labels and place.
  let isWide: Bool
  let items: [Inventory.Item]

  var text: TerminalText {
    var lines: [TerminalText] = []
    for (kind, group) in byKind {
      let rows = group.map { row($0.report) }
      lines += [console.paint("\(Phrases.count(rows.count, kind.title))", .bold)]
      lines += TextTable(width: console.columns, rows: rows).lines + [""]
    }
    return (lines + summary.wrapped(to: console.columns)).joined(separator: "\n")
  }

  private var byKind: [(ResourceKind, [Inventory.Item])] {
    var groups: [(ResourceKind, [Inventory.Item])] = []
    for item in items {
      if groups.last?.0 != item.report.kind { groups.append((item.report.kind, [])) }
      groups[groups.count - 1].1.append(item)
    }
    return groups
  }

  private func row(_ report: ObjectReport) -> TextTable.Row {
    var columns: [TerminalText] = [
      console.paint(TerminalText(report.name), .bold), health(report), StateWords.of(report, console),
    ]
    if isWide {
      columns.insert(TerminalText(report.id.map { "#\($0)" } ?? "-"), at: 1)
      columns.append(certificate(report.certificate))
    }
    let place = report.source.map { "\($0.file):\($0.line)" }
    let more = isWide ? report.labelTexts + [place].compactMap(\.self) : []
    let domains =
      isWide || report.domainNames.count < 3
      ? report.domainNames.joined(separator: ", ")
      : "\(report.domainNames[0]) and \(report.domainNames.count - 1) more"
    let serves = domains.isEmpty ? report.destination : "\(domains) -> \(report.destination)"
    columns.append(TerminalText(([serves] + more).joined(separator: "  ")))
    return TextTable.Row(columns)
  }

  private func health(_ report: ObjectReport) -> TerminalText {
    switch report.health {
    case .healthy: console.paint("healthy", .green)
    case .unhealthy: console.paint("unhealthy", .red)
    case .unknown: "unknown"
    case nil: report.enabled ? "-" : console.paint("disabled", .dim)
    }
  }

  private func certificate(_ certificate: ObjectReport.Certificate?) -> TerminalText {
    guard let certificate else { return "-" }
    guard let left = certificate.daysLeft else { return TerminalText(certificate.name) }
    return "\(certificate.name), \(left) d"
  }

  private var summary: TerminalText {
    let reports = items.map(\.report)
    let counts = [
      (reports.count { $0.managed == .ours }, "ours"), (reports.count { $0.sync == .drifted }, "drifted"),
      (reports.count { $0.sync == .pending }, "pending"), (reports.count { $0.sync == .blocked }, "blocked"),
      (reports.count { $0.sync == .heldBack }, "held back"), (reports.count { $0.health == .unhealthy }, "unhealthy"),
      (reports.count { $0.managed == .unmanaged }, "without an owner"),
    ]
    let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return TerminalText(([Phrases.count(items.count, "object")] + parts).joined(separator: ", ") + ".")
  }
}

/// The output of `list` for spreadsheets (RFC 4180).
enum ObjectCSV {
  static func text(_ reports: [ObjectReport]) -> String {
    let header = [
      "kind", "name", "id", "managed", "owner", "domain_names", "destination", "health", "sync", "reason",
      "certificate",
      "days_left", "enabled", "labels", "source",
    ]
    let rows = reports.map { report -> [String] in
      [
        report.kind.rawValue, report.name, report.id.map(String.init) ?? "", report.managed.rawValue,
        report.owner ?? "",
        report.domainNames.joined(separator: " "), report.destination, report.health?.rawValue ?? "",
        report.sync.rawValue, report.reason ?? "", report.certificate?.name ?? "",
        report.certificate?.daysLeft.map(String.init) ?? "", String(report.enabled),
        report.labelTexts.joined(separator: " "),
        report.source.map { "\($0.file):\($0.line)" } ?? "",
      ]
    }
    return ([header] + rows).map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined()
  }

  /// Spreadsheets take what begins with one of these characters for a formula.
  private static func cell(_ text: String) -> String {
    let isFormula = text.first.map { "=+-@\t\r".contains($0) } ?? false
    let safe = isFormula ? "'" + text : text
    guard safe.contains(where: { "\",\r\n".contains($0) || $0 == "\r\n" }) else { return safe }
    return "\"" + safe.replacing("\"", with: "\"\"") + "\""
  }
}
