import Model
import Planning
import TestSupport
import Testing

/// Adoption, renaming and release of hosts.
@Suite struct LifecycleTests {
  private let mine = OwnershipMarker(owner: "homelab", name: "app", fingerprint: "")
  private let spec = hostSpec(["a.test"])

  private func plan(
    _ desired: DesiredState, _ hosts: [ObservedResource], _ ledger: [LedgerEntry] = [], policy: Policy = .sync,
    adoption: Adoption? = nil, today: String = "2026-11-21", trustsMarkers: Bool = false
  ) -> Plan {
    let options = Planner.Options(
      owner: "homelab", policy: policy, trustsMarkers: trustsMarkers, adoption: adoption, today: today)
    return Planner(options)
      .plan(desired, observedState(hosts), ledger)
  }

  private func actions(_ plan: Plan) -> [String] { plan.changes.map { "\($0.action.kind.rawValue) \($0.key.name)" } }

  private func codes(_ plan: Plan) -> [DiagnosticCode] { plan.changes.compactMap(\.blockReason?.code) }

  // MARK: Adoption

  @Test func `a host of nobody that is as the YAML says needs nothing, and can be adopted`() {
    let found = plan(desiredState(desiredHost("app", spec)), [observedHost(1, spec)])
    #expect(found.isEmpty && !found.isPending)
    #expect(found.adoptable.map(\.name) == ["app"])
    let adopted = plan(desiredState(desiredHost("app", spec)), [observedHost(1, spec)], adoption: Adoption())
    #expect(actions(adopted) == ["adopt app"])
    #expect(adopted.changes[0].id == ResourceID(1))
  }

  @Test func `a host of nobody that nginx does not serve is not called as it should be`() {
    let found = plan(desiredState(desiredHost("app", spec)), [observedHost(1, spec, nginx: .refused("x"))])
    #expect(found.adoptable.isEmpty)
    #expect(codes(found) == [.domainTaken])
  }

  @Test func `a host that differs is adopted only when that is accepted`() {
    let desired = desiredState(desiredHost("app", hostSpec(["a.test"], port: 81)))
    #expect(codes(plan(desired, [observedHost(1, spec)])) == [.domainTaken])
    #expect(codes(plan(desired, [observedHost(1, spec)], adoption: Adoption())) == [.notAdoptable])
    let accepted = plan(desired, [observedHost(1, spec)], adoption: Adoption(acceptsChanges: true))
    #expect(actions(accepted) == ["adopt app"])
    #expect(accepted.changes[0].fields.map(\.path) == ["forward_port", "meta.reconciler"])
  }

  @Test func `a host of another owner is never adopted`() {
    let theirs = OwnershipMarker(owner: "other", name: "app", fingerprint: "")
    for adoption in [Adoption(), Adoption(acceptsChanges: true)] {
      let found = plan(
        desiredState(desiredHost("app", spec)), [observedHost(1, spec, marker: theirs)], adoption: adoption)
      #expect(codes(found) == [.domainTaken])
    }
  }

  @Test func `a name whose domains two hosts serve is not adopted`() {
    let found = plan(
      desiredState(desiredHost("app", hostSpec(["a.test", "b.test"]))),
      [observedHost(1, spec), observedHost(2, hostSpec(["b.test"]))], adoption: Adoption(acceptsChanges: true))
    #expect(codes(found) == [.domainTaken])
  }

  @Test func `observe adopts nothing`() {
    let found = plan(
      desiredState(desiredHost("app", spec)), [observedHost(1, spec)], policy: .observe, adoption: Adoption())
    #expect(found.isEmpty && found.withheld.count == 1)
  }

  // MARK: Names

  @Test func `a new name with the domains of one that is gone is a rename, under any policy that updates`() throws {
    let desired = desiredState(desiredHost("new", hostSpec(["a.test"], port: 81)))
    for policy in [Policy.sync, .upsertOnly] {
      let found = plan(
        desired, [observedHost(1, spec, marker: mine)], [ledgerEntry("app", id: 1, spec)], policy: policy)
      let change = try #require(found.changes.first)
      #expect(actions(found) == ["update new"])
      #expect(change.renamedFrom?.name == "app")
      #expect(change.fields.map(\.path) == ["forward_port"])
    }
  }

