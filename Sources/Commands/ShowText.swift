import DesiredFiles
import Model
import Reports

/// The output of `show`.
struct ShowText {
  let console: Console
  let report: ObjectDetailReport
  /// Those that are still in the repository, by their hashes.
  let commits: [String: GitCommit]
  var times = LocalTime()

  /// Lines of a text that are shown.
  private static let shownLines = 20
  /// Entries of the history that are shown.
  static let shownSteps = 10

  private var object: ObjectReport { report.object }

  var text: TerminalText {
    var lines = headline.wrapped(to: console.columns) + [""] + table(facts)
    if !report.fields.isEmpty { lines += [""] + fieldsTitle.wrapped(to: console.columns) + table(fields) }
    if !report.history.isEmpty {
      lines += ["", "Changes by reconciler"] + table(report.history.prefix(Self.shownSteps).map(step))
    }
    return lines.joined(separator: "\n")
  }

  private func table(_ rows: [TextTable.Row]) -> [TerminalText] { TextTable(width: console.columns, rows: rows).lines }

  private var headline: TerminalText {
    let number = object.id.map { " #\($0)" } ?? ""
    let name = console.paint(TerminalText(object.name), .bold)
    return "\(name)  \(object.kind.title)\(number), \(manager), \(StateWords.of(object, console))"
  }

  private var manager: String {
    switch object.managed {
    case .ours: "ours"
    case .other: "of owner '\(object.owner ?? "")'"
    case .unmanaged: "without an owner"
    case .missing: "not in NPM"
    }
  }

  // MARK: Facts

  private var facts: [TextTable.Row] {
    let domains = object.domainNames.joined(separator: ", ")
    let rows: [(String, TerminalText?)] = [
      ("do", object.sync == .adoptable ? "reconciler adopt \(object.name)" : nil),
      ("why", object.reason.map { TerminalText($0) }), ("do", report.hint.map { TerminalText($0) }),
      ("suspended", report.suspended.map { console.paint(TerminalText($0), .yellow) }),
      ("serves", domains.isEmpty ? nil : TerminalText(domains)), ("with", TerminalText(object.destination)),
      ("file", object.source.map { "\($0.file):\($0.line)" }),
      ("labels", object.labels.isEmpty ? nil : TerminalText(object.labelTexts.joined(separator: ", "))),
      ("certificate", certificate), ("nginx", nginx),
      ("health", health), ("last check", lastCheck), ("through NPM", throughNPM),
    ]
    return rows.compactMap { label, text in text.map { TextTable.Row([TerminalText(label), $0]) } }
  }

  private var certificate: TerminalText? {
    object.certificate.map { certificate in
      guard let expires = certificate.expires, let left = certificate.daysLeft else { return "\(certificate.name)" }
      return "\(certificate.name), ends \(expires) (\(left < 0 ? "\(-left) days ago" : "in \(left) days"))"
    }
  }

  private var nginx: TerminalText? {
    switch report.nginx {
    case "online": "serves it"
    case "refused": console.paint("refused it: \(report.nginxError ?? "")", .red)
    case "disabled": "does not serve it: it is disabled"
    case "unknown": "NPM does not say whether it is served"
    default: nil
    }
  }

  private var health: TerminalText? {
    guard let health = report.health else { return nil }
    let since = "since \(times.text(health.since.timestamp))"
    let share = health.availability.day.map { ", \(Objective.percent($0)) of a day" } ?? ""
    switch health.health {
    case .healthy: return "\(console.paint("healthy", .green)) \(since)\(share)"
    case .unhealthy: return "\(console.paint("unhealthy", .red)) \(since)\(share): \(health.problem ?? "")"
    case .unknown: return "unknown: \(health.problem ?? "not checked yet")"
    }
  }

  private var lastCheck: TerminalText? {
    guard let health = report.health, let at = health.checkedAt, !health.steps.isEmpty else { return nil }
    let steps = health.steps.filter { $0.status != "skipped" }.map { step in
      let time = step.ms.map { " in \($0) ms" } ?? ""
      return "\(step.step) \(step.status == "passed" ? step.detail ?? "ok" : step.error ?? "failed")\(time)"
    }
    return "\(times.text(at.timestamp)): \(steps.joined(separator: ", "))"
  }

  private var throughNPM: TerminalText? {
    report.health?.throughNPM.map { "\($0.ok ? "ok" : "failed"), \($0.detail) in \($0.ms) ms" }
  }

  // MARK: Fields

  private var hasBoth: Bool { object.source != nil && (object.id != nil || report.nginx != nil) }

  private var fieldsTitle: TerminalText {
    hasBoth ? "Fields: as the files say; where NPM differs, both" : "Fields"
  }

  private var fields: [TextTable.Row] {
    report.fields.map { field in
      guard field.differs else {
        let lines = shown(object.source == nil ? field.observed : field.desired)
        return TextTable.Row([TerminalText(field.path), lines[0]], notes: Array(lines.dropFirst()))
      }
      return TextTable.Row(
        [console.paint(TerminalText(field.path), .yellow), "files: \(shown(field.desired).joined(separator: " "))"],
        notes: ["NPM:   \(shown(field.observed).joined(separator: " "))"])
    }
  }

  /// In full: this is the place to look at a value. Of a long text the first lines.
  private func shown(_ value: JSONValue) -> [TerminalText] {
    if let names = value.arrayValue?.map(\.stringValue), !names.isEmpty, !names.contains(nil) {
      return [TerminalText(names.compactMap(\.self).joined(separator: ", "))]
    }
    guard let text = value.stringValue, !text.isEmpty else { return [TerminalText(value.summary)] }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let kept = lines.last?.isEmpty == true ? lines.dropLast() : lines
    let more = kept.count - Self.shownLines
    return kept.prefix(Self.shownLines).map { TerminalText($0) } + (more > 0 ? ["... and \(more) more lines"] : [])
  }

  private func step(_ step: ObjectDetailReport.Step) -> TextTable.Row {
    let fields = step.fields.isEmpty ? "" : " of \(step.fields.joined(separator: ", "))"
    let outcome = step.outcome == "applied" ? "" : ", \(step.outcome ?? "interrupted")"
    let commit = step.commit.map { hash -> TerminalText in
      let known = commits[hash].map { ": \($0.subject), by \($0.author)" } ?? ""
      return "commit \(hash.prefix(10))\(known)"
    }
    return TextTable.Row(
      ["run \(step.run)", "\(times.text(step.at.timestamp))", "\(step.action)\(fields)\(outcome)"],
      notes: [commit].compactMap(\.self))
  }
}
