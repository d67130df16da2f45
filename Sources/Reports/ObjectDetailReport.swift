package import Model
import Planning
package import Store

/// Everything known of one object: what `show` prints.
package struct ObjectDetailReport: Codable, Hashable, Sendable {
  package struct Field: Codable, Hashable, Sendable {
    package var path: String
    /// null: the files do not have the object.
    package var desired: JSONValue
    /// null: NPM does not have it.
    package var observed: JSONValue
    package var differs: Bool
  }
  package struct Step: Codable, Hashable, Sendable {
    package var run: Int
    package var at: ReportTime
    package var action: String
    /// `applied`, `failed`, `unproven`; null: the run was killed.
    @Nullable package var outcome: String?
    package var fields: [String]
    @Nullable package var commit: String?
  }

  package var formatVersion = "1"
  package var object: ObjectReport
  /// What to do where it is blocked.
  @Nullable package var hint: String?
  /// Until when it is left alone, by whom it was said, and why; null: it is not.
  @Nullable package var suspended: String?
  /// `online`, `refused` or `unknown`; null: nginx does not take objects of this kind, or NPM does not have it.
  @Nullable package var nginx: String?
  /// Why nginx refused it.
  @Nullable package var nginxError: String?
  /// Fields that differ or are not at their defaults.
  package var fields: [Field]
  @Nullable package var health: HealthReport.Proxy?
  /// Newest first.
  package var history: [Step]

  private enum CodingKeys: String, CodingKey {
    case object, hint, suspended, nginx, fields, health, history
    case formatVersion = "format_version"
    case nginxError = "nginx_error"
  }

  /// - Parameters:
  ///   - holder: the object in the way of a blocked change; nil: there is none.
  ///   - suspension: by an operator, the files or a maintenance window; nil: it is not left alone.
  ///   - history: of all objects, newest first.
  package init(
    _ item: Inventory.Item, holder: ObservedResource?, suspension: Suspension? = nil, history: [HistoryEntry],
    runs: [RunRecord]
  ) {
    let observed = item.object ?? holder
    object = item.report
    _hint = Nullable(wrappedValue: item.change?.blockReason?.hint)
    _suspended = Nullable(
      wrappedValue: suspension.map { "until \($0.until)" + ($0.reason.isEmpty ? "" : " (\($0.reason))") })
    // That of the holder is none of its own.
    let hasState = item.object?.spec.schema.hasNginxState == true
    let (state, error) = Self.state(of: item.object)
    _nginx = Nullable(wrappedValue: hasState ? state : nil)
    _nginxError = Nullable(wrappedValue: hasState ? error : nil)
    fields = Self.fields(item, observed?.normalised)
    _health = Nullable(wrappedValue: item.health)
    let commits = Dictionary(firstOf: runs.map { ($0.number, $0.commit) })
    let key = item.resource?.key ?? item.change?.key ?? ResourceKey(item.report.kind, item.report.name)
    self.history = history.filter { $0.intent.key == key || $0.intent.former == key }.map { entry in
      let intent = entry.intent
      let fields: [String] =
        if let before = intent.before, let after = intent.after { after.differences(to: before).map(\.name) } else {
          []
        }
      return Step(
        run: intent.run, at: ReportTime(intent.at), action: intent.action, outcome: entry.outcome?.rawValue,
        fields: fields, commit: commits[intent.run] ?? nil)
    }
  }

  private static func state(of object: ObservedResource?) -> (String?, String?) {
    guard let object else { return (nil, nil) }
    if !object.isEnabled { return ("disabled", nil) }
    return switch object.nginx {
    case .online: ("online", nil)
    case .refused(let error): ("refused", error)
    case .unknown: ("unknown", nil)
    }
  }

  /// What the plan found to differ; beside it, what is not at its default. Secrets are shown as set or new.
  private static func fields(_ item: Inventory.Item, _ observed: Spec?) -> [Field] {
    let desired = item.resource?.normalised
    guard let schema = (desired ?? observed)?.schema else { return [] }
    let seen = observed.map { $0.unmasked(by: desired) }
    let wanted = desired.map { $0.masked(beside: seen ?? $0) }
    let there = seen.map { $0.masked(beside: $0) }
    var changed = Dictionary(
      firstOf: (item.change?.fields ?? []).map { ($0.path, (after: $0.after, before: $0.before)) })
    if changed.isEmpty, item.change?.isBlocked == true, let wanted, let there {
      // References have other names in NPM than in the files.
      let references = Set(schema.references.map(\.field))
      for field in wanted.differences(to: there) where !references.contains(field.name) {
        changed[field.name] = (wanted[field.name], there[field.name])
      }
    }
    let own = schema.fields.written.compactMap { field -> Field? in
      if let values = changed.removeValue(forKey: field.name) {
        return Field(path: field.name, desired: values.after, observed: values.before, differs: true)
      }
      let values = (wanted?[field.name] ?? .null, there?[field.name] ?? .null)
      let shown = [wanted, there].compactMap(\.self).map { $0[field.name] }
      guard shown.contains(where: { $0 != field.defaultValue ?? .null && !$0.isNothing }) else { return nil }
      return Field(path: field.name, desired: values.0, observed: values.1, differs: false)
    }
    // What is no field of NPM, such as whether nginx serves it.
    let others = changed.sorted { $0.key < $1.key }
    return own + others.map { Field(path: $0.key, desired: $0.value.after, observed: $0.value.before, differs: true) }
  }
}

extension JSONValue {
  fileprivate var isNothing: Bool { isNull || arrayValue?.isEmpty == true }
}
