import Hashing
import Model

/// Replaces secrets in the desired state by fingerprints: only these are compared and stored, never the text.
struct SecretFingerprinter {
  /// Belongs to the store: without it, the same fingerprints cannot be computed.
  let key: [UInt8]

  func fingerprinted(_ desired: DesiredState) -> DesiredState {
    var fingerprinted = desired
    fingerprinted.resources = desired.resources.map { resource in
      guard !resource.secrets.isEmpty else { return resource }
      let spec = resource.spec.mapFingerprints { path, hint in
        guard let secret = resource.secrets[path] else { return hint }
        let text = "\(resource.key.path)/\(path)\u{0}\(secret.reveal())"
        return SecretFingerprint.make(secret, digest: KeyedDigest.short(Array(text.utf8), key: key))
      }
      return resource.with(spec: spec)
    }
    return fingerprinted
  }
}