  @Test func `a rename of a host whose marker was cleared is a rename, not the end of it`() {
    var entry = ledgerEntry("app", id: 1, spec)
    entry.createdOn = "2026-11-21 10:00:00"
    let found = plan(desiredState(desiredHost("new", spec)), [observedHost(1, spec)], [entry])
    #expect(actions(found) == ["update new"] && found.adoptable.isEmpty)
    let changed = plan(
      desiredState(desiredHost("new", spec)), [observedHost(1, spec)], [entry], adoption: Adoption(acceptsChanges: true)
    )
    #expect(actions(changed) == ["update new"])
  }

  @Test func `a rename that was begun is finished, and one that was turned back is one again`() {
    let begun = ledgerEntry("new", id: 1, spec, isUnfinished: true)
    let host = observedHost(1, spec, marker: mine)
    #expect(actions(plan(desiredState(desiredHost("new", spec)), [host], [begun])) == ["update new"])
    let back = plan(desiredState(desiredHost("app", spec)), [host], [begun])
    #expect(actions(back) == ["update app"])
    #expect(back.changes[0].renamedFrom?.name == "new")
  }

  @Test func `with the store lost, trusted markers tell a rename, but never a removal`() {
    let host = observedHost(1, spec, marker: mine)
    let renamed = plan(desiredState(desiredHost("new", spec)), [host], trustsMarkers: true)
    #expect(actions(renamed) == ["update new"])
    #expect(codes(plan(desiredState(desiredHost("new", spec)), [host])) == [.domainTaken])
    let other = desiredHost("other", hostSpec(["o.test"]))
    #expect(actions(plan(desiredState(other), [host], trustsMarkers: true)) == ["create other"])
  }

  @Test func `a lost marker is put back only where number, creation time and domains agree`() {
    var entry = ledgerEntry("app", id: 1, spec)
    entry.createdOn = "2026-11-21 10:00:00"
    let desired = desiredState(desiredHost("app", spec))
    let healed = plan(desired, [observedHost(1, spec)], [entry])
    #expect(actions(healed) == ["update app"])
    #expect(healed.changes[0].fields.map(\.path) == ["meta.reconciler"])
    entry.createdOn = "2026-11-21 10:00:01"
    #expect(plan(desired, [observedHost(1, spec)], [entry]).adoptable.map(\.name) == ["app"])
    entry.createdOn = "2026-11-21 10:00:00"
    #expect(codes(plan(desired, [observedHost(1, hostSpec(["b.test"]))], [entry])) == [.markerMissing])
  }

  // MARK: Removal

  @Test func `what the YAML said last decides what removal does`() {
    let host = observedHost(1, spec, marker: mine)
    var entry = ledgerEntry("app", id: 1, spec)
    let cases: [(Lifecycle, String)] = [
      (Lifecycle(), "delete app"), (Lifecycle(onDelete: .disable), "release app"),
      (Lifecycle(onDelete: .orphan), "release app"), (Lifecycle(isProtected: true), "blocked app"),
      (Lifecycle(isProtected: true, onDelete: .orphan), "blocked app"),
    ]
    for (lifecycle, action) in cases {
      entry.lifecycle = lifecycle
      let found = plan(desiredState(desiredHost("z", hostSpec(["z.test"]))), [host], [entry])
      #expect(actions(found).contains(action))
      #expect(actions(found).count == 2)
      let kept = plan(desiredState(desiredHost("z", hostSpec(["z.test"]))), [host], [entry], policy: .upsertOnly)
      #expect(kept.withheld.count == (action == "blocked app" ? 0 : 1))
    }
  }

  @Test func `a site that is switched off by removal counts as deleted`() {
    let names = (1...20).map { "h\($0)" }
    let hosts = names.enumerated().map { index, name in
      observedHost(
        index + 1, hostSpec(["\(name).test"]),
        marker: OwnershipMarker(owner: "homelab", name: name, fingerprint: ""))
    }
    let ledger = names.enumerated().map { index, name in
      var entry = ledgerEntry(name, id: index + 1, hostSpec(["\(name).test"]))
      entry.lifecycle.onDelete = index % 2 == 0 ? .disable : .delete
      return entry
    }
    let kept = DesiredState(
      resources: names.dropFirst(6).map { desiredHost($0, hostSpec(["\($0).test"])) }, fileCount: 1)
    let found = plan(kept, hosts, ledger)
    let refusals = SafetyLimits().refusals(of: found, desiredCount: 14)
    #expect(refusals.map(\.message) == ["6 hosts would be deleted or disabled, the limit is 5"])
    #expect(refusals.first?.hint?.contains("--max-deletes 6") == true)
  }

