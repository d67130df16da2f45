import Model

/// The part of a create response that is used; everything else is read back.
struct CreatedRow: Decodable {
  var id: Int
}

struct AuditRow: Decodable {
  struct User: Decodable { var email: String? }
  var id: Int
  var created_on: String
  var object_type: String
  var object_id: Int
  var action: String
  var user: User?
  var meta: JSONValue?
}

struct HealthRow: Decodable {
  struct Version: Decodable {
    var major: Int
    var minor: Int
    var revision: Int
  }
  var status: String
  /// NPM before 2.13 has no such key and is always set up.
  var setup: Bool?
  var version: Version
}

/// Read only to export the files: it contains a private key.
struct UploadsRow: Decodable {
  var meta: [String: JSONValue]?
}
