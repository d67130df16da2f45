package import Model

/// Limits on what one run may destroy. A plan that exceeds them is refused before the first write.
package struct SafetyLimits: Hashable, Sendable {
  package var maxDeletes: Int
  /// Percent of the owned objects; counts from `percentFloor` owned objects up.
  package var maxDeletePercent: Int
  package var maxUpdatePercent: Int
  /// Lifts both limits on deletes for this run.
  package var allowsDeletes: Bool

  /// Owned objects from which percentages are meaningful.
  package static let percentFloor = 10

  package init(
    maxDeletes: Int = 5, maxDeletePercent: Int = 20, maxUpdatePercent: Int = 50, allowsDeletes: Bool = false
  ) {
    self.maxDeletes = maxDeletes
    self.maxDeletePercent = maxDeletePercent
    self.maxUpdatePercent = maxUpdatePercent
    self.allowsDeletes = allowsDeletes
  }

  /// Why a plan is refused; empty: it is not refused.
  package func refusals(of plan: Plan, desiredCount: Int) -> [Diagnostic] {
    let deletes = plan.changes.count { $0.action.takesSiteDown }
    let disables = plan.changes.count { $0.action == .release(isDisabling: true) }
    let gone = disables == 0 ? "deleted" : disables == deletes ? "disabled" : "deleted or disabled"
    let updates = plan.changes.count(where: \.changesValues)
    let touchable = plan.ownedCount + plan.count(.adopt)
    let noun = plan.changes.allSatisfy { $0.key.kind == .proxyHost } ? "hosts" : "objects"
    var found: [Diagnostic] = []
    if deletes > 0 && desiredCount == 0 {
      found.append(
        Diagnostic(
          .nothingDesired, "the desired state names nothing, but \(deletes) would be \(gone)",
          hint: "an empty desired state never deletes; to give them up, remove them in NPM"))
      return found
    }
    if !allowsDeletes && deletes > maxDeletes {
      let flag = "--max-deletes \(deletes)"
      found.append(
        Diagnostic(
          .tooManyDeletes, "\(deletes) \(noun) would be \(gone), the limit is \(maxDeletes)",
          hint: "if that is meant, run again with \(flag) or --allow-deletes"))
    } else if !allowsDeletes && exceeds(deletes, maxDeletePercent, plan.ownedCount) {
      found.append(
        Diagnostic(
          .tooManyDeletes,
          "\(deletes) of \(plan.ownedCount) \(noun) would be \(gone), the limit is \(maxDeletePercent) %",
          hint: "if that is meant, run again with --allow-deletes"))
    }
    if exceeds(updates, maxUpdatePercent, touchable) {
      found.append(
        Diagnostic(
          .tooManyUpdates,
          "\(updates) of \(touchable) \(noun) would be changed, the limit is \(maxUpdatePercent) %",
          hint: "if that is meant, run again with --max-update-percent 100"))
    }
    return found
  }

  private func exceeds(_ count: Int, _ percent: Int, _ owned: Int) -> Bool {
    owned >= Self.percentFloor && Double(count) * 100 > Double(percent) * Double(owned)
  }
}
