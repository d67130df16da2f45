import Model
import NPMClient
import Planning

/// Entries of NPM's audit log about managed objects: the account, the time and the change.
struct AuditHistory {
  /// Newest first, by object.
  private let entries: [ObjectRef: [AuditEntry]]

  init(_ log: [AuditEntry]) {
    entries = Dictionary(grouping: log) { ObjectRef(ResourceKind(rawValue: $0.kind), $0.id) }
      .mapValues { $0.sorted { $0.number > $1.number } }
  }

  /// nil: this account may not read it, or NPM did not answer: the plan does not depend on it.
  static func read(_ gateway: any NPMGateway) async -> AuditHistory? {
    guard let log = try? await gateway.auditLog() else { return nil }
    return AuditHistory(log)
  }

  /// Marks hosts that NPM's own call switched on after the last write that configured them with their access list.
  func markOpenHosts(_ observed: inout ObservedState) {
    let references = observed.references
    observed.resources[.proxyHost] = observed.resources[.proxyHost]?.map { host in
      guard host.isEnabled, let name = host.spec["access_list"].stringValue, isOpened(host.ref) else { return host }
      let lists = references.ids(.accessList, name).map { ObjectRef(.accessList, $0) }
      let switched = entries[host.ref]?.first?.number ?? 0
      // A write to the list configures every host on it, with its users and addresses.
      guard !lists.contains(where: { (newest($0, ["updated"]) ?? 0) > switched }) else { return host }
      return host.with(guardState: .open)
    }
  }

  private func isOpened(_ host: ObjectRef) -> Bool {
    entries[host]?.first { ["created", "updated", "enabled"].contains($0.action) }?.action == "enabled"
  }

  private func newest(_ object: ObjectRef, _ actions: Set<String>) -> Int? {
    entries[object]?.first { actions.contains($0.action) }?.number
  }

  /// The newest entry that explains how an object drifted. Our own writes do not count: the log names only an account,
  /// which may be ours, so they are recognised by their time and payload.
  func authors(of changes: [Change]) -> [ObjectRef: AuditEntry] {
    var found: [ObjectRef: AuditEntry] = [:]
    for change in changes {
      guard let ref = change.ref, let newest = entries[ref]?.first else { continue }
      if isAnothers(newest, change) { found[ref] = newest }
    }
    return found
  }

  /// An entry explains a difference when its payload differs from our last write; a host may also have been enabled or
  /// disabled by a call without a payload.
  private func isAnothers(_ entry: AuditEntry, _ change: Change) -> Bool {
    if let ours = change.entry?.modifiedOn, entry.createdOn < ours { return false }
    let isSwitch = ["enabled", "disabled"].contains(entry.action)
    return change.fields.contains { field in
      switch field.path {
      case "enabled": isSwitch || sentOtherwise(entry, change)
      // Our own calls that switch a host on send its whole row.
      case FieldDiff.guardField, FieldDiff.currentField, FieldDiff.nginxField:
        entry.action == "enabled" || sentOtherwise(entry, change)
      default: field.cause != .desiredEdited && sentOtherwise(entry, change)
      }
    }
  }

  private func sentOtherwise(_ entry: AuditEntry, _ change: Change) -> Bool {
    guard let sent = entry.payload.objectValue, let ours = change.entry?.applied else { return true }
    return ours.schema.fields.contains { field in
      // References are numbers in the log; secrets and values stored elsewhere are not compared.
      switch field.type {
      case .bool, .integer, .port, .string, .host: sent[field.name].map { $0 != ours[field.name] } ?? false
      case .domains: sent[field.name].map { folded($0) != folded(ours[field.name]) } ?? false
      case .reference: change.fields.contains { $0.path == field.name } && sent["\(field.name)_id"] != nil
      default: change.fields.contains { $0.path == field.name } && sent[field.name] != nil
      }
    }
  }

  private func folded(_ names: JSONValue) -> [String] {
    (names.arrayValue ?? []).compactMap { $0.stringValue?.lowercased() }.sorted()
  }
}
