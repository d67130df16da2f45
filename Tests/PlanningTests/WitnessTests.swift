import Model
import Planning
import TestSupport
import Testing

/// The two proofs of ownership, marker and store, and the plan if they disagree.
@Suite struct WitnessTests {
  private let spec = hostSpec(["a.test"])
  private let z = desiredHost("z", hostSpec(["z.test"]))

  private func marker(_ name: String) -> OwnershipMarker {
    OwnershipMarker(owner: "homelab", name: name, fingerprint: "")
  }

  private func entry(_ name: String, id: Int, _ spec: Spec, made: String = "2026-11-21 10:00:00") -> LedgerEntry {
    var entry = ledgerEntry(name, id: id, spec)
    entry.createdOn = made
    return entry
  }

  private func plan(
    _ desired: [DesiredResource], _ hosts: [ObservedResource], _ ledger: [LedgerEntry] = [], policy: Policy = .sync,
    adoption: Adoption? = nil, selection: Set<ResourceKey>? = nil, trustsMarkers: Bool = false
  ) -> Plan {
    var options = Planner.Options(owner: "homelab", policy: policy, trustsMarkers: trustsMarkers, adoption: adoption)
    options.selection = selection
    return Planner(options).plan(DesiredState(resources: desired), observedState(hosts), ledger)
  }

  private func actions(_ plan: Plan) -> [String] { plan.changes.map { "\($0.action.kind.rawValue) \($0.key.name)" } }
  private func codes(_ plan: Plan) -> [DiagnosticCode] { plan.changes.compactMap(\.blockReason?.code) }

  @Test func `a host without its marker is not taken down, only forgotten`() {
    let desired = [desiredHost("z", hostSpec(["z.test"]))]
    for domains in [["a.test"], ["else.test"]] {
      let found = plan(desired, [observedHost(1, hostSpec(domains))], [entry("app", id: 1, spec)])
      #expect(actions(found) == ["create z", "release app"])
      #expect(found.changes[1].action == .release(isDisabling: false))
    }
  }

  @Test func `a host that another owner took over is given up once its name is gone, and that is said`() {
    let theirs = observedHost(1, spec, marker: OwnershipMarker(owner: "other", name: "app", fingerprint: ""))
    let found = plan([z], [theirs], [entry("app", id: 1, spec)])
    #expect(actions(found) == ["create z", "release app"] && found.ledgerRemovals.isEmpty)
  }

  @Test func `protection outlasts a marker that somebody cleared`() {
    var row = entry("app", id: 1, spec)
    row.lifecycle.isProtected = true
    #expect(codes(plan([z], [observedHost(1, spec)], [row])) == [.protected])
    #expect(codes(plan([z], [observedHost(1, hostSpec(["b.test"]))], [row])) == [.protected])
  }

  @Test func `a dead row and a marker do not make two witnesses`() {
    let copy = observedHost(2, hostSpec(["a.test", "own.test"]), marker: marker("app"))
    for trusts in [false, true] {
      let found = plan([z], [copy], [entry("app", id: 1, spec)], trustsMarkers: trusts)
      #expect(codes(found) == [.ledgerMissing] && found.effective.map(\.key.name) == ["z"])
    }
  }

  @Test func `an adoption that came to nothing can be repeated`() {
    var row = entry("app", id: 1, hostSpec(["a.test", "more.test"]))
    row.applied = nil
    row.isUnfinished = true
    let wanted = [desiredHost("app", hostSpec(["a.test", "more.test"]))]
    let host = observedHost(1, spec)
    #expect(codes(plan(wanted, [host], [row])) == [.domainTaken])
    #expect(actions(plan(wanted, [host], [row], adoption: Adoption(acceptsChanges: true))) == ["adopt app"])
    #expect(plan([desiredHost("app", spec)], [host], [row]).adoptable.map(\.name) == ["app"])
    #expect(plan([z], [host], [row]).ledgerRemovals.map(\.name) == ["app"])
  }

  @Test func `what the YAML says of a life is remembered although the rest of the change waits`() {
    let desired = desiredHost("app", hostSpec(["a.test"], ["access_list": "typo"]))
      .with { $0.lifecycle = Lifecycle(isProtected: true) }
    let host = observedHost(1, spec, marker: marker("app"))
    let blocked = plan([desired], [host], [entry("app", id: 1, spec)])
    #expect(codes(blocked) == [.unknownReference])
    #expect(blocked.ledgerUpdates.map(\.lifecycle.isProtected) == [true])
    #expect(blocked.ledgerUpdates.map(\.applied) == [spec.normalised()])
    let changed = plan([desired.with(spec: hostSpec(["a.test"], port: 81))], [host], [entry("app", id: 1, spec)])
    #expect(changed.changes.map(\.entry?.lifecycle.isProtected) == [true], "a write that comes to nothing keeps it")
  }

  // MARK: NPM restored from a backup

  @Test func `a number that is somebody else's by now stands in nobody's way`() {
    let human = observedHost(2, hostSpec(["human.test"]))
    let row = entry("app", id: 2, spec, made: "2026-11-20 09:00:00")
    #expect(actions(plan([desiredHost("app", spec)], [human], [row])) == ["create app"])
    let gone = plan([z], [human], [row])
    #expect(actions(gone) == ["create z"] && gone.ledgerRemovals.map(\.name) == ["app"])
  }

  @Test func `two rows with one number are told apart by the marker`() {
    let host = observedHost(1, hostSpec(["d.test"]), marker: marker("d"))
    let ledger = [entry("d", id: 1, hostSpec(["d.test"])), entry("e", id: 1, hostSpec(["e.test"]))]
    let found = plan([desiredHost("d", hostSpec(["d.test"])), desiredHost("e", hostSpec(["e.test"]))], [host], ledger)
    #expect(actions(found) == ["create e"] && found.unchanged.map(\.name) == ["d"])
  }

