package import Model
import Platform
import X509

/// A user account. Passwords are stored in clear text: this is only a simulator.
struct SimulatedUser: Codable {
  var id: Int
  var email: String
  var name: String
  var nickname: String
  var avatar: String
  var roles: [String]
  var isDisabled: Bool
  var isDeleted = false
  var secret: String?
  var permissions: [String: String]
  var createdOn: String
  var modifiedOn: String

  var isAdmin: Bool { roles.contains("admin") }

  /// The user as other objects show it. Some relations of NPM include `isDeleted`, others do not.
  func json(withDeleted: Bool = false) -> JSONValue {
    var members: [String: JSONValue] = [
      "id": .int(id), "created_on": .string(createdOn), "modified_on": .string(modifiedOn),
      "is_disabled": .bool(isDisabled), "email": .string(email), "name": .string(name), "nickname": .string(nickname),
      "avatar": .string(avatar), "roles": .array(roles.map { .string($0) }),
    ]
    if withDeleted { members["is_deleted"] = .bool(isDeleted) }
    return .object(members)
  }

  /// With permissions, as some routes return them.
  var detailed: JSONValue { .object((json().objectValue ?? [:]).merging(["permissions": permissionsJSON]) { $1 }) }

  var permissionsJSON: JSONValue { .object(permissions.mapValues { .string($0) }) }

  static func permissions(isAdmin: Bool) -> [String: String] {
    var all = ["visibility": isAdmin ? "all" : "user"]
    for kind in ["proxy_hosts", "redirection_hosts", "dead_hosts", "streams", "access_lists", "certificates"] {
      all[kind] = "manage"
    }
    return all
  }
}

/// One table: rows by id; ids are never reused.
struct Table: Codable {
  var rows: [Int: [String: JSONValue]] = [:]
  var nextID = 1

  mutating func insert(_ row: [String: JSONValue]) -> Int {
    let id = nextID
    nextID += 1
    rows[id] = row
    rows[id]?["id"] = .int(id)
    return id
  }
}

/// The whole state of the simulated NPM. Codable, so that `--data` can store it.
package struct SimulatorState: Codable {
  package enum Start: String, Codable, Sendable { case freshAdmin = "fresh-admin", unconfigured }
  package enum Nginx: String, Codable, Sendable { case ok, broken, stopped }

  var users: [SimulatedUser] = []
  var hosts: [HostKind: Table] = Dictionary(uniqueKeysWithValues: HostKind.allCases.map { ($0, Table()) })
  var certificates = Table()
  var accessLists = Table()
  /// Users and addresses of access lists have separate id sequences.
  var nextItemID = 1
  var nextClientID = 1
  var auditLog: [[String: JSONValue]] = []
  var nginx = SimulatedNginx()
  var defaultSite: [String: JSONValue] = ["value": "congratulations", "meta": [:]]
  /// Whether requests to Let's Encrypt succeed. Without internet they fail.
  var issuesCertificates = false

  package init(_ start: Start, now: Timestamp) {
    guard start == .freshAdmin else { return }
    users = [
      SimulatedUser(
        id: 1, email: "admin@example.com", name: "Administrator", nickname: "Admin", avatar: "", roles: ["admin"],
        isDisabled: false, secret: "changeme", permissions: SimulatedUser.permissions(isAdmin: true),
        createdOn: now.sqlText, modifiedOn: now.sqlText)
    ]
  }

  /// SHA-256 of the uploaded certificates, by id.
  var fingerprints: [Int: String] {
    certificates.rows.compactMapValues { row in
      let text = row["meta"]?["certificate"].stringValue
      return text.flatMap { try? CertificateChain(pem: Array($0.utf8)) }?.fingerprint
    }
  }

  var isSetUp: Bool { users.contains { !$0.isDeleted } }

  func user(_ id: Int) -> SimulatedUser? { users.first { $0.id == id && !$0.isDeleted } }
}
