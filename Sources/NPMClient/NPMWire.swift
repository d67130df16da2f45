import Model

/// A proxy host as NPM sends it. Absent: this release does not have the field.
struct HostRow: Decodable {
  var id: Int
  var created_on: String
  var modified_on: String
  var domain_names: [String]
  var forward_scheme: String
  var forward_host: String
  var forward_port: Int
  var certificate_id: Int
  var access_list_id: Int
  var ssl_forced: Bool
  var http2_support: Bool
  var hsts_enabled: Bool
  var hsts_subdomains: Bool
  var trust_forwarded_proto: Bool?
  var caching_enabled: Bool
  var block_exploits: Bool
  var allow_websocket_upgrade: Bool
  var locations: [JSONValue]?
  var advanced_config: String?
  var enabled: Bool
  var meta: [String: JSONValue]
}

/// What of the answer to a create is believed: everything else is read back.
struct CreatedRow: Decodable {
  var id: Int
}

/// Any host of which only the domains matter.
struct HolderRow: Decodable {
  var id: Int
  var domain_names: [String]
}

/// What of a certificate is read. The list also carries its private key, which is never decoded.
struct CertificateRow: Decodable {
  var id: Int
  var nice_name: String
}

struct AccessListRow: Decodable {
  var id: Int
  var name: String
}

struct AuditRow: Decodable {
  struct User: Decodable { var email: String? }
  var created_on: String
  var object_type: String
  var object_id: Int
  var action: String
  var user: User?
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
