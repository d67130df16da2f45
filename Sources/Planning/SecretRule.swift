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
          hint: "name it in the YAML, as { env: NAME } or { file: path }, and apply", holder: changes[index].id))
    }
    protectSources(&changes)
  }

  /// What has passwords that a blocked create is to keep stays: it may be the same object under another name, and nothing
  /// else has them.
  private static func protectSources(_ changes: inout [Change]) {
    let blocked = changes.filter { $0.isBlocked && $0.observed == nil && $0.desired?.keepsSecrets == true }
    guard !blocked.isEmpty else { return }
    for index in changes.indices where changes[index].action.isRemoval {
      guard let object = changes[index].observed else { continue }
      let users = object.normalised.secretPaths
      let taker = blocked.first { create in
        create.key.kind == object.kind && create.desired.map { !$0.secretPaths.isDisjoint(with: users) } == true
      }
      guard let taker else { continue }
      let name = object.nameInNPM ?? object.label
      changes[index].block(
        BlockReason(
          .secretMissing, "it stays: '\(taker.key.name)' is to keep passwords that only it has",
          hint: "if that is its new name, write 'name: \(name)' at '\(taker.key.name)'; else give the passwords there",
          holder: object.id))
    }
  }

  private static func missing(_ change: Change, _ spec: Spec) -> String? {
    let writes = change.action == .create || change.changesValues
    guard writes else { return nil }
    let seen = change.observed?.normalised.unmasked(by: change.entry?.applied ?? spec)
    var known: Set<String> = []
    _ = seen?.mapFingerprints { path, fingerprint in
      known.insert("\(path) \(fingerprint)")
      return fingerprint
    }
    var found: String?
    _ = spec.mapFingerprints { path, fingerprint in
      if change.secrets[path] == nil, !known.contains("\(path) \(fingerprint)") {
        let kept = fingerprint == SecretFingerprint.kept ? " (keep: true, but NPM has none)" : ""
        found = found ?? "the password of '\(path.split(separator: "/").dropFirst().first ?? "")'\(kept)"
      }
      return fingerprint
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