  @Test func `changes of what only the operator decides are remembered without a write to NPM`() {
    let desired = desiredHost("app", spec).with { $0.lifecycle = Lifecycle(isProtected: true) }
    let found = plan(
      desiredState(desired), [observedHost(1, spec, marker: mine)], [ledgerEntry("app", id: 1, spec)])
    #expect(found.isEmpty)
    #expect(found.ledgerUpdates.map(\.lifecycle.isProtected) == [true])
  }

  // MARK: Suspension

  @Test func `a suspended host is left alone until its day`() {
    let desired = desiredHost("app", hostSpec(["a.test"], port: 81))
      .with { $0.suspension = Suspension(until: "2026-12-31", reason: "migration") }
    let host = observedHost(1, spec, marker: mine)
    let entry = ledgerEntry("app", id: 1, spec)
    let held = plan(desiredState(desired), [host], [entry])
    #expect(held.isEmpty && !held.isPending)
    #expect(held.withheld.map(\.suspension?.reason) == ["migration"])
    #expect(actions(plan(desiredState(desired), [host], [entry], today: "2026-12-31")) == ["update app"])
  }

  @Test func `a host is not given up for a suspended one, under whatever name`() {
    let host = observedHost(1, spec, marker: mine)
    let entry = ledgerEntry("app", id: 1, spec)
    let renamed = desiredHost("new", spec).with { $0.suspension = Suspension(until: "2026-12-31") }
    let rename = plan(desiredState(renamed), [host], [entry])
    #expect(rename.isEmpty && rename.withheld.map(\.renamedFrom?.name) == ["app"])
    let taker = desiredHost("new", hostSpec(["a.test", "b.test"]))
      .with { $0.suspension = Suspension(until: "2026-12-31") }
    let taken = plan(desiredState(taker), [host], [entry])
    #expect(actions(taken) == ["blocked app"] && codes(taken) == [.takerBlocked])
  }

  // MARK: Lockout

  @Test func `the host that leads to NPM itself is not broken`() {
    let npm = hostSpec(["npm.example.com"], port: 81)
    let host = observedHost(1, npm, marker: mine)
    let observed = observedState([host])
    let entry = ledgerEntry("app", id: 1, npm)
    func refusals(_ desired: DesiredState, npmHost: String = "NPM.example.com") -> [DiagnosticCode] {
      LockoutRule(observed, npmHost: npmHost).refusals(of: plan(desired, [host], [entry])).map(\.code)
    }
    let other = desiredHost("z", hostSpec(["z.test"]))
    #expect(refusals(desiredState(other)) == [.selfLockout], "a delete")
    let cases: [Spec] = [
      hostSpec(["npm.example.com"], port: 82), hostSpec(["else.example.com"], port: 81),
      hostSpec(["npm.example.com"], port: 81, ["enabled": false]),
      hostSpec(["npm.example.com"], port: 81, ["advanced_config": "return 444;"]),
    ]
    for spec in cases { #expect(refusals(desiredState(desiredHost("app", spec))) == [.selfLockout]) }
    let harmless = hostSpec(["npm.example.com", "more.example.com"], port: 81, ["caching_enabled": true])
    #expect(refusals(desiredState(desiredHost("app", harmless))).isEmpty)
    #expect(refusals(desiredState(other), npmHost: "127.0.0.1").isEmpty)
  }

  @Test func `a wildcard that leads to NPM counts, unless another host has the exact name`() {
    let wild = hostSpec(["*.example.com"], port: 81)
    let host = observedHost(1, wild, marker: mine)
    let entry = ledgerEntry("app", id: 1, wild)
    let gone = plan(desiredState(desiredHost("z", hostSpec(["z.test"]))), [host], [entry])
    let exact = observedHost(2, hostSpec(["npm.example.com"]))
    #expect(LockoutRule(observedState([host]), npmHost: "npm.example.com").refusals(of: gone).count == 1)
    #expect(LockoutRule(observedState([host, exact]), npmHost: "npm.example.com").refusals(of: gone).isEmpty)
    let shadow = plan(
      desiredState(desiredHost("app", wild), desiredHost("z", hostSpec(["npm.example.com"]))), [host], [entry])
    #expect(LockoutRule(observedState([host]), npmHost: "npm.example.com").refusals(of: shadow).count == 1)
  }
}
