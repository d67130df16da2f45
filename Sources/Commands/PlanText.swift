import Configuration
import Reports
import DesiredFiles
import Model
import NPMClient
import Planning
import Platform
import Probe
import Reconciler

/// A plan as readable text.
struct PlanText {
  let planned: PlanResult
  let settings: Settings
  let console: Console
  /// Only a selection of the resources was considered.
  let isPartial: Bool
  /// Columns for names, computed once: a plan may have ten thousand lines.
  let nameWidth: Int

  init(planned: PlanResult, settings: Settings, console: Console, isPartial: Bool = false) {
    self.planned = planned
    self.settings = settings
    self.console = console
    self.isPartial = isPartial
    let changes = max(Self.longestName(planned.plan.changes), Self.longestName(planned.plan.withheld))
    nameWidth = min(28, max(10, changes)) + 2
  }

  private static func longestName(_ changes: [Change]) -> Int { changes.lazy.map(\.key.name.count).max() ?? 0 }

  func text() -> TerminalText {
    var lines = [header, ""]
    for change in planned.plan.changes { lines += self.lines(change) }
    for change in planned.plan.withheld { lines += withheld(change) }
    if !planned.plan.adoptable.isEmpty {
      lines.append(
        "  \(planned.plan.adoptable.count) as they should be, but without an owner; take them over with: reconciler adopt --all"
      )
    }
    if !planned.plan.unchanged.isEmpty { lines.append("  \(planned.plan.unchanged.count) unchanged") }
    if lines.count > 2 { lines.append("") }
    lines.append(TerminalText(summary))
    for refusal in planned.refusals {
      lines.append("apply would refuse: \(refusal.message)")
      if let hint = refusal.hint { lines.append("      hint: \(hint)") }
    }
    return lines.joined(separator: "\n")
  }

  private var header: TerminalText {
    let files = Phrases.count(planned.desired.fileCount, "file")
    let hosts = Phrases.kinds(planned.desired.resources.map(\.key.kind))
    let left: TerminalText = "\(settings.desired)/  \(files), \(hosts)"
    let right: TerminalText =
      "NPM \(planned.observed.version) at \(settings.npmURL), \(Phrases.count(planned.observedCount, "object")), \(planned.plan.ownedCount) ours"
    return left.padded(to: 42) + " " + right
  }

  var summary: String {
    let kinds: [(Change.Kind, String)] = [
      (.create, "create"), (.update, "update"), (.delete, "delete"), (.release, "give up"), (.adopt, "adopt"),
    ]
    let counts = kinds.compactMap {
      let count = planned.plan.count($0.0)
      return count == 0 ? nil : "\(count) to \($0.1)"
    }
    let blocked = planned.plan.count(.blocked)
    let bare = planned.plan.hostsToRewrite.isEmpty ? [] : ["\(planned.plan.hostsToRewrite.count) to write again"]
    let all = counts + bare + (blocked == 0 ? [] : ["\(blocked) blocked"])
    let held = planned.plan.withheld.count
    if all.isEmpty && held == 0 && !planned.plan.outOfScope.isEmpty {
      return "Nothing to take over; \(planned.plan.outOfScope.count) differ or are missing: see 'reconciler diff'."
    }
    if all.isEmpty && held == 0 {
      return "Nothing to do: \(isPartial ? "what was selected" : "NPM") is as \(settings.desired)/ says."
    }
    if all.isEmpty, planned.plan.withheld.allSatisfy({ $0.suspension != nil }) {
      return "Nothing to do now: \(held) suspended."
    }
    if all.isEmpty {
      let way = planned.plan.withheld.contains { $0.action == .delete } ? " With --policy sync they are deleted." : ""
      return "Nothing to do under policy \(planned.plan.policy.rawValue), which holds \(held) back.\(way)"
    }
    let tail = held == 0 ? "" : ", \(held) held back"
    return all.joined(separator: ", ") + tail + ". Plan \(Phrases.shortDigest(planned.plan.digest))"
  }

