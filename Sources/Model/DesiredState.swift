/// What a destination must answer, and how often it is asked.
package struct CheckRule: Hashable, Sendable {
  package var path = "/"
  package var method = "GET"
  package var headers: [CheckHeader] = []
  package var statuses = StatusSet(100...499)
  /// Members that the answer's JSON must have; nil: any answer will do.
  package var json: JSONValue?
  /// Seconds between checks; nil: as the settings say.
  package var interval: Double?
  /// Seconds for an answer; nil: as the settings say.
  package var timeout: Double?

  package init() {}
}

/// A header of a check. Its value may be a secret, and is never shown.
package struct CheckHeader: Hashable, Sendable {
  package var name: String
  package var value: Secret

  package init(_ name: String, _ value: Secret) {
    self.name = name
    self.value = value
  }
}

/// What one entry in the desired files asks for.
package struct DesiredResource: Sendable {
  package enum Validation: String, Sendable { case enforce, warn, off }

  package var key: ResourceKey
  /// Every field, defaults included, as written: not yet normalised.
  package var spec: Spec
  /// Where its name stands.
  package var source: SourceLocation
  /// Where the value of each field stands that was written; those of list entries as `locations[0].path`.
  package var fieldSources: [String: FieldSource]
  /// The lines of its own mapping, its name's included; fields from defaults and `<<` stand elsewhere.
  package var lines: ClosedRange<Int>
  package var description: String
  package var labels: [String: String]
  package var validation: Validation
  package var lifecycle: Lifecycle
  package var suspension: Suspension?
  /// nil: nothing is said of it.
  package var check: CheckRule?
  /// The members of `slo`; null: nothing is said of it.
  package var objective = JSONValue.null
  /// Whether the daemon repairs drift; nil: as the settings say.
  package var selfHeals: Bool?
  /// Its references are names of NPM, not of the YAML: it comes from what NPM once had.
  package var refersByNPMNames = false
  /// Whether a certificate may be requested for it, where none fits.
  package var requestsCertificate = false
  /// Of a certificate: what it is good for.
  package var certificate: CertificateInfo?
  /// The texts behind the seals in its spec, by `SecretFingerprint.path`.
  package var secrets: [String: Secret]

  package init(
    key: ResourceKey, spec: Spec, source: SourceLocation, fieldSources: [String: FieldSource] = [:],
    lines: ClosedRange<Int>? = nil, description: String = "", labels: [String: String] = [:],
    validation: Validation = .enforce, lifecycle: Lifecycle = Lifecycle(), suspension: Suspension? = nil,
    secrets: [String: Secret] = [:]
  ) {
    self.key = key
    self.spec = spec
    self.source = source
    self.fieldSources = fieldSources
    self.lines = lines ?? source.line...source.line
    self.description = description
    self.labels = labels
    self.validation = validation
    self.lifecycle = lifecycle
    self.suspension = suspension
    self.secrets = secrets
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

  /// The same, without where each field stands.
  package var withoutPlaces: DesiredState {
    var bare = self
    for index in bare.resources.indices { bare.resources[index].fieldSources = [:] }
    return bare
  }
}
