import Model
import NPMClient
import Planning

/// What NPM's audit log tells of objects of ours: who changed what, and how.
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

  /// Marks hosts that were switched on by NPM's own call after the last write that configured them with their access list.
  func markOpenHosts(_ observed: inout ObservedState) {
    let references = observed.references
    observed.resources[.proxyHost] = observed.resources[.proxyHost]?.map { host in
      guard host.isEnabled, let name = host.spec["access_list"].stringValue, isOpened(host.ref) else { return host }
      let lists = references.ids(.accessList, name).map { ObjectRef(.accessList, $0) }
      let switched = entries[host.ref]?.first?.number ?? 0
      // A write to the list configures every host on it, with its users and addresses.
      guard !lists.contains(where: { (newest($0, ["updated"]) ?? 0) > switched }) else { return host }
      var open = host
      open.guardWitness = .open
      return open
    }
  }

  private func isOpened(_ host: ObjectRef) -> Bool {
    entries[host]?.first { ["created", "updated", "enabled"].contains($0.action) }?.action == "enabled"
  }

  private func newest(_ object: ObjectRef, _ actions: Set<String>) -> Int? {
    entries[object]?.first { actions.contains($0.action) }?.number
  }

  /// The newest entry that explains how an object came to differ. Ours do not: the log names only an account, which may be
  /// the one that we use, so that a write is told by its time and by what it sent.
  func authors(of changes: [Change]) -> [ObjectRef: AuditEntry] {
    var found: [ObjectRef: AuditEntry] = [:]
    for change in changes {
      guard let ref = change.ref, let newest = entries[ref]?.first else { continue }
      if isAnothers(newest, change) { found[ref] = newest }
    }
    return found
  }

  /// Times have a resolution of a second: within the one of our last write, what was sent decides.
  private func isAnothers(_ entry: AuditEntry, _ change: Change) -> Bool {
    if let ours = change.entry?.modifiedOn, entry.createdOn < ours { return false }
    let drifted = change.fields.filter { $0.cause != .desiredEdited }
    return drifted.contains { field in
      switch field.path {
      case FieldDiff.guardField, FieldDiff.currentField: return true
      case FieldDiff.nginxField: return isLater(entry, change)
      case "enabled": return ["enabled", "disabled"].contains(entry.action) || explains(entry, field, change)
      default: return explains(entry, field, change)
      }
    }
  }

  private func isLater(_ entry: AuditEntry, _ change: Change) -> Bool {
    change.entry?.modifiedOn.map { entry.createdOn > $0 } ?? false
  }

  /// Whether the call sent the field, and not what we wrote last.
  private func explains(_ entry: AuditEntry, _ field: FieldChange, _ change: Change) -> Bool {
    let names = [field.path, "\(field.path)_id"]
    guard let sent = names.compactMap({ entry.payload.objectValue?[$0] }).first else {
      // What is no column of its own: the whole object was replaced, or the log keeps nothing of it.
      return field.path.contains("/") || isLater(entry, change)
    }
    guard let ours = change.entry?.applied?[field.path] else { return true }
    return sent != ours || isLater(entry, change)
  }
}
