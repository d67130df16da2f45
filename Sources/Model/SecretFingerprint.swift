/// What stands in a spec for a secret text, as `s***** 3f9a21c0`: NPM's own hint at it, its first letter and its length,
/// and a digest that only the owner of the store can make. NPM gives nothing but the hint back.
package enum SecretFingerprint {
  /// The hint that NPM shows for a text.
  package static func hint(_ secret: Secret) -> String {
    // NPM counts as JavaScript does: half a character of several units is no character.
    let units = Array(secret.reveal().utf16)
    return String(decoding: units.prefix(1), as: UTF16.self) + String(repeating: "*", count: max(0, units.count - 1))
  }

  package static func seal(_ secret: Secret, digest: String) -> String { "\(hint(secret)) \(digest)" }

  /// The hint in a seal, or the hint itself.
  package static func hint(of seal: String) -> String {
    // The first letter may be a space.
    guard let first = seal.first else { return "" }
    return String(first) + seal.dropFirst().prefix { $0 == "*" }
  }

  /// Where the secret of an entry of a list stands, by the entry's key.
  package static func path(_ list: String, _ key: String, _ field: String) -> String { "\(list)/\(key)/\(field)" }
}

extension Spec {
  /// Fields that are lists whose entries hold secrets: the field, the name of the key, the names of the secrets.
  package static func sealedLists(_ schema: ResourceSchema) -> [(field: String, key: String, secrets: [String])] {
    schema.fields.compactMap { field in
      guard case .list(let members, let key, _) = field.type else { return nil }
      let secrets = members.filter { if case .secret = $0.type { true } else { false } }.map(\.name)
      return secrets.isEmpty ? nil : (field.name, key, secrets)
    }
  }

  /// Every seal replaced by what `change` makes of it; it gets the place of the secret and the seal.
  package func mapSeals(_ change: (String, String) -> String) -> Spec {
    var copy = self
    for (field, key, secrets) in Self.sealedLists(schema) {
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

  /// With the seals of `known` where this one has only NPM's hints, and the hints fit: nobody can tell more.
  package func unmasked(by known: Spec?) -> Spec {
    guard let known else { return self }
    var seals: [String: String] = [:]
    _ = known.mapSeals { path, seal in
      seals[path] = seal
      return seal
    }
    guard !seals.isEmpty else { return self }
    return mapSeals { path, hint in
      guard let seal = seals[path], SecretFingerprint.hint(of: seal) == hint else { return hint }
      return seal
    }
  }

  /// For whoever reads it: of a secret only whether it is another one than beside it.
  package func masked(beside other: Spec) -> Spec {
    var seals: [String: String] = [:]
    _ = other.mapSeals { path, seal in
      seals[path] = seal
      return seal
    }
    return mapSeals { path, seal in seal.isEmpty ? "" : seals[path] == seal ? "(set)" : "(new)" }
  }

  /// With hints alone, which are NPM's, and the same wherever it is looked at from.
  package var withoutDigests: Spec { mapSeals { SecretFingerprint.hint(of: $1) } }
}
