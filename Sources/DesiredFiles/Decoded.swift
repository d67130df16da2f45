package import Model
package import X509

/// A value from a file with its position.
package struct DecodedValue: Sendable {
  package var value: JSONValue
  package var source: FieldSource
  /// Positions of the items of a list.
  package var items: [SourceLocation] = []
  /// Positions of the fields of its entries, as `[0].path`.
  package var parts: [String: FieldSource] = [:]
  /// The secret texts in it, by `SecretFingerprint.path` without its first part.
  package var secrets: [String: Secret] = [:]
  /// The content of a PEM file.
  package var chain: CertificateChain?
  package var key: PrivateKey?

  package var location: SourceLocation { source.location }
}

/// The fields of one mapping by name.
package typealias DecodedFields = [String: DecodedValue]
