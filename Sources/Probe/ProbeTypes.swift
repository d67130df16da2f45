package import Model

/// A destination to check.
package struct ProbeTarget: Hashable, Sendable {
  /// The name of the host that forwards there.
  package var name: String
  /// The path of the host's location that forwards there; nil: the host itself.
  package var location: String?
  package var scheme: String
  /// A name, an IPv4 address, or an IPv6 address with or without brackets.
  package var host: String
  package var port: Int
  package var path: String
  /// The domain in nginx's `Host` header; nil: the host of the destination.
  package var domain: String?
  package var check: HealthCheckSpec

  package init(
    name: String, location: String? = nil, scheme: String, host: String, port: Int, path: String = "/",
    domain: String? = nil, check: HealthCheckSpec = HealthCheckSpec()
  ) {
    self.name = name
    self.location = location
    self.domain = domain
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path
    self.check = check
  }

  /// The destination as a URL.
  package var url: String { "\(scheme)://\(host):\(port)" }
  /// Its name in reports: `app`, or `app /api` for a location.
  package var title: String { location.map { "\(name) \($0)" } ?? name }
}

/// One step of a check, in milliseconds.
package struct ProbeStep: Hashable, Sendable {
  package enum Name: String, CaseIterable, Sendable { case syntax, dns, tcp, http }
  package enum Status: String, Sendable { case passed, failed, skipped }

  static let refused = "connection refused"

  package var step: Name
  package var status: Status
  package var milliseconds: Double?
  /// The result: an address, a status code.
  package var detail: String?
  package var error: String?
  package var hint: String?

  package init(
    _ step: Name, _ status: Status, milliseconds: Double? = nil, detail: String? = nil, error: String? = nil,
    hint: String? = nil
  ) {
    self.step = step
    self.status = status
    self.milliseconds = milliseconds
    self.detail = detail
    self.error = error
    self.hint = hint
  }
}

/// The four steps of one check, in order; after a failure the others are skipped.
package struct ProbeResult: Hashable, Sendable {
  package var target: ProbeTarget
  package var steps: [ProbeStep]

  /// Adds the missing steps as skipped.
  package init(target: ProbeTarget, steps: [ProbeStep]) {
    self.target = target
    self.steps = steps + ProbeStep.Name.allCases.dropFirst(steps.count).map { ProbeStep($0, .skipped) }
  }

  package var isOK: Bool { steps.allSatisfy { $0.status == .passed } }
  package var failure: ProbeStep? { steps.first { $0.status == .failed } }
  /// Whether the machine responds but no process listens on the port.
  var isRefused: Bool { failure?.error == ProbeStep.refused }
}

/// Timeouts and limits of a check.
package struct ProbeSettings: Hashable, Sendable {
  /// Seconds.
  package var dnsTimeout = 5.0
  package var tcpTimeout = 5.0
  package var httpTimeout = 10.0
  /// Maximum number of concurrent checks.
  package var concurrency = 64

  package init() {}
}
