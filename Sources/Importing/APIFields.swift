import Model
import YAML

/// Reads mappings whose members have the names of NPM's API, as most tools keep them.
struct APIFields {
  let kind: ResourceSchema
  /// Our names for members with other names.
  var renames: [String: String] = [:]
  /// Members that the caller reads itself.
  var others: Set<String> = []

  /// What NPM or a tool keeps for itself.
  private static let housekeeping: Set<String> = [
    "id", "meta", "created_on", "modified_on", "expires_on", "owner_user_id", "is_deleted", "nginx_online",
    "nginx_err", "use_default_location", "ipv6",
  ]

  func read(_ node: ImportNode, into object: inout ImportedObject, _ draft: inout ImportDraft) {
    for (key, value) in node.entries where !value.isNull && !others.contains(key) {
      let name = renames[key] ?? key
      if Self.housekeeping.contains(name) { continue }
      if readReference(name, value, into: &object) { continue }
      guard let field = kind.fields.first(where: { $0.name == name }) else {
        draft.note("'\(key)' of \(object.origin) has no field here: it is left out", at: value.place)
        continue
      }
      guard let read = self.value(value, field, object.origin, &draft) else {
        object.gaps.append("its '\(key)' cannot be read: it is \(value.node.shape)")
        continue
      }
      object.fields[name] = read
    }
  }

  /// `certificate_id: 3` and `certificate_ref: cert.app`.
  private func readReference(_ name: String, _ value: ImportNode, into object: inout ImportedObject) -> Bool {
    for field in kind.references.map(\.field) {
      if name == "\(field)_ref" {
        if let identity = value.text {
          object.references[field] = .identity(identity)
        } else {
          object.gaps.append("its '\(name)' is no text")
        }
        return true
      }
      guard name == "\(field)_id" else { continue }
      if let number = value.number {
        if number != 0 { object.references[field] = .number(number) }
      } else if value.text?.isEmpty != true {
        object.gaps.append("its '\(name)' is no number")
      }
      return true
    }
    return false
  }

  private func value(
    _ node: ImportNode, _ field: FieldSchema, _ origin: String, _ draft: inout ImportDraft
  ) -> JSONValue? {
    switch field.type {
    case .bool: return node.flag.map { .bool($0) }
    case .integer, .port: return node.number.map { .int($0) }
    case .domains: return node.texts.map { .array($0.map { .string($0) }) }
    case .list(let fields, _, _):
      guard node.isList else { return nil }
      let entries = node.items.map { members($0, fields, origin, &draft) }
      let whole = entries.compactMap(\.self)
      return whole.count == entries.count ? .array(whole.map { .object($0) }) : nil
    // Never the text itself: the files go to git.
    case .secret: return .string("")
    default:
      guard let text = node.text else { return nil }
      return .string(field.wireWords.first { $0.value == text }?.key ?? text)
    }
  }

  /// nil: a value has another shape.
  private func members(
    _ node: ImportNode, _ fields: [FieldSchema], _ origin: String, _ draft: inout ImportDraft
  ) -> [String: JSONValue]? {
    guard node.isMapping else { return nil }
    var result: [String: JSONValue] = [:]
    for (key, value) in node.entries where !value.isNull {
      guard let field = fields.first(where: { $0.name == key }) else {
        if !Self.housekeeping.contains(key) && key != "hint" {
          draft.note("'\(key)' of \(origin) has no field here: it is left out", at: value.place)
        }
        continue
      }
      guard let read = self.value(value, field, origin, &draft) else { return nil }
      result[key] = read
    }
    return result
  }
}

/// A certificate that is requested of Let's Encrypt, whose members have the names of NPM's API.
enum RequestedCertificate {
  /// - Parameter nodes: where its members are; the first that has one counts.
  static func read(_ nodes: [ImportNode], into object: inout ImportedObject) {
    func member(_ key: String) -> ImportNode? {
      nodes.lazy.compactMap { $0[key] }.first { !$0.isNull }
    }
    object.fields["provider"] = "letsencrypt"
    object.fields["domain_names"] = .array((member("domain_names")?.items ?? []).compactMap(\.text).map { .string($0) })
    for key in ["key_type", "letsencrypt_email"] {
      if let text = member(key)?.text { object.fields[key] = .string(text) }
    }
    if let provider = member("dns_provider")?.text, !provider.isEmpty {
      let seconds = member("propagation_seconds")?.number ?? 0
      object.fields["dns"] = [
        "provider": .string(provider), "credentials": "",
        "propagation_seconds": seconds > 0 ? .int(seconds) : .null,
      ]
    } else if member("dns_challenge")?.flag == true {
      object.gaps.append("its file does not say which DNS provider proves its names")
    }
  }
}
