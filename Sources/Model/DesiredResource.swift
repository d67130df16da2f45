/// One entry of the desired files. Immutable, and passed by reference: a plan looks at thousands of them.
package final class DesiredResource: Sendable {
  package enum Validation: String, Sendable { case enforce, warn, off }

  /// What only the operator decides; never sent to NPM.
  package struct Metadata: Sendable {
    package var description = ""
    package var labels: [String: String] = [:]
    package var validation = Validation.enforce
    package var lifecycle = Lifecycle()
    package var suspension: Suspension?
    /// nil: the resource has no `health`.
    package var check: HealthCheckSpec?
    /// The members of `slo`; null: the resource has none.
    package var objective = JSONValue.null
    /// Whether the daemon repairs drift; nil: `watch.self_heal` of the settings.
    package var selfHeals: Bool?
    /// Whether a certificate may be requested for it, where none fits.
    package var requestsCertificate = false
    /// All of them that were given, by their names in the files.
    package var fields: [String: JSONValue] = [:]

    package init() {}
  }

  package let key: ResourceKey
  /// Every field, defaults included, as written.
  package let spec: Spec
  /// The same in the form in which NPM keeps it.
  package let normalised: Spec
  /// Where its name stands.
  package let source: SourceLocation
  /// Where the value of each field stands that was written; those of list entries as `locations[0].path`.
  package let fieldSources: [String: FieldSource]
  /// The lines of its own mapping, its name's included; fields from defaults and `<<` stand elsewhere.
  package let lines: ClosedRange<Int>
  package let metadata: Metadata
  /// Its references are names in NPM, not in the YAML: it comes from the history.
  package let refersByNPMNames: Bool
  /// Of a certificate: the names that it covers and its end.
  package let certificate: CertificateInfo?
  /// The texts behind the fingerprints in its spec, by `SecretFingerprint.path`.
  package let secrets: [String: Secret]

  package init(
    key: ResourceKey, spec: Spec, source: SourceLocation, fieldSources: [String: FieldSource] = [:],
    lines: ClosedRange<Int>? = nil, metadata: Metadata = Metadata(), refersByNPMNames: Bool = false,
    certificate: CertificateInfo? = nil, secrets: [String: Secret] = [:]
  ) {
    self.key = key
    self.spec = spec
    normalised = spec.normalisedSharing()
    self.source = source
    self.fieldSources = fieldSources
    self.lines = lines ?? source.line...source.line
    self.metadata = metadata
    self.refersByNPMNames = refersByNPMNames
    self.certificate = certificate
    self.secrets = secrets
  }

  package var description: String { metadata.description }
  package var labels: [String: String] { metadata.labels }
  package var validation: Validation { metadata.validation }
  package var lifecycle: Lifecycle { metadata.lifecycle }
  package var suspension: Suspension? { metadata.suspension }
  package var check: HealthCheckSpec? { metadata.check }
  package var objective: JSONValue { metadata.objective }
  package var selfHeals: Bool? { metadata.selfHeals }
  package var requestsCertificate: Bool { metadata.requestsCertificate }

  /// Whether it has all these labels.
  package func carries(_ wanted: [String: String]) -> Bool { wanted.allSatisfy { labels[$0.key] == $0.value } }

  /// The same with another spec.
  package func with(spec: Spec) -> DesiredResource {
    DesiredResource(
      key: key, spec: spec, source: source, fieldSources: fieldSources, lines: lines, metadata: metadata,
      refersByNPMNames: refersByNPMNames, certificate: certificate, secrets: secrets)
  }

  /// The same from another place.
  package func with(source: SourceLocation, fieldSources: [String: FieldSource]) -> DesiredResource {
    DesiredResource(
      key: key, spec: spec, source: source, fieldSources: fieldSources, lines: lines, metadata: metadata,
      refersByNPMNames: refersByNPMNames, certificate: certificate, secrets: secrets)
  }
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

  /// The same without the places of fields, which are half of its memory.
  package var withoutPlaces: DesiredState {
    DesiredState(resources: resources.map { $0.with(source: $0.source, fieldSources: [:]) }, fileCount: fileCount)
  }
}
