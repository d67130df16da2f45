package import Model

/// A pure function: desired + observed + last applied -> plan.
///
/// `DesiredDecision` decides each name in the YAML, `RemovalDecision` each name that is gone from it; then the rules
/// process the changes as a whole, one after the other, in place.
package struct Planner: Sendable {
  /// What a plan depends on besides the three states.
  package struct Options: Sendable {
    package var owner: String
    package var policy: Policy
    /// Treat objects with our marker as ours although the store does not know them.
    package var trustsMarkers: Bool
    /// Only these names; nil: all.
    package var selection: Set<ResourceKey>?
    /// Hosts without an owner to adopt; nil: none.
    package var adoption: Adoption?
    /// The current day, as `2026-11-21`, UTC, for the end of suspensions.
    package var today: String
    /// Suspensions besides those in the YAML.
    package var suspensions = SuspensionSet()
    /// The certificate for `certificate: auto` if none fits; nil: none.
    package var defaultCertificate: String?
    /// How often a certificate for each set of names was requested from Let's Encrypt within the last week.
    package var requests: [Set<String>: Int] = [:]
    /// New names of objects whose former names are known from elsewhere.
    package var former: [ResourceKey: ResourceKey] = [:]

    package init(
      owner: String, policy: Policy, trustsMarkers: Bool = false, selection: Set<ResourceKey>? = nil,
      adoption: Adoption? = nil, today: String = ""
    ) {
      self.owner = owner
      self.policy = policy
      self.trustsMarkers = trustsMarkers
      self.selection = selection
      self.adoption = adoption
      self.today = today
    }
  }

  private let options: Options

  package init(_ options: Options) { self.options = options }

  /// - Parameter ledger: every entry of the store, of any kind.
  package func plan(_ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry]) -> Plan {
    let index = PlanIndex(desired, observed, ledger)
    let ownership = Ownership(options, index)
    var plan = Plan(owner: options.owner, policy: options.policy)
    plan.ownedCount = ownership.ownedCount
    plan.unselected = desired.resources.filter { !isSelected($0.key) }
    decideDesired(index, ownership, &plan)
    let certain = decideRemovals(index, ownership, &plan)
    let orphans = ownership.orphans(besides: index.resources).map { object, key in
      Change(key: key, action: .delete, cause: .removed, id: object.id, observed: object)
    }
    RenameRule(orphans: orphans, certain: certain, former: options.former).apply(to: &plan.changes, update: rename)
    DeletionPolicyRule.apply(to: &plan.changes)
    withhold(&plan)
    SecretRule.apply(to: &plan.changes)
    CertificateRequestRule(observed, requests: options.requests).apply(to: &plan.changes)
    InUseRule(observed, owner: options.owner).apply(to: &plan.changes)
    UntestedWriteRule.apply(to: &plan.changes)
    if !plan.changes.isEmpty { ClaimRule(index, ownership, plan).apply(to: &plan.changes) }
    plan.changes = DependencyOrder.sort(plan.changes)
    DomainHandoverRule.apply(to: &plan)
    AutomaticCertificates.prune(&plan)
    return plan
  }

  private func isSelected(_ key: ResourceKey) -> Bool { options.selection.map { $0.contains(key) } ?? true }

  private func decideDesired(_ index: PlanIndex, _ ownership: Ownership, _ plan: inout Plan) {
    let decision = DesiredDecision(options, index, ownership)
    let resources = index.desired.resources
    for position in resources.indices.sorted(by: { resources[$0].key < resources[$1].key }) {
      let resource = resources[position]
      guard isSelected(resource.key) else { continue }
      switch decision.decide(resource) {
      case .unchanged(let spec):
        plan.unchanged.append(resource.key)
        if let entry = ownership.refreshed(resource, agreed: spec) { plan.ledgerUpdates.append(entry) }
      case .adoptable: plan.adoptable.append(resource.key)
      case .change(var change):
        if let entry = ownership.refreshed(resource, agreed: nil) {
          plan.ledgerUpdates.append(entry)
          if change.entry != nil { change.entry = entry }
        }
        if let suspension = resource.suspension, suspension.holds(on: options.today) { change.suspension = suspension }
        plan.changes.append(change)
      }
    }
  }

  /// - Returns: names whose objects are certainly ours.
  private func decideRemovals(_ index: PlanIndex, _ ownership: Ownership, _ plan: inout Plan) -> Set<ResourceKey> {
    var certain: Set<ResourceKey> = []
    let gone = index.ledger.filter { index.resources[$0.key] == nil && isSelected($0.key) }
    for entry in gone.sorted(by: { $0.key < $1.key }) where index.observed.resources[entry.key.kind] != nil {
      let (change, isCertain) = RemovalDecision(ownership).decide(entry)
      if change.id == nil { plan.ledgerRemovals.append(entry.key) } else { plan.changes.append(change) }
      if isCertain { certain.insert(entry.key) }
    }
    return certain
  }

  /// Moves what the policy or a suspension holds back to `withheld`. Blocked changes are still shown.
  private func withhold(_ plan: inout Plan) {
    let suspensions = options.suspensions
    if !suspensions.isEmpty {
      for index in plan.changes.indices where plan.changes[index].suspension == nil && !plan.changes[index].isBlocked {
        let (key, former) = (plan.changes[index].key, plan.changes[index].renamedFrom)
        plan.changes[index].suspension = suspensions.covering(key) ?? former.flatMap { suspensions.resources[$0] }
      }
    }
    func isHeld(_ change: Change) -> Bool {
      !change.isBlocked && (change.suspension != nil || !options.policy.allows(change))
    }
    guard plan.changes.contains(where: isHeld) else { return }
    plan.withheld = plan.changes.filter(isHeld)
    plan.changes.removeAll(where: isHeld)
  }

  /// The update that gives an object its new name, and the values that changed with it.
  private func rename(_ create: Change, _ removal: Change) -> Change {
    guard let spec = create.desired, let object = removal.observed else { return create }
    var change = create
    change.action = .update
    change.id = object.id
    change.observed = object
    change.entry = removal.entry
    change.renamedFrom = removal.key
    change.fields = FieldDiff.fields(desired: spec, observed: object, entry: removal.entry)
    change.cause = change.fields.isEmpty ? .desiredEdited : FieldDiff.cause(of: change.fields)
    return change
  }
}
