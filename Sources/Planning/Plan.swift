import Hashing
package import Model

/// Which changes are allowed.
package enum Policy: String, CaseIterable, Sendable {
  case sync
  case upsertOnly = "upsert-only"
  case createOnly = "create-only"
  case observe

  func allows(_ change: Change) -> Bool {
    switch (self, change.action) {
    case (_, .blocked), (.sync, _): true
    case (.upsertOnly, .create), (.upsertOnly, .update), (.upsertOnly, .adopt), (.createOnly, .create): true
    case (.createOnly, .adopt): !change.changesValues
    default: false
    }
  }
}

/// Everything that a run would do, in order. A value: equal inputs give an equal plan.
package struct Plan: Sendable {
  package var owner: String
  package var policy: Policy
  package var changes: [Change]
  /// Changes withheld by the policy or a suspension.
  package var withheld: [Change]
  /// Objects that already match.
  package var unchanged: [ResourceKey]
  /// Objects that already match and have no owner.
  package var adoptable: [ResourceKey] = []
  /// Rows of the store to update without a write to NPM.
  package var ledgerUpdates: [LedgerEntry] = []
  /// Resources that were not selected: nothing may be taken from them.
  package var unselected: [DesiredResource] = []
  /// Hosts that a request to Let's Encrypt may have left without TLS and access control, and that are written again.
  package var hostsToRewrite: [ObservedResource] = []
  /// Changes outside the scope of this run: neither made nor reported as done.
  package var outOfScope: [Change] = []
  /// Names in the store whose objects are gone from the YAML and from NPM: their rows can be removed.
  package var ledgerRemovals: [ResourceKey]
  /// Objects that are ours.
  package var ownedCount: Int

  package init(
    owner: String, policy: Policy, changes: [Change] = [], withheld: [Change] = [], unchanged: [ResourceKey] = [],
    ledgerRemovals: [ResourceKey] = [], ownedCount: Int = 0
  ) {
    self.owner = owner
    self.policy = policy
    self.changes = changes
    self.withheld = withheld
    self.unchanged = unchanged
    self.ledgerRemovals = ledgerRemovals
    self.ownedCount = ownedCount
  }

  package func count(_ kind: Change.Kind) -> Int { changes.count { $0.action.kind == kind } }

  /// Changes that would write to NPM or to the store.
  package var effective: [Change] { changes.filter { !$0.isBlocked } }

  /// Whether an operator should look: there is something to do, a conflict, or a difference that the policy forbids to
  /// change. With a policy that never deletes, left-over hosts are normal, and a suspension is intended.
  package var isPending: Bool {
    !changes.isEmpty || !hostsToRewrite.isEmpty
      || withheld.contains { $0.suspension == nil && (!$0.action.isRemoval || policy == .observe) }
  }

  /// Withholds matching changes, as a policy does, and the changes that depend on them.
  package mutating func withhold(_ hold: Hold? = nil, where isHeld: (Change) -> Bool) {
    let held = changes.filter { !$0.isBlocked && isHeld($0) }
    guard !held.isEmpty else { return }
    withheld += held.map { change in
      var kept = change
      kept.hold = hold
      return kept
    }
    let keys = Set(held.map(\.key))
    changes.removeAll { keys.contains($0.key) }
    DomainHandoverRule.apply(to: &self)
  }

  /// Why a withheld change waits.
  package func holdReason(_ change: Change) -> String {
    if let suspension = change.suspension {
      return "suspended until \(suspension.until)" + (suspension.reason.isEmpty ? "" : " (\(suspension.reason))")
    }
    return change.hold?.description ?? "held back by policy \(policy.rawValue)"
  }

  /// Withheld changes by the reason.
  package var withheldByReason: [(reason: String, changes: [Change])] {
    Dictionary(grouping: withheld, by: holdReason).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Keeps only adoptions, and what blocks them.
  package mutating func keepAdoptions(_ adoption: Adoption) {
    outOfScope = (changes + withheld).filter { $0.action != .adopt && !$0.isBlocked }
    if adoption.names != nil {
      for index in changes.indices where changes[index].action == .create {
        changes[index].block(
          BlockReason(
            .notAdoptable, "NPM has no host with its domains", hint: "there is nothing to take over: apply creates it"))
      }
    }
    changes.removeAll { $0.action != .adopt && !$0.isBlocked }
    withheld.removeAll { $0.action != .adopt }
    ledgerRemovals = []
  }

  /// Nothing to do and no conflict.
  package var isEmpty: Bool { changes.isEmpty }
}

/// One representation for each JSON value: members sorted, no white space.
package enum CanonicalJSON {
  package static func text(_ value: JSONValue) -> String { String(decoding: bytes(value), as: UTF8.self) }

  package static func bytes(_ value: JSONValue) -> [UInt8] {
    var bytes: [UInt8] = []
    write(value, to: &bytes)
    return bytes
  }

  private static func write(_ value: JSONValue, to bytes: inout [UInt8]) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .int(let number): bytes += String(number).utf8
    case .double(let number): bytes += String(number).utf8
    case .string(let text): write(quoted: text, to: &bytes)
    case .array(let items):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(item, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(quoted: member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        write(member.value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func write(quoted text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// The digest that the ownership marker carries for a spec.
  package static func fingerprint(_ spec: Spec) -> String { SHA256Digest.labelled(bytes(spec.json)) }
}
