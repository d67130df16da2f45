/// What one entry in the desired files asks for.
package struct DesiredResource: Sendable {
  package enum Validation: String, Sendable { case enforce, warn, off }

  package var key: ResourceKey
  /// Every field, defaults included, as written: not yet normalised.
  package var spec: Spec
  /// Where its name stands.
  package var source: SourceLocation
  /// Where each field that was written stands; the location of the value.
  package var fieldSources: [String: SourceLocation]
  package var description: String
  package var labels: [String: String]
  package var validation: Validation

  package init(
    key: ResourceKey, spec: Spec, source: SourceLocation, fieldSources: [String: SourceLocation] = [:],
    description: String = "", labels: [String: String] = [:], validation: Validation = .enforce
  ) {
    self.key = key
    self.spec = spec
    self.source = source
    self.fieldSources = fieldSources
    self.description = description
    self.labels = labels
    self.validation = validation
  }

  /// Whether it has all these labels.
  package func carries(_ wanted: [String: String]) -> Bool { wanted.allSatisfy { labels[$0.key] == $0.value } }
}

/// Everything that the desired files ask for.
package struct DesiredState: Sendable {
  package var resources: [DesiredResource]
  /// Files that were read.
  package var fileCount: Int

  package init(resources: [DesiredResource] = [], fileCount: Int = 0) {
    self.resources = resources
    self.fileCount = fileCount
  }
}
