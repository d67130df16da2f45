import Model

/// Each domain and port has one holder: finds the holders of what changes need, and what must be freed first.
struct ClaimRule {
  private let index: PlanIndex
  private let ownership: Ownership
  private let owner: String
  private let holders: [String: ObjectRef]
  /// Changes that would give up a claim, but are withheld by the policy.
  private let withheld: [ObjectRef: Change]

  init(_ index: PlanIndex, _ ownership: Ownership, _ plan: Plan) {
    self.index = index
    self.ownership = ownership
    owner = plan.owner
    var holders: [String: ObjectRef] = [:]
    for object in index.observed.resources.values.joined() {
      for claim in object.spec.claims { holders[claim.lowercased()] = object.ref }
    }
    self.holders = holders
    withheld = Dictionary(plan.withheld.compactMap { change in change.ref.map { ($0, change) } }) { $1 }
  }

  func apply(to changes: inout [Change]) {
    var releases: [ObjectRef: Int] = [:]
    for index in changes.indices where !changes[index].isBlocked {
      if let holder = changes[index].ref { releases[holder] = index }
    }
    var blocked: [(index: Int, reason: BlockReason)] = []
    for index in changes.indices where !changes[index].isBlocked && !changes[index].action.isRemoval {
      guard let desired = changes[index].desired else { continue }
      var makers: [ResourceKey] = []
      var reason: BlockReason?
      for claim in desired.claims {
        guard let holder = holders[claim], holder != changes[index].ref else { continue }
        if let release = releases[holder], frees(changes[release], claim) {
          makers.append(changes[release].key)
        } else {
          reason = self.reason(changes[index], claim, holder)
          break
        }
      }
      if let reason {
        blocked.append((index, reason))
      } else if !makers.isEmpty {
        changes[index].dependsOn += makers
        changes[index].releasedBy += makers
      }
    }
    // Only now: a change that is blocked here still counts as giving up its claims.
    for (index, reason) in blocked { changes[index].block(reason) }
  }

  /// The name of an object of ours, from the store, or else from its marker.
  private func name(of holder: ObjectRef) -> String? {
    guard let marker = index.objects[holder]?.marker, marker.owner == owner else { return nil }
    return ownership.claimed[holder]?.name ?? marker.name
  }

  private func frees(_ change: Change, _ claim: String) -> Bool {
    change.action == .delete || (change.action == .update && change.desired?.claims.contains(claim) == false)
  }

  private func reason(_ change: Change, _ claim: String, _ holder: ObjectRef) -> BlockReason {
    let (code, verb) = change.desired.map { ConflictMessage.of(claim, $0) } ?? (.domainTaken, "served by")
    if let kept = withheld[holder], frees(kept, claim) {
      let name = kept.key.name
      return BlockReason(
        code, "\(claim) is still \(verb) '\(name)' (\(holder.description)), which \(keeper(kept)) keeps",
        hint: kept.suspension == nil
          ? "with --policy sync '\(name)' gives it up first" : "end the suspension of '\(name)' first",
        holder: holder.id)
    }
    if let name = name(of: holder) {
      return BlockReason(
        code, "\(claim) is still \(verb) '\(name)' (\(holder.description)), which is ours and keeps it for now",
        hint: "take it off '\(name)' in the YAML, and look what holds that change back or leaves it out",
        holder: holder.id)
    }
    let what = code == .portTaken ? "port" : "domain"
    return BlockReason(
      code, "\(claim) is \(verb) \(holder.description), which is not ours",
      hint: "remove the \(what) from \(holder.description) in NPM, or from '\(change.key.name)' here",
      holder: holder.id)
  }

  private func keeper(_ change: Change) -> String { change.suspension == nil ? "the policy" : "a suspension" }
}
