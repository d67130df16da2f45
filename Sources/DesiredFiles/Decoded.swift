package import Model

/// A value out of a file, and where it stood.
package struct DecodedValue: Sendable {
  package var value: JSONValue
  package var location: SourceLocation
  /// Where the items of a list stood.
  package var items: [SourceLocation] = []
}

/// The fields of one mapping by name.
package typealias DecodedFields = [String: DecodedValue]
