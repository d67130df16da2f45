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
    nameWidth = ChangeBlock.nameWidth((planned.plan.changes + planned.plan.withheld).lazy.map(\.key.name))
  }

  func text() -> TerminalText {
    var lines = header + [""]
    for change in planned.plan.changes { lines += self.lines(change) }
    for change in planned.plan.withheld { lines += withheld(change) }
    if !planned.plan.adoptable.isEmpty {
      let count = planned.plan.adoptable.count
      lines +=
        ("  \(count) as they should be, but without an owner; take them over with: reconciler adopt --all"
        as TerminalText).wrapped(to: console.columns, indent: 2)
    }
    if !planned.plan.unchanged.isEmpty { lines.append("  \(planned.plan.unchanged.count) unchanged") }
    if lines.last?.isEmpty == false { lines.append("") }
    lines += TerminalText(summary).wrapped(to: console.columns)
    for refusal in planned.refusals {
      lines += ("apply would refuse: \(refusal.message)" as TerminalText).wrapped(to: console.columns)
      if let hint = refusal.hint {
        lines += ("      hint: \(hint)" as TerminalText).wrapped(to: console.columns, indent: 6)
      }
    }
    return lines.joined(separator: "\n")
  }

  /// On two lines where one is too narrow.
  private var header: [TerminalText] {
    let files = Phrases.count(planned.desired.fileCount, "file")
    let hosts = Phrases.kinds(planned.desired.resources.map(\.key.kind))
    let left: TerminalText = "\(settings.desired)/  \(files), \(hosts)"
    let right: TerminalText =
      "NPM \(planned.observed.version) at \(settings.npmURL), \(Phrases.count(planned.observedCount, "object")), \(planned.plan.ownedCount) ours"
    let line = left.padded(to: 42) + " " + right
    if let columns = console.columns, line.cells > columns {
      return left.wrapped(to: columns) + right.wrapped(to: columns)
    }
    return [line]
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
    case .delete: block("-", .red, change, ["\(domains(change))"], ["no longer in \(settings.desired)/"])
    case .release(let isDisabling):
      block(
        "-", .red, change, ["\(domains(change))"],
        [
          "\(isDisabling ? "disabled" : "left to NPM"): no longer in \(settings.desired)/"
            + (lacksMarker(change) ? ", and without our marker" : "")
        ])
    case .adopt where change.observed?.marker == nil: adopt(change)
    case .adopt: block("=", .green, change, ["linked to host \(id(change)) by its marker"], [source(change)])
    case .blocked(let reason):
      block(
        "!", .magenta, change, ([reason.message] + [reason.hint].compactMap(\.self)).map { TerminalText($0) },
        [source(change)])
    }
  }

  private func lacksMarker(_ change: Change) -> Bool {
    change.observed?.spec.schema.ownershipProof == .marker && change.observed?.marker?.name != change.key.name
  }

  private func create(_ change: Change) -> [TerminalText] {
    guard let spec = change.desired else { return [] }
    let text: TerminalText = "\(kind(change))\(spec.schema.summary(spec))"
    if spec.schema.isProbed {
      let facts = checks(change)
      return block(
        "+", .green, change, [text] + (facts.isEmpty ? ["destination not checked"] : facts), [source(change)])
    }
    let names = change.rewrites.map(\.label).joined(separator: ", ")
    let broken: TerminalText = "NPM drops TLS and access control of \(names) meanwhile; written again right after"
    return block("+", .green, change, [text] + (names.isEmpty ? [] : [broken]), [source(change)])
  }

  private func adopt(_ change: Change) -> [TerminalText] {
    let differing = change.fields.filter { $0.path != "meta.reconciler" }
    let names = change.observed?.spec.identityKeys.joined(separator: ", ") ?? ""
    let first: TerminalText = "\(names): \(change.ref?.description ?? "") becomes ours"
    let values: [TerminalText] = differing.map { "\($0.path)  \(ValueText.change($0.before, $0.after))" }
    return block("=", .green, change, [first] + values, [source(change)])
  }

  private func update(_ change: Change) -> [TerminalText] {
    var texts: [TerminalText] = []
    if let former = change.renamedFrom {
      texts.append("renamed from '\(former.name)' (\(change.ref?.description ?? ""))")
    } else if change.fields.isEmpty {
      texts.append("an interrupted write is made again")
    }
    let fields = change.fields.map(ValueText.shown)
    let pathWidth = min(26, fields.map { TerminalText($0.path).cells }.max() ?? 0)
    texts += fields.map { TerminalText($0.path).padded(to: pathWidth) + "  \($0.values)" }
    if !change.exchangesWith.isEmpty {
      let names = change.exchangesWith.map { "'\($0.name)'" }.joined(separator: ", ")
      texts.append("exchanges with \(names), which gives way for a moment")
    }
    if let message = refusal(change) { texts.append("nginx: \(message)") }
    let isDrift = change.fields.contains(where: \.isDrifted)
    return block("~", .yellow, change, texts + checks(change), (isDrift ? [drift(change)] : []) + [source(change)])
  }

  /// The check results of its destinations, one per line.
  private func checks(_ change: Change) -> [TerminalText] {
    (planned.probes[change.key] ?? []).map { result in
      TerminalText((result.target.location.map { "location \($0): " } ?? "") + ProbeText.facts(result))
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

  func withheld(_ change: Change) -> [TerminalText] {
    if let suspension = change.suspension {
      let reason = suspension.reason.isEmpty ? "" : " (\(suspension.reason))"
      let fields = change.fields.map(\.path).joined(separator: ", ")
      let what =
        change.renamedFrom != nil ? "its new name" : change.action == .update ? fields : change.action.kind.rawValue
      return block(".", .dim, change, ["suspended until \(suspension.until)\(reason): \(what) waits"], [source(change)])
    }
    let what = change.action.isRemoval ? "stays in NPM" : "is left as it is"
    let hint = change.action == .delete ? "; to delete it: --policy sync" : ""
    return block(
      ".", .dim, change, ["\(domains(change)) \(what): policy \(planned.plan.policy.rawValue)\(hint)"], [])
  }

  private func block(
    _ symbol: TerminalText, _ style: ANSIStyle, _ change: Change, _ texts: [TerminalText], _ remarks: [String]
  ) -> [TerminalText] {
    blocks.lines(symbol, style, change.key.name, texts, remarks)
  }

  private var blocks: ChangeBlock { ChangeBlock(console: console, nameWidth: nameWidth) }

  /// In its column; a longer one keeps its distance from what follows.
  func name(_ key: ResourceKey) -> TerminalText { blocks.name(key.name) }

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
