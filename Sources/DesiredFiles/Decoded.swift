package import Model
package import X509

/// A value out of a file, and where it stood.
package struct DecodedValue: Sendable {
  package var value: JSONValue
  package var source: FieldSource
  /// Where the items of a list stood.
  package var items: [SourceLocation] = []
  /// Where the fields of its entries stood, as `[0].path`.
  package var parts: [String: FieldSource] = [:]
  /// The texts of secrets in it, by `SecretFingerprint.path` without its first part.
  package var secrets: [String: Secret] = [:]
  /// What a file in PEM form holds.
  package var chain: CertificateChain?
  package var key: PrivateKey?

  package var location: SourceLocation { source.location }
}

/// The fields of one mapping by name.
package typealias DecodedFields = [String: DecodedValue]
