/// What a destination must answer, and how often it is checked.
package struct HealthCheckSpec: Hashable, Sendable {
  package var path = "/"
  /// GET or HEAD.
  package var method = "GET"
  package var headers: [CheckHeader] = []
  /// A login page or a missing index is a service that answers; from 500 on it is one in trouble.
  package var statuses = StatusSet(100...499)
  /// Members that the answer's JSON must have with these values; nil: any body will do.
  package var json: JSONValue?
  /// Seconds between checks; nil: `health.interval` of the settings.
  package var interval: Double?
  /// Seconds for an answer; nil: `probe.http_timeout` of the settings.
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
