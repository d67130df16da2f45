/// The expected response of a destination, and the check interval.
package struct CheckRule: Hashable, Sendable {
  package var path = "/"
  package var method = "GET"
  package var headers: [CheckHeader] = []
  package var statuses = StatusSet(100...499)
  /// Members that the response's JSON must have; nil: any response passes.
  package var json: JSONValue?
  /// Seconds between checks; nil: the default in the settings.
  package var interval: Double?
  /// Timeout in seconds; nil: the default in the settings.
  package var timeout: Double?

  package init() {}
}

/// A header of a check. Its value may be a secret and is never shown.
package struct CheckHeader: Hashable, Sendable {
  package var name: String
  package var value: Secret

  package init(_ name: String, _ value: Secret) {
    self.name = name
    self.value = value
  }
}

/// One entry of the desired files.
package struct DesiredResource: Sendable {
  package enum Validation: String, Sendable { case enforce, warn, off }

  package var key: ResourceKey
  /// Every field as written, with defaults; not yet normalised.
  package var spec: Spec
  /// The position of its name.
  package var source: SourceLocation
  /// The positions of the field values that are written; those of list entries as `locations[0].path`.
  package var fieldSources: [String: FieldSource]
  /// The lines of its own mapping, including its name; fields from defaults and `<<` are elsewhere.
  package var lines: ClosedRange<Int>
  package var description: String
  package var labels: [String: String]
  package var validation: Validation
  package var lifecycle: Lifecycle
  package var suspension: Suspension?
  /// nil: not configured.
  package var check: CheckRule?
  /// The members of `slo`; null: not configured.
  package var objective = JSONValue.null
  /// Whether the daemon repairs drift; nil: the default in the settings.
  package var selfHeals: Bool?
  /// Whether its references are NPM's names instead of the YAML's: it was built from an earlier state of NPM.
  package var refersByNPMNames = false
  /// Whether a certificate may be requested for it if none matches.
  package var requestsCertificate = false
  /// Of a certificate: its names and expiry.
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

/// The content of all desired files.
package struct DesiredState: Sendable {
  package var resources: [DesiredResource]
  /// The number of files read.
  package var fileCount: Int

  package init(resources: [DesiredResource] = [], fileCount: Int = 0) {
    self.resources = resources
    self.fileCount = fileCount
  }

  /// A copy without the field positions.
  package var withoutPlaces: DesiredState {
    var bare = self
    for index in bare.resources.indices { bare.resources[index].fieldSources = [:] }
    return bare
  }
}
