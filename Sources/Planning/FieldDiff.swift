import Model

/// Compares specs field by field, three ways.
package enum FieldDiff {
  /// The member of NPM's `meta` that shows whether nginx accepted the host.
  package static let nginxField = "meta.nginx_online"

  /// The member of NPM's `meta` that names the owner of an object.
  package static let markerField = "meta.\(OwnershipMarker.metaKey)"

  /// Whether nginx enforces the access list that the row names.
  package static let guardField = "access_list_enforced"

  /// Whether nginx runs the configuration of the row, where a foreign write may have generated it from other values.
  package static let currentField = "configuration_current"

  static func fields(desired: Spec, observed: ObservedResource, entry: LedgerEntry?) -> [FieldChange] {
    let applied = entry?.applied
    let seen = observed.normalised.unmasked(by: applied ?? desired)
    let (before, after) = (seen.masked(beside: seen), desired.masked(beside: seen))
    var changes = desired.differences(to: seen).map { field in
      FieldChange(
        path: field.name, before: before[field.name], after: after[field.name],
        cause: cause(desired[field.name], seen[field.name], applied?[field.name]))
    }
    let hasNginxState = desired.schema.hasNginxState && desired["enabled"] != false && observed.isEnabled
    if hasNginxState && observed.nginx != .online {
      // After a failed write of ours, nginx's refusal is ours too.
      let cause: Cause = entry?.isUnfinished == true ? .unfinished : .drifted
      let before: JSONValue = observed.nginx == .unknown ? .null : false
      changes.append(FieldChange(path: nginxField, before: before, after: true, cause: cause))
    } else if hasNginxState, let doubt = doubt(desired, observed, entry) {
      changes.append(doubt)
    }
    return changes
  }

  /// What the row cannot show, because of a foreign change since our last write: NPM serves a host that was enabled in
  /// its UI without its access list, and a 404 host with the values before the last ones.
  ///
  /// Also reported for a host that is written anyway, which needs no such reason.
  private static func doubt(_ desired: Spec, _ observed: ObservedResource, _ entry: LedgerEntry?) -> FieldChange? {
    guard let entry, entry.id != nil, !entry.isUnfinished else { return nil }
    let isGuarded = !desired["access_list"].isNull && !observed.spec["access_list"].isNull
    if isGuarded, observed.guardState == .open {
      return FieldChange(path: guardField, before: false, after: true, cause: .drifted)
    }
    let isStripped = observed.guardState == .stripped && !desired["certificate"].isNull
    guard entry.modifiedOn != observed.modifiedOn || observed.guardState == .stripped else { return nil }
    if isGuarded { return FieldChange(path: guardField, before: "unknown", after: true, cause: .drifted) }
    guard desired.schema.staleSince != nil || isStripped else { return nil }
    return FieldChange(path: currentField, before: "unknown", after: true, cause: .drifted)
  }

  /// What a new object gets besides the defaults.
  static func creation(_ spec: Spec) -> [FieldChange] {
    let shown = spec.masked(beside: Spec(spec.schema))
    return spec.differences(to: Spec(spec.schema)).map {
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
