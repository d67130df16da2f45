import Model

/// Compares specs field by field, three ways.
enum FieldDiff {
  /// The member of NPM's `meta` that tells whether nginx took the host.
  static let nginxField = "meta.nginx_online"

  /// The member of NPM's `meta` that says whose an object is.
  static let markerField = "meta.\(OwnershipMarker.metaKey)"

  static func fields(desired: Spec, observed: ObservedResource, entry: LedgerEntry?) -> [FieldChange] {
    let applied = entry?.applied
    let seen = observed.spec.normalised().unmasked(by: applied ?? desired)
    let (before, after) = (seen.withoutDigests, desired.withoutDigests)
    var changes = desired.differences(to: seen).map { field in
      FieldChange(
        path: field.name, before: before[field.name], after: after[field.name],
        cause: cause(desired[field.name], seen[field.name], applied?[field.name]))
    }
    let isServed = desired.shape.isServed && desired["enabled"] != false && observed.isEnabled
    if isServed && observed.nginx != .online {
      // After a write of ours that failed, nginx's refusal is ours too.
      let cause: Cause = entry?.isUnfinished == true ? .unfinished : .drifted
      let before: JSONValue = observed.nginx == .unknown ? .null : false
      changes.append(FieldChange(path: nginxField, before: before, after: true, cause: cause))
    }
    return changes
  }

  /// What a new object gets beyond the defaults.
  static func creation(_ spec: Spec) -> [FieldChange] {
    let shown = spec.withoutDigests
    return spec.differences(to: Spec(spec.shape)).map {
      FieldChange(path: $0.name, before: .null, after: shown[$0.name], cause: .desiredEdited)
    }
  }

  static func cause(of fields: [FieldChange]) -> Cause {
    let causes = Set(fields.map(\.cause))
    return causes.count == 1 ? causes.first ?? .both : .both
  }

  private static func cause(_ desired: JSONValue, _ seen: JSONValue, _ applied: JSONValue?) -> Cause {
    guard let applied else { return .desiredEdited }
    if applied == seen { return .desiredEdited }
    return applied == desired ? .drifted : .both
  }
}
