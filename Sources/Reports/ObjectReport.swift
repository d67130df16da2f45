package import Model

/// An object, as the files want it, as NPM has it, or both: an entry of `list`.
package struct ObjectReport: Codable, Hashable, Sendable {
  /// Whose it is.
  package enum Manager: String, Codable, CaseIterable, Sendable {
    case ours
    /// Of another owner.
    case other
    /// Made by hand.
    case unmanaged
    /// It is in the files only.
    case missing
  }

  /// How the files and NPM differ.
  package enum Sync: String, Codable, CaseIterable, Sendable {
    case inSync = "in_sync"
    case drifted, pending, blocked
    case heldBack = "held_back"
    /// As the files say, and without an owner: `adopt` takes it over.
    case adoptable
    /// The files say nothing of it.
    case none
  }

  package struct Certificate: Codable, Hashable, Sendable {
    package var name: String
    @Nullable package var expires: String?
    @Nullable package var daysLeft: Int?

    private enum CodingKeys: String, CodingKey {
      case name, expires
      case daysLeft = "days_left"
    }
  }

  package var kind: ResourceKind
  /// Its name in the files; of others NPM's own, or its first domain or port.
  package var name: String
  @Nullable package var id: Int?
  package var managed: Manager
  @Nullable package var owner: String?
  /// Domains, or ports such as `tcp/2222`.
  package var domainNames: [String]
  package var destination: String
  /// null: nothing checks it.
  @Nullable package var health: Health?
  package var sync: Sync
  /// What is to be done, or why it is not.
  @Nullable package var reason: String?
  @Nullable package var certificate: Certificate?
  package var enabled: Bool
  package var labels: [String: String]
  /// As `--label` takes them, by key.
  package var labelTexts: [String] { labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }
  @Nullable package var source: LocationReport?

  private enum CodingKeys: String, CodingKey {
    case kind, name, id, managed, owner, destination, health, sync, reason, certificate, enabled, labels, source
    case domainNames = "domain_names"
  }
}

/// What `list` prints.
package struct ObjectListReport: Codable, Hashable, Sendable {
  package var formatVersion = "1"
  package var objects: [ObjectReport]

  private enum CodingKeys: String, CodingKey {
    case objects
    case formatVersion = "format_version"
  }

  package init(_ objects: [ObjectReport]) { self.objects = objects }
}