  func lines(_ change: Change) -> [TerminalText] {
    switch change.action {
    case .create: create(change)
    case .update: update(change)
    case .delete:
      [entry("-", .red, change, TerminalText(domains(change)).padded(to: 40) + "  no longer in \(settings.desired)/")]
    case .release(let isDisabling):
      [
        entry(
          "-", .red, change,
          TerminalText(domains(change)).padded(to: 40)
            + "  \(isDisabling ? "disabled" : "left to NPM"): no longer in \(settings.desired)/"
            + (lacksMarker(change) ? ", and without our marker" : ""))
      ]
    case .adopt where change.observed?.marker == nil: adopt(change)
    case .adopt: [entry("=", .green, change, "linked to host \(id(change)) by its marker", source(change))]
    case .blocked(let blockReason): blocked(change, blockReason)
    }
  }

  private func lacksMarker(_ change: Change) -> Bool {
    change.observed?.spec.schema.ownershipProof == .marker && change.observed?.marker?.name != change.key.name
  }

  private func create(_ change: Change) -> [TerminalText] {
    guard let spec = change.desired else { return [] }
    let text: TerminalText = "\(kind(change))\(spec.schema.summary(spec))"
    guard spec.schema.isProbed else {
      let first = entry("+", .green, change, text.padded(to: 46), source(change))
      guard !change.rewrites.isEmpty else { return [first] }
      let names = change.rewrites.map(\.label).joined(separator: ", ")
      return [
        first, continuation("NPM drops TLS and access control of \(names) meanwhile; written again right after", ""),
      ]
    }
    let facts = checks(change)
    let first = TerminalText(facts.first ?? "destination not checked")
    return [entry("+", .green, change, text), continuation(first.padded(to: 46), source(change))]
      + facts.dropFirst().map { continuation(TerminalText($0), "") }
  }

  private func adopt(_ change: Change) -> [TerminalText] {
    let differing = change.fields.filter { $0.path != "meta.reconciler" }
    let first = entry(
      "=", .green, change, "\(domains(change)): \(change.ref?.description ?? "") becomes ours", source(change))
    return [first] + differing.map { continuation("\($0.path)  \(ValueText.change($0.before, $0.after))", "") }
  }

  private func update(_ change: Change) -> [TerminalText] {
    guard let former = change.renamedFrom else { return fields(change) }
    let first = entry(
      "~", .yellow, change,
      ("renamed from '\(former.name)' (\(change.ref?.description ?? ""))" as TerminalText).padded(to: 46),
      source(change))
    return [first]
      + change.fields.map { field in
        let (path, values) = ValueText.shown(field)
        return continuation("\(path)  \(values)", "")
      }
  }

  private func fields(_ change: Change) -> [TerminalText] {
    if change.fields.isEmpty {
      return [entry("~", .yellow, change, "an interrupted write is made again", source(change))]
    }
    let pathWidth = min(26, change.fields.map { TerminalText(ValueText.shown($0).path).count }.max() ?? 0)
    let isDrift = change.fields.contains { $0.cause == .drifted || $0.cause == .both }
    // Each remark once: the author of the change in NPM, the line in the YAML.
    let remarks = ((isDrift ? [drift(change)] : []) + [source(change)]).filter { !$0.isEmpty }
    var lines: [TerminalText] = []
    for index in 0..<max(change.fields.count, remarks.count) {
      let field = change.fields.indices.contains(index) ? ValueText.shown(change.fields[index]) : nil
      let text = field.map { TerminalText($0.path).padded(to: pathWidth) + "  \($0.values)" } ?? ""
      let remark = remarks.indices.contains(index) ? remarks[index] : ""
      let padded = remark.isEmpty ? text : text.padded(to: 46)
      lines.append(index == 0 ? entry("~", .yellow, change, padded, remark) : continuation(padded, remark))
    }
    if !change.exchangesWith.isEmpty {
      let names = change.exchangesWith.map { "'\($0.name)'" }.joined(separator: ", ")
      lines.append(continuation("exchanges with \(names), which gives way for a moment", ""))
    }
    if let message = refusal(change) { lines.append(continuation("nginx: \(message)", "")) }
    return lines + checks(change).map { continuation(TerminalText($0), "") }
  }

  /// The check results of its destinations, one per line.
  private func checks(_ change: Change) -> [String] {
    (planned.probes[change.key] ?? []).map { result in
      (result.target.location.map { "location \($0): " } ?? "") + ProbeText.facts(result)
    }
  }

