package import Model
import Platform

/// Certificates in NPM, the objects that use them, and their expiry.
package struct CertificateInventory: Sendable {
  package struct Entry: Sendable {
    package var name: String
    package var id: ResourceID
    package var names: [String]
    /// The expiry date, as `2027-02-19`.
    package var expires: String
    /// Negative: it has expired. nil: NPM does not show when it expires.
    package var daysLeft: Int?
    /// Domains or ports of the objects that use it.
    package var users: [String]
  }

  package let entries: [Entry]

  package init(_ observed: ObservedState, now: Timestamp) {
    var users: [String: [String]] = [:]
    for object in observed.all {
      guard let name = object.spec["certificate"].stringValue, object.kind != .certificate else { continue }
      users[name, default: []].append(object.label)
    }
    entries = (observed.resources[.certificate] ?? []).sorted { $0.id < $1.id }.map { object in
      let name = observed.references.name(.certificate, object.id)
      let day = String((object.certificate?.expires ?? "").prefix(10))
      let end = Timestamp(iso8601: "\(day)T00:00:00Z")
      return Entry(
        name: name, id: object.id, names: object.certificate?.names ?? [], expires: day,
        daysLeft: end.map { Int((($0.seconds - now.seconds) / 86400).rounded(.up)) }, users: users[name] ?? [])
    }
  }

  /// Certificates in use that expire within so many days.
  package func expiring(within days: Int) -> [Entry] {
    entries.filter { entry in !entry.users.isEmpty && entry.daysLeft.map { $0 <= days } == true }
  }

  /// Certificates in use that expire soon: a warning or an error, from so many days before.
  package func diagnostics(warning: Int, error: Int) -> [Diagnostic] {
    expiring(within: warning).compactMap { entry in
      guard let left = entry.daysLeft else { return nil }
      let when =
        left < 0 ? "ended on \(entry.expires)" : "ends on \(entry.expires), in \(left) day\(left == 1 ? "" : "s")"
      let more = entry.users.count > 1 ? " and \(entry.users.count - 1) more" : ""
      return Diagnostic(
        .certificateExpiring, "certificate '\(entry.name)' of \(entry.users[0])\(more) \(when)",
        hint: "renew it, and put the new files in place of the old ones", severity: left <= error ? .error : .warning)
    }
  }
}
