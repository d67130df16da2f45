/// A release of Nginx Proxy Manager.
package struct NPMVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var major: Int
  package var minor: Int
  package var revision: Int

  package init(_ major: Int, _ minor: Int, _ revision: Int) {
    self.major = major
    self.minor = minor
    self.revision = revision
  }

  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let major = parts[0], let minor = parts[1], let revision = parts[2] else { return nil }
    self.init(major, minor, revision)
  }

  /// The releases whose responses were recorded, and those between them.
  package static let observed = NPMVersion(2, 12, 6)...NPMVersion(2, 15, 1)

  package static func < (left: NPMVersion, right: NPMVersion) -> Bool {
    (left.major, left.minor, left.revision) < (right.major, right.minor, right.revision)
  }
  package var description: String { "\(major).\(minor).\(revision)" }
}