  private func refusal(_ change: Change) -> String? {
    guard case .refused(let message)? = change.observed?.nginx,
      change.fields.contains(where: { $0.path == "meta.nginx_online" })
    else { return nil }
    return NginxError.short(message)
  }

  private func drift(_ change: Change) -> String {
    guard let author = change.ref.flatMap({ planned.authors[$0] }), !author.user.isEmpty else {
      return "changed in NPM"
    }
    return "changed in NPM by \(author.user), \(author.minute)"
  }

  private func blocked(_ change: Change, _ blockReason: BlockReason) -> [TerminalText] {
    var lines = [entry("!", .magenta, change, TerminalText(blockReason.message).padded(to: 46), source(change))]
    if let hint = blockReason.hint { lines.append(continuation(TerminalText(hint), "")) }
    return lines
  }

  func withheld(_ change: Change) -> [TerminalText] {
    if let suspension = change.suspension {
      let reason = suspension.reason.isEmpty ? "" : " (\(suspension.reason))"
      let fields = change.fields.map(\.path).joined(separator: ", ")
      let what =
        change.renamedFrom != nil ? "its new name" : change.action == .update ? fields : change.action.kind.rawValue
      return [entry(".", .dim, change, "suspended until \(suspension.until)\(reason): \(what) waits", source(change))]
    }
    let what = change.action.isRemoval ? "stays in NPM" : "is left as it is"
    let hint = change.action == .delete ? "; to delete it: --policy sync" : ""
    return [entry(".", .dim, change, "\(domains(change)) \(what): policy \(planned.plan.policy.rawValue)\(hint)")]
  }

  private func entry(
    _ symbol: TerminalText, _ paint: ANSIStyle, _ change: Change, _ text: TerminalText, _ remark: String = ""
  ) -> TerminalText {
    let name = TerminalText(change.key.name).padded(to: nameWidth)
    return "  \(console.paint(symbol, paint)) \(console.paint(name, .bold))\(text)\(tail(remark))"
  }

  private func continuation(_ text: TerminalText, _ remark: String) -> TerminalText {
    TerminalText.blanks(nameWidth + 4) + text + tail(remark)
  }

  private func tail(_ remark: String) -> TerminalText {
    remark.isEmpty ? "" : "  " + console.paint(TerminalText(remark), .dim)
  }

  private func domains(_ change: Change) -> String {
    let spec = change.desired ?? change.observed?.spec
    return kind(change) + (spec?.identityKeys.joined(separator: ", ") ?? "")
  }

  /// The kind, unless it is a proxy host: names of different kinds may be the same.
  private func kind(_ change: Change) -> String { change.key.kind == .proxyHost ? "" : "\(change.key.kind.title) " }
  private func id(_ change: Change) -> String { change.id?.description ?? "?" }
  private func source(_ change: Change) -> String {
    change.source.flatMap { $0.file.hasPrefix("run ") ? nil : "\($0.file):\($0.line)" } ?? ""
  }
}

/// Phrases shared by several outputs.
enum Phrases {
  static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  /// `5 proxy hosts, 1 access list`.
  static func kinds(_ kinds: [ResourceKind]) -> String {
    let counts = Dictionary(kinds.map { ($0, 1) }, uniquingKeysWith: +)
    let all = ResourceSchema.all.map(\.kind).filter { counts[$0] != nil }
    return all.isEmpty ? "nothing" : all.map { count(counts[$0] ?? 0, $0.title) }.joined(separator: ", ")
  }

  /// Enough of a digest to distinguish plans.
  static func shortDigest(_ digest: String) -> String { String(digest.prefix("sha256:".count + 8)) }
}

/// A check on one line: `dns ok, tcp 0.4 ms, http 200 in 12 ms`.
enum ProbeText {
  static func facts(_ result: ProbeResult) -> String {
    result.steps.filter { $0.status == .failed || ($0.step != .syntax && $0.status == .passed) }.map { step in
      let time = step.milliseconds.map { "\($0) ms" } ?? ""
      if step.status == .failed { return "\(step.step.rawValue) failed: \(step.error ?? "")" }
      switch step.step {
      case .http: return "http \(step.detail ?? "") in \(time)"
      case .tcp: return "tcp \(time)"
      default: return "\(step.step.rawValue) ok"
      }
    }.joined(separator: ", ")
  }
}
