import Model
import Planning
import TestSupport
import Testing

@Suite struct PlannerTests {
  private let mine = OwnershipMarker(owner: "homelab", name: "app", fingerprint: "")

  private func plan(
    _ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry] = [], policy: Policy = .sync,
    trustsMarkers: Bool = false
  ) -> Plan {
    Planner(Planner.Options(owner: "homelab", policy: policy, trustsMarkers: trustsMarkers))
      .plan(desired, observed, ledger)
  }

  private func actions(_ plan: Plan) -> [String] { plan.changes.map { "\($0.action.kind.rawValue) \($0.key.name)" } }

  // MARK: Three-way comparison

  @Test func `an untouched system needs nothing, whatever order and case the YAML has`() {
    let desired = desiredState(desiredHost("app", hostSpec(["B.test", "a.test"])))
    let observed = observedState([observedHost(1, hostSpec(["a.test", "b.test"]), marker: mine)])
    let found = plan(desired, observed, [ledgerEntry("app", id: 1, hostSpec(["a.test", "b.test"]))])
    #expect(found.isEmpty)
    #expect(found.unchanged.map(\.name) == ["app"])
  }

  @Test func `the cause says which side moved`() throws {
    let base = hostSpec(["a.test"])
    let edited = hostSpec(["a.test"], port: 81)
    let other = hostSpec(["a.test"], port: 82)
    let cases: [(desired: Spec, seen: Spec, applied: Spec, cause: Cause)] = [
      (edited, base, base, .desiredEdited), (base, edited, base, .drifted), (edited, other, base, .both),
    ]
    for item in cases {
      let found = plan(
        desiredState(desiredHost("app", item.desired)),
        observedState([observedHost(1, item.seen, marker: mine)]), [ledgerEntry("app", id: 1, item.applied)])
      let change = try #require(found.changes.first)
      #expect(change.cause == item.cause)
      #expect(change.fields.map(\.path) == ["forward_port"])
      #expect(change.fields[0].before == item.seen["forward_port"])
      #expect(change.fields[0].after == item.desired["forward_port"])
    }
  }

  @Test func `a host that somebody deleted in NPM is made again, as drift`() {
    let spec = hostSpec(["a.test"])
    let found = plan(desiredState(desiredHost("app", spec)), observedState([]), [ledgerEntry("app", id: 1, spec)])
    #expect(actions(found) == ["create app"])
    #expect(found.changes[0].cause == .drifted)
  }

  @Test func `a host that nginx does not serve is never in sync`() {
    let spec = hostSpec(["a.test"])
    for state in [NginxState.refused("unknown directive"), .unknown] {
      let observed = observedState([observedHost(1, spec, marker: mine, nginx: state)])
      let found = plan(desiredState(desiredHost("app", spec)), observed, [ledgerEntry("app", id: 1, spec)])
      #expect(actions(found) == ["update app"])
      #expect(found.changes[0].fields.map(\.path) == ["meta.nginx_online"])
    }
  }

  @Test func `a disabled host need not be served`() {
    let spec = hostSpec(["a.test"], ["enabled": false])
    let observed = observedState([observedHost(1, spec, marker: mine, nginx: .refused("x"))])
    let found = plan(desiredState(desiredHost("app", spec)), observed, [ledgerEntry("app", id: 1, spec)])
    #expect(found.isEmpty)
  }

  @Test func `an update that was never confirmed is made again`() {
    let spec = hostSpec(["a.test"])
    let found = plan(
      desiredState(desiredHost("app", spec)), observedState([observedHost(1, spec, marker: mine)]),
      [ledgerEntry("app", id: 1, spec, isUnfinished: true)])
    #expect(actions(found) == ["update app"])
    #expect(found.changes[0].cause == .unfinished)
  }

  @Test func `a create that was cut off is written again though NPM shows it served`() {
    let spec = hostSpec(["a.test"])
    let found = plan(
      desiredState(desiredHost("app", spec)), observedState([observedHost(7, spec, marker: mine)]),
      [ledgerEntry("app", id: nil, spec, isUnfinished: true)])
    #expect(actions(found) == ["update app"] && found.changes[0].cause == .unfinished)
    #expect(found.changes[0].id == ResourceID(7))
  }

  // MARK: Ownership

  @Test func `only what marker and store both call ours is touched`() {
    let spec = hostSpec(["a.test"], port: 81)
    let seen = hostSpec(["a.test"])
    let foreign = OwnershipMarker(owner: "other", name: "app", fingerprint: "")
    let row = [ledgerEntry("app", id: 1, seen)]
    let cases: [(marker: OwnershipMarker?, ledger: [LedgerEntry], code: DiagnosticCode)] = [
      (nil, row, .markerMissing), (foreign, row, .markerForeign), (mine, [], .ledgerMissing), (nil, [], .domainTaken),
      (foreign, [], .domainTaken),
    ]
    for item in cases {
      let observed = observedState([observedHost(1, seen, marker: item.marker)])
      let update = plan(desiredState(desiredHost("app", spec)), observed, item.ledger)
      #expect(update.changes.compactMap(\.blockReason?.code) == [item.code])
      #expect(update.changes.first?.blockReason?.holder == ResourceID(1))
      let delete = plan(desiredState(desiredHost("x", hostSpec(["x.test"]))), observed, item.ledger)
      #expect(!delete.changes.contains { $0.action == .delete })
    }
  }

  @Test func `markers are trusted when that is asked for`() {
    let spec = hostSpec(["a.test"])
    let observed = observedState([observedHost(1, spec, marker: mine)])
    let found = plan(desiredState(desiredHost("app", spec)), observed, trustsMarkers: true)
    #expect(actions(found) == ["adopt app"])
  }

  @Test(arguments: [ResourceKind.redirectionHost, .deadHost])
  func `a domain that a host of another kind serves blocks`(kind: ResourceKind) {
    var spec = Spec(ResourceSchema.of(kind) ?? .deadHost)
    spec["domain_names"] = ["A.Test"]
    let holder = ObservedResource(
      kind: kind, id: ResourceID(4), spec: spec, meta: [:], nginx: .online, createdOn: "", modifiedOn: "")
    let found = plan(desiredState(desiredHost("app", hostSpec(["a.test"]))), observedState([holder]))
    #expect(found.changes.compactMap(\.blockReason?.code) == [.domainTaken])
    #expect(found.changes[0].blockReason?.message.contains("\(kind.title) 4") == true)
  }

  // MARK: Policies and order

  @Test(arguments: [
    (Policy.sync, ["create new", "update app", "delete old"]), (.upsertOnly, ["create new", "update app"]),
    (.createOnly, ["create new"]), (.observe, []),
  ])
  func `a policy holds back what it does not allow, and says so`(policy: Policy, expected: [String]) {
    let old = OwnershipMarker(owner: "homelab", name: "old", fingerprint: "")
    let observed = observedState([
      observedHost(1, hostSpec(["a.test"]), marker: mine), observedHost(2, hostSpec(["o.test"]), marker: old),
    ])
    let found = plan(
      desiredState(desiredHost("app", hostSpec(["a.test"], port: 9)), desiredHost("new", hostSpec(["n.test"]))),
      observed, [ledgerEntry("app", id: 1, hostSpec(["a.test"])), ledgerEntry("old", id: 2, hostSpec(["o.test"]))],
      policy: policy)
    #expect(Set(actions(found)) == Set(expected))
    #expect(found.changes.count + found.withheld.count == 3)
  }

  @Test func `a domain is freed before another host takes it`() {
    let found = plan(desiredState(desiredHost("app", hostSpec(["a.test"]))), oldHost.observed, oldHost.ledger)
    #expect(actions(found) == ["delete zold", "create app"])
  }

  @Test func `a domain that the policy keeps on an old name of ours is not called somebody else's`() {
    let desired = desiredState(desiredHost("app", hostSpec(["a.test"])))
    let found = plan(desired, oldHost.observed, oldHost.ledger, policy: .upsertOnly)
    #expect(found.changes.compactMap(\.blockReason?.hint) == ["with --policy sync 'zold' gives it up first"])
  }

  /// One of our hosts, which serves a.test and more.
  private var oldHost: (observed: ObservedState, ledger: [LedgerEntry]) {
    let spec = hostSpec(["a.test", "more.test"])
    let marker = OwnershipMarker(owner: "homelab", name: "zold", fingerprint: "")
    return (observedState([observedHost(2, spec, marker: marker)]), [ledgerEntry("zold", id: 2, spec)])
  }

  @Test func `hosts that want each other's domains exchange them, one giving way first`() {
    let second = OwnershipMarker(owner: "homelab", name: "two", fingerprint: "")
    let found = plan(
      desiredState(desiredHost("app", hostSpec(["b.test"])), desiredHost("two", hostSpec(["a.test"]))),
      observedState([
        observedHost(1, hostSpec(["a.test"]), marker: mine), observedHost(2, hostSpec(["b.test"]), marker: second),
      ]), [ledgerEntry("app", id: 1, hostSpec(["a.test"])), ledgerEntry("two", id: 2, hostSpec(["b.test"]))])
    #expect(found.changes.map(\.key.name) == ["two", "app"] && found.changes.allSatisfy { !$0.isBlocked })
    #expect(found.changes[0].exchangesWith.map(\.name) == ["app"] && found.changes[0].dependsOn.isEmpty)
    #expect(found.changes[1].exchangesWith.isEmpty && found.changes[1].dependsOn.map(\.name) == ["two"])
  }

  @Test func `a list that failed deletes nothing`() {
    let observed = ObservedState(version: NPMVersion(2, 15, 1), resources: [:])
    let found = plan(DesiredState(), observed, [ledgerEntry("app", id: 1, hostSpec(["a.test"]))])
    #expect(found.isEmpty)
    #expect(found.ledgerRemovals.isEmpty)
  }

  @Test func `a name that is gone on both sides is forgotten`() {
    let found = plan(DesiredState(), observedState([]), [ledgerEntry("app", id: 1, hostSpec(["a.test"]))])
    #expect(found.ledgerRemovals.map(\.name) == ["app"])
  }

  @Test func `a site is not taken down for a change that is blocked`() {
    let old = OwnershipMarker(owner: "homelab", name: "old", fingerprint: "")
    let observed = observedState([observedHost(2, hostSpec(["a.test", "b.test"]), marker: old)])
    let ledger = [ledgerEntry("old", id: 2, hostSpec(["a.test", "b.test"]))]
    let taker = desiredHost("new", hostSpec(["a.test"], ["certificate": "typo"]))
    // Renamed: the old name is deleted. Moved: the old name gives up one domain.
    for desired in [desiredState(taker), desiredState(taker, desiredHost("old", hostSpec(["b.test"])))] {
      let found = plan(desired, observed, ledger)
      #expect(found.effective.isEmpty)
      #expect(Set(found.changes.compactMap(\.blockReason?.code)) == [.unknownReference, .takerBlocked])
    }
  }

  @Test func `two hosts with one marker are told apart by their domains, or not touched`() {
    let observed = observedState([
      observedHost(1, hostSpec(["aaa.test"]), marker: mine), observedHost(2, hostSpec(["shop.test"]), marker: mine),
    ])
    let same = plan(desiredState(desiredHost("app", hostSpec(["shop.test"]))), observed, trustsMarkers: true)
    #expect(same.changes.map(\.id) == [ResourceID(2)])
    let both = desiredState(desiredHost("app", hostSpec(["aaa.test", "shop.test"])))
    #expect(plan(both, observed, trustsMarkers: true).changes.compactMap(\.blockReason?.code) == [.markerAmbiguous])
    // A marker on a host with other domains is a copy.
    let other = plan(desiredState(desiredHost("app", hostSpec(["new.test"]))), observed, trustsMarkers: true)
    #expect(actions(other) == ["create app"])
  }

  @Test func `a store from an older time is seen through by the marker`() {
    let spec = hostSpec(["a.test"])
    let observed = observedState([observedHost(3, spec, marker: mine)])
    let row = [ledgerEntry("app", id: 2, spec)]
    #expect(
      plan(desiredState(desiredHost("app", spec)), observed, row).changes.compactMap(\.blockReason?.code) == [
        .ledgerMissing
      ])
    let trusting = plan(desiredState(desiredHost("app", spec)), observed, row, trustsMarkers: true)
    #expect(actions(trusting) == ["adopt app"])
    let removed = plan(desiredState(desiredHost("x", hostSpec(["x.test"]))), observed, row)
    #expect(removed.changes.compactMap(\.blockReason?.code) == [.ledgerMissing] && removed.ledgerRemovals.isEmpty)
  }

  @Test func `what a policy forbids to repair is pending all the same, a left-over host is not`() {
    let desired = desiredState(desiredHost("app", hostSpec(["a.test"])))
    let drifted = observedState([observedHost(1, hostSpec(["a.test"], port: 9), marker: mine)])
    let row = [ledgerEntry("app", id: 1, hostSpec(["a.test"]))]
    #expect(plan(desired, drifted, row, policy: .observe).isPending)
    #expect(plan(desired, drifted, row, policy: .createOnly).isPending)
    let old = OwnershipMarker(owner: "homelab", name: "old", fingerprint: "")
    let leftOver = observedState([
      observedHost(1, hostSpec(["a.test"]), marker: mine), observedHost(2, hostSpec(["o.test"]), marker: old),
    ])
    let rows = row + [ledgerEntry("old", id: 2, hostSpec(["o.test"]))]
    #expect(!plan(desired, leftOver, rows, policy: .upsertOnly).isPending)
    #expect(plan(desired, leftOver, rows, policy: .observe).isPending)
  }

  // MARK: Fields of this NPM

  @Test func `a reference to nothing, or to several, blocks`() {
    var table = NameIndex()
    table.add(.certificate, ResourceID(1), "twice")
    table.add(.certificate, ResourceID(2), "twice")
    for (name, code) in [("gone", DiagnosticCode.unknownReference), ("twice", .ambiguousReference)] {
      let spec = hostSpec(["a.test"], ["certificate": .string(name)])
      let found = plan(desiredState(desiredHost("app", spec)), observedState([], references: table))
      #expect(found.changes.compactMap(\.blockReason?.code) == [code])
    }
  }

  @Test func `a field that this release lacks blocks, an unset one does not`() {
    let observed = observedState([], version: NPMVersion(2, 12, 6))
    let wanting = desiredHost("app", hostSpec(["a.test"], ["trust_forwarded_proto": true]))
    #expect(plan(desiredState(wanting), observed).changes.compactMap(\.blockReason?.code) == [.unsupportedByNPM])
    #expect(actions(plan(desiredState(desiredHost("app", hostSpec(["a.test"]))), observed)) == ["create app"])
  }

  @Test func `a field that NPM's published schema leaves out blocks, an unset one does not`() {
    var observed = observedState([], version: NPMVersion(2, 99, 0))
    observed.unsupportedFields = [.proxyHost: ["trust_forwarded_proto"]]
    let wanting = desiredHost("app", hostSpec(["a.test"], ["trust_forwarded_proto": true]))
    #expect(plan(desiredState(wanting), observed).changes.compactMap(\.blockReason?.code) == [.unsupportedByNPM])
    #expect(actions(plan(desiredState(desiredHost("app", hostSpec(["a.test"]))), observed)) == ["create app"])
  }

  // MARK: Digest

  @Test func `equal plans have equal digests and any change of a value another`() {
    func digest(port: Int, seenPort: Int) -> String {
      plan(
        desiredState(desiredHost("app", hostSpec(["a.test"], port: port))),
        observedState([observedHost(1, hostSpec(["a.test"], port: seenPort), marker: mine)]),
        [ledgerEntry("app", id: 1, hostSpec(["a.test"]))]
      ).digest
    }
    #expect(digest(port: 81, seenPort: 80) == digest(port: 81, seenPort: 80))
    #expect(digest(port: 81, seenPort: 80) != digest(port: 82, seenPort: 80))
    #expect(digest(port: 81, seenPort: 80) != digest(port: 81, seenPort: 79))
  }

  /// What a plan shows, each in another way than a plan has it.
  @Test func `the digest changes with everything that the plan shows`() throws {
    var plan = Plan(owner: "lab", policy: .upsertOnly, ownedCount: 3)
    var change = Change(desiredHost("app", hostSpec(["a.test"])), hostSpec(["a.test"]), .update)
    change.fields = [FieldChange(path: "forward_port", before: 80, after: 81, cause: .desiredEdited)]
    change.observed = observedHost(1, hostSpec(["a.test"]), marker: mine)
    let app = try #require(change.resource)
    func place(_ file: String, _ line: Int) -> DesiredResource {
      app.at(SourceLocation(file: file, line: line, column: 3))
    }
    change.resource = place("desired/a.yaml", 3)
    plan.changes = [change]
    plan.withheld = [change]
    plan.unchanged = [ResourceKey(.proxyHost, "b")]
    let changes: [(String, (inout Plan) -> Void)] = [
      ("owner", { $0.owner = "other" }), ("policy", { $0.policy = .sync }), ("owned", { $0.ownedCount = 4 }),
      ("unchanged", { $0.unchanged = [] }), ("adoptable", { $0.adoptable = [ResourceKey(.proxyHost, "c")] }),
      ("bare", { $0.hostsToRewrite = [observedHost(9, hostSpec(["z.test"]))] }), ("withheld", { $0.withheld = [] }),
      ("what waits", { $0.withheld[0].fields[0].after = 82 }),
      ("a suspension", { $0.withheld[0].suspension = Suspension(until: "2099-01-01", reason: "x") }),
      ("a value", { $0.changes[0].fields[0].after = 82 }), ("a former value", { $0.changes[0].fields[0].before = 79 }),
      ("a cause", { $0.changes[0].fields[0].cause = .drifted }),
      ("a line", { $0.changes[0].resource = place("desired/a.yaml", 4) }),
      ("a file", { $0.changes[0].resource = place("desired/b.yaml", 3) }),
      ("an id", { $0.changes[0].id = ResourceID(2) }),
      ("an obstacle", { $0.changes[0].action = .blocked(BlockReason(.protected, "one")) }),
      ("its words", { $0.changes[0].action = .blocked(BlockReason(.protected, "two")) }),
      ("its hint", { $0.changes[0].action = .blocked(BlockReason(.protected, "two", hint: "h")) }),
      ("an exchange", { $0.changes[0].exchangesWith = [ResourceKey(.proxyHost, "b")] }),
      ("a rewrite", { $0.changes[0].rewrites = [observedHost(9, hostSpec(["z.test"]))] }),
      ("a marker", { $0.changes[0].observed = observedHost(1, hostSpec(["a.test"])) }),
      (
        "nginx's words",
        {
          $0.changes[0].observed = observedHost(
            1, hostSpec(["a.test"]), marker: self.mine, nginx: .refused("unknown directive"))
        }
      ),
      ("a rename", { $0.changes[0].renamedFrom = ResourceKey(.proxyHost, "old") }),
    ]
    var digests: [String: String] = [plan.digest: "nothing"]
    for (what, spoil) in changes {
      var other = plan
      spoil(&other)
      let twin = digests.updateValue(what, forKey: other.digest)
      #expect(twin == nil, "\(what) and \(twin ?? "") look alike")
    }
  }

  @Test func `of a password only whether it is new is shown`() {
    func list(_ fingerprint: String) -> Spec {
      var spec = Spec(ResourceSchema.accessList)
      spec["items"] = [["username": "u", "password": .string(fingerprint)]]
      return spec
    }
    let shown = list("s***** 11112222").masked(beside: list("s***** 33334444"))
    #expect(shown["items"] == [["username": "u", "password": "(new)"]])
    #expect(list("s* 1").masked(beside: list("s* 1"))["items"] == [["username": "u", "password": "(set)"]])
  }
}