  @Test func `a marker from before a rename is brought up to date`() {
    let found = plan(
      [desiredHost("new", spec)], [observedHost(1, spec, marker: marker("old"))], [entry("new", id: 1, spec)])
    #expect(actions(found) == ["update new"])
    #expect(found.changes.flatMap(\.fields).map(\.path) == ["meta.reconciler"])
  }

  @Test func `a marker from before a rename is brought up to date although the old name is another host's now`() {
    let hosts = [
      observedHost(1, spec, marker: marker("a")), observedHost(3, hostSpec(["new.test"]), marker: marker("a")),
    ]
    let ledger = [entry("z", id: 1, spec), entry("a", id: 3, hostSpec(["new.test"]))]
    let wanted = [desiredHost("z", spec), desiredHost("a", hostSpec(["new.test"]))]
    let found = plan(wanted, hosts, ledger)
    #expect(actions(found) == ["update z"] && found.unchanged.map(\.name) == ["a"])
  }

  @Test func `a copy of our marker on a host that serves something else is left alone`() {
    let copy = observedHost(2, hostSpec(["staging.test"]), marker: marker("app"))
    for trusts in [false, true] {
      let found = plan([desiredHost("app", spec)], [copy], [entry("app", id: 1, spec)], trustsMarkers: trusts)
      #expect(actions(found) == ["create app"])
    }
  }

  // MARK: Domain moves

  @Test func `a rename survives a domain that was added in NPM`() {
    let host = observedHost(1, hostSpec(["a.test", "alias.test"]), marker: marker("old"))
    let found = plan([desiredHost("new", spec)], [host], [entry("old", id: 1, spec)])
    #expect(actions(found) == ["update new"])
    #expect(found.changes[0].renamedFrom?.name == "old" && found.changes[0].fields.map(\.path) == ["domain_names"])
  }

  @Test func `one host is renamed once, whatever names ask for its domains`() {
    let host = observedHost(1, hostSpec(["a.test", "alias.test"]), marker: marker("old"))
    let wanted = [desiredHost("n1", spec), desiredHost("n2", hostSpec(["a.test", "alias.test"]))]
    let found = plan(wanted, [host], [entry("old", id: 1, spec)])
    #expect(found.changes.count { $0.renamedFrom != nil } <= 1)
  }

  @Test func `nothing is taken from a site for somebody who is not selected`() {
    let host = observedHost(1, hostSpec(["a.test", "x.test"]), marker: marker("a"))
    let ledger = [entry("a", id: 1, hostSpec(["a.test", "x.test"]))]
    let desired = [desiredHost("a", spec), desiredHost("b", hostSpec(["x.test"]))]
    let giver = plan(desired, [host], ledger, selection: [desired[0].key])
    #expect(codes(giver) == [.takerBlocked])
    let taker = plan(desired, [host], ledger, selection: [desired[1].key])
    #expect(codes(taker) == [.domainTaken])
    #expect(taker.changes[0].blockReason?.message.contains("which is ours") == true)
    #expect(actions(plan(desired, [host], ledger)) == ["update a", "create b"])
  }

  @Test func `a longer wildcard than the one that leads to NPM would shut the door`() {
    let door = observedHost(1, hostSpec(["*.example.com"], port: 81))
    let shadow = plan([desiredHost("lab", hostSpec(["*.lab.example.com"]))], [door])
    let rule = LockoutRule(observedState([door]), npmHost: "npm.lab.example.com")
    #expect(rule.refusals(of: shadow).map(\.code) == [.selfLockout])
    let other = plan([desiredHost("lab", hostSpec(["*.example.org"]))], [door])
    #expect(rule.refusals(of: other).isEmpty)
  }

  // MARK: Adoption

  @Test func `an adoption that changes values counts against the limit on updates`() {
    let names = (1...12).map { "h\($0)" }
    let hosts = names.enumerated().map { observedHost($0.offset + 1, hostSpec(["\($0.element).test"])) }
    func refusals(port: Int) -> [DiagnosticCode] {
      let desired = names.map { desiredHost($0, hostSpec(["\($0).test"], port: port)) }
      let found = plan(desired, hosts, adoption: Adoption(acceptsChanges: true))
      return SafetyLimits().refusals(of: found, desiredCount: 12).map(\.code)
    }
    #expect(refusals(port: 80).isEmpty)
    #expect(refusals(port: 81) == [.tooManyUpdates])
  }

  @Test func `a policy that never updates adopts no host with other values`() {
    let adoption = Adoption(acceptsChanges: true)
    let changed = desiredHost("app", hostSpec(["a.test"], port: 81))
    let held = plan([changed], [observedHost(1, spec)], policy: .createOnly, adoption: adoption)
    #expect(held.isEmpty && held.withheld.map(\.key.name) == ["app"])
    let same = plan([desiredHost("app", spec)], [observedHost(1, spec)], policy: .createOnly, adoption: adoption)
    #expect(actions(same) == ["adopt app"])
  }

  @Test func `a host that nginx refuses as it is cannot be adopted as it is`() {
    let host = observedHost(1, spec, nginx: .refused("unknown directive"))
    let found = plan([desiredHost("app", spec)], [host], adoption: Adoption(acceptsChanges: true))
    #expect(codes(found) == [.notAdoptable])
    let corrected = desiredHost("app", hostSpec(["a.test"], ["advanced_config": "deny all;"]))
    #expect(actions(plan([corrected], [host], adoption: Adoption(acceptsChanges: true))) == ["adopt app"])
  }
}
