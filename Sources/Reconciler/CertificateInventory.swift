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
    /// The beginning of that day; nil: NPM does not show when it expires.
    package var end: Timestamp?
    /// Negative: it has expired. nil: NPM does not show when it expires.
    package var daysLeft: Int?
    /// It ends within the days of a warning, and of an error.
    package var endsSoon: Bool
    package var isUrgent: Bool
    /// Domains or ports of the objects that use it.
    package var users: [String]
  }

  package let entries: [Entry]

  /// - Parameter days: before the end of a certificate, for a warning and an error.
  package init(_ observed: ObservedState, now: Timestamp, days: (warning: Int, error: Int)) {
    var users: [String: [String]] = [:]
    for object in observed.all {
      guard let name = object.spec["certificate"].stringValue, object.kind != .certificate else { continue }
      users[name, default: []].append(object.label)
    }
    entries = (observed.resources[.certificate] ?? []).sorted { $0.id < $1.id }.map { object in
      let name = observed.references.name(.certificate, object.id)
      let day = String((object.certificate?.expires ?? "").prefix(10))
      let end = Timestamp(iso8601: "\(day)T00:00:00Z")
      let left = end.map { Int((($0.seconds - now.seconds) / 86400).rounded(.up)) }
      return Entry(
        name: name, id: object.id, names: object.certificate?.names ?? [], expires: day, end: end,
        daysLeft: left, endsSoon: left.map { $0 <= days.warning } ?? false,
        isUrgent: left.map { $0 <= days.error } ?? false, users: users[name] ?? [])
    }
  }

  /// Certificates in use that expire soon.
  package var expiring: [Entry] { entries.filter { !$0.users.isEmpty && $0.endsSoon } }

  /// The same as warnings and errors.
  package var diagnostics: [Diagnostic] {
    expiring.compactMap { entry in
      guard let left = entry.daysLeft else { return nil }
      let when =
        left < 0 ? "ended on \(entry.expires)" : "ends on \(entry.expires), in \(left) day\(left == 1 ? "" : "s")"
      let more = entry.users.count > 1 ? " and \(entry.users.count - 1) more" : ""
      return Diagnostic(
        .certificateExpiring, "certificate '\(entry.name)' of \(entry.users[0])\(more) \(when)",
        hint: "renew it, and put the new files in place of the old ones", severity: entry.isUrgent ? .error : .warning)
    }
  }
}
