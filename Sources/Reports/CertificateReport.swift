import Model
package import Reconciler

/// A certificate in NPM, as JSON.
package struct CertificateReport: Codable, Hashable, Sendable {
  package var name: String
  package var id: Int
  package var domainNames: [String]
  /// A day, as `2027-02-19`.
  package var expires: String
  /// Negative: it has expired; null: NPM does not report it.
  @Nullable package var daysLeft: Int?
  package var usedBy: [String]
  package var orphaned: Bool

  private enum CodingKeys: String, CodingKey {
    case name, id, expires, orphaned
    case domainNames = "domain_names"
    case daysLeft = "days_left"
    case usedBy = "used_by"
  }

  package init(_ entry: CertificateInventory.Entry) {
    name = entry.name
    id = entry.id.number
    domainNames = entry.names
    expires = entry.expires
    _daysLeft = Nullable(wrappedValue: entry.daysLeft)
    usedBy = entry.users
    orphaned = entry.users.isEmpty
  }
}

/// What `certificates` prints.
package struct CertificateListReport: Codable, Hashable, Sendable {
  package var formatVersion = "1"
  package var certificates: [CertificateReport]

  private enum CodingKeys: String, CodingKey {
    case certificates
    case formatVersion = "format_version"
  }

  package init(_ entries: [CertificateInventory.Entry]) { certificates = entries.map(CertificateReport.init) }
}
