import FoundationEssentials
import Model

/// JSON with members in NPM's order, for clients that read by position.
enum OrderedJSON {
  static func encode(_ value: JSONValue) -> [UInt8] {
    var bytes: [UInt8] = []
    append(value, to: &bytes)
    return bytes
  }

  private static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .int(let number): bytes += String(number).utf8
    case .double(let number): bytes += String(number).utf8
    case .string(let text): append(text, to: &bytes)
    case .array(let items):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(item, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in ordered(members).enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(member.value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0x08: bytes += "\\b".utf8
      case 0x09: bytes += "\\t".utf8
      case 0x0a: bytes += "\\n".utf8
      case 0x0c: bytes += "\\f".utf8
      case 0x0d: bytes += "\\r".utf8
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        bytes += ("\\u00" + String(repeating: "0", count: 2 - digits.count) + digits).utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Members that are not database columns come first, by name.
  private static func ordered(_ members: [String: JSONValue]) -> [(key: String, value: JSONValue)] {
    let isStream = members["incoming_port"] != nil
    func rank(_ name: String) -> Int {
      // Only streams got their certificate column in a later release.
      isStream && name == "certificate_id" ? ranks["enabled", default: 0] + 1 : ranks[name] ?? -1
    }
    return members.sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }
  }

  private static let ranks = Dictionary(
    uniqueKeysWithValues: """
      id created_on modified_on user_id owner_user_id access_list_id is_deleted is_disabled email provider \
      name nice_name nickname avatar roles object_type object_id action description value address directive username \
      password domain_names expires_on incoming_port forwarding_host forwarding_port tcp_forwarding udp_forwarding path \
      forward_domain_name preserve_path forward_host forward_port forward_path certificate_id ssl_forced \
      caching_enabled block_exploits advanced_config meta hint allow_websocket_upgrade http2_support forward_scheme \
      forward_http_code enabled locations hsts_enabled hsts_subdomains trust_forwarded_proto satisfy_any pass_auth \
      proxy_host_count nginx_online nginx_err certificate owner access_list items clients proxy_hosts \
      redirection_hosts dead_hosts streams permissions user token expires status setup version major minor revision \
      error debug code message message_i18n stack previous
      """.split(separator: " ").enumerated().map { (String($1), 2 * $0) })
}
