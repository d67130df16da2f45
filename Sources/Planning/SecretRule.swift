import Model

/// Blocks changes that need a secret that is not available: NPM does not return passwords and keys, and the store never
/// has them.
enum SecretRule {
  static func apply(to changes: inout [Change]) {
    for index in changes.indices {
      guard let spec = changes[index].desired, !changes[index].isBlocked, let missing = missing(changes[index], spec)
      else { continue }
      changes[index].block(
        BlockReason(
          .secretMissing, "it needs \(missing), which neither NPM nor the store gives away",
          hint: "write it into the YAML, where the secret or the file is named, and apply", holder: changes[index].id))
    }
  }

  private static func missing(_ change: Change, _ spec: Spec) -> String? {
    let writes = change.action == .create || change.changesValues
    guard writes else { return nil }
    let seen = change.observed?.normalised.unmasked(by: change.entry?.applied ?? spec)
    var known: Set<String> = []
    _ = seen?.mapSeals { path, seal in
      known.insert("\(path) \(seal)")
      return seal
    }
    var found: String?
    _ = spec.mapSeals { path, seal in
      if change.secrets[path] == nil, !known.contains("\(path) \(seal)") {
        found = found ?? "the password of '\(path.split(separator: "/").dropFirst().first ?? "")'"
      }
      return seal
    }
    if let found { return found }
    for field in spec.schema.fields {
      if case .pem = field.type, !spec[field.name].isNull, spec[field.name] != seen?[field.name],
        change.secrets[field.name] == nil
      {
        return "the file of '\(field.name)'"
      }
    }
    if change.action == .create, !spec["dns"].isNull, change.secrets["dns/credentials"] == nil {
      return "the credentials of the DNS provider"
    }
    return nil
  }
}
