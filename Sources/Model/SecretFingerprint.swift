/// Replaces a secret text in a spec, as `s***** 3f9a21c0`. It has NPM's own hint (first letter and length)
/// and a digest that only the owner of the store can compute. NPM returns nothing but the hint; the store keeps nothing
/// but the digest.
package enum SecretFingerprint {
  /// NPM's hint for a text.
  package static func hint(_ secret: Secret) -> String {
    // NPM counts UTF-16 units as JavaScript does: half of a surrogate pair becomes a replacement character.
    let units = Array(secret.reveal().utf16)
    return String(decoding: units.prefix(1), as: UTF16.self) + String(repeating: "*", count: max(0, units.count - 1))
  }

  /// In place of a fingerprint: whatever NPM has. No text has it: a hint is one character and asterisks.
  package static let kept = "keep"

  package static func make(_ secret: Secret, digest: String) -> String { "\(hint(secret)) \(digest)" }

  /// The hint in a fingerprint, or the hint itself.
  package static func hint(of fingerprint: String) -> String {
    // The first letter may be a space.
    guard let first = fingerprint.first else { return "" }
    return String(first) + fingerprint.dropFirst().prefix { $0 == "*" }
  }

  /// The digest of a text that is known; nil: NPM's hint alone.
  package static func digest(of fingerprint: String) -> String? {
    if fingerprint.hasPrefix(storedPrefix) {
      let digest = fingerprint.dropFirst(storedPrefix.count)
      return digest.isEmpty ? nil : String(digest)
    }
    let rest = fingerprint.dropFirst(hint(of: fingerprint).count)
    return rest.hasPrefix(" ") ? String(rest.dropFirst()) : nil
  }

  /// No hint begins with it: its second character is an asterisk.
  private static let storedPrefix = "digest:"

  /// The form of the store: a hint would give away the first letter and the length.
  package static func stored(_ fingerprint: String) -> String {
    if isStored(fingerprint) || fingerprint == kept { return fingerprint }
    return storedPrefix + (digest(of: fingerprint) ?? "")
  }

  package static func isStored(_ fingerprint: String) -> Bool { fingerprint.hasPrefix(storedPrefix) }

  /// The path of a secret in a list entry, by the entry's key.
  package static func path(_ list: String, _ key: String, _ field: String) -> String {
    "\(list)/\(path(key, field))"
  }

  /// The same below its list. Different keys give different paths, also those that look alike: what is not ASCII is
  /// written as its code.
  package static func path(_ key: String, _ field: String) -> String {
    guard key.utf8.contains(where: { $0 >= 0x80 }) else { return "\(key)/\(field)" }
    let exact = key.unicodeScalars.map { $0.isASCII ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    return "\(exact)/\(field)"
  }
}

extension Spec {
  /// List fields whose entries contain secrets: the field, the name of the key, the names of the secrets.
  package static func listsWithSecrets(_ schema: ResourceSchema) -> [(field: String, key: String, secrets: [String])] {
    schema.fields.compactMap { field in
      guard case .list(let members, let key, _) = field.type else { return nil }
      let secrets = members.filter { if case .secret = $0.type { true } else { false } }.map(\.name)
      return secrets.isEmpty ? nil : (field.name, key, secrets)
    }
  }

  /// Replaces every fingerprint with the result of `change`, which gets the path of the secret and the fingerprint.
  package func mapFingerprints(_ change: (String, String) -> String) -> Spec {
    var copy = self
    for (field, key, secrets) in Self.listsWithSecrets(schema) {
      let entries = (self[field].arrayValue ?? []).map { entry -> JSONValue in
        var members = entry.objectValue ?? [:]
        let name = members[key]?.stringValue ?? ""
        for secret in secrets {
          members[secret] = .string(
            change(SecretFingerprint.path(field, name, secret), members[secret]?.stringValue ?? ""))
        }
        return .object(members)
      }
      copy[field] = .array(entries)
    }
    return copy
  }

  /// Where its secrets are.
  package var secretPaths: Set<String> {
    var found: Set<String> = []
    _ = mapFingerprints { path, fingerprint in
      found.insert(path)
      return fingerprint
    }
    return found
  }

  /// Whether one of its secrets is to stay as NPM has it.
  package var keepsSecrets: Bool {
    var found = false
    _ = mapFingerprints { _, fingerprint in
      found = found || fingerprint == SecretFingerprint.kept
      return fingerprint
    }
    return found
  }

  /// Replaces NPM's hints with the fingerprints of `known` that match them: no better comparison is possible.
  package func unmasked(by known: Spec?) -> Spec {
    guard let known else { return self }
    var fingerprints: [String: String] = [:]
    _ = known.mapFingerprints { path, fingerprint in
      fingerprints[path] = fingerprint
      return fingerprint
    }
    guard !fingerprints.isEmpty else { return self }
    return mapFingerprints { path, hint in
      guard let fingerprint = fingerprints[path], SecretFingerprint.hint(of: fingerprint) == hint else { return hint }
      return fingerprint
    }
  }

  /// For display: each secret is shown only as set or new, compared with `other`.
  package func masked(beside other: Spec) -> Spec {
    var fingerprints: [String: String] = [:]
    _ = other.mapFingerprints { path, fingerprint in
      fingerprints[path] = fingerprint
      return fingerprint
    }
    return mapFingerprints { path, fingerprint in
      fingerprint.isEmpty ? "" : fingerprints[path] == fingerprint ? "(set)" : "(new)"
    }
  }

  /// In the form of the store.
  package var withoutHints: Spec { mapFingerprints { SecretFingerprint.stored($1) } }

  /// With NPM's hints only, which do not depend on the store's key.
  package var withoutDigests: Spec { mapFingerprints { SecretFingerprint.hint(of: $1) } }
}
