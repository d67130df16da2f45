/// One line of the append-only event log.
package struct Event: Hashable, Sendable {
  package enum Severity: String, CaseIterable, Sendable { case info, warning, error }

  package var severity: Severity
  /// The component that reports it: `apply`, `diff`, `lock`.
  package var source: String
  /// The object it concerns: `proxy_host/jellyfin`, `run/118`.
  package var subject: String
  /// A stable, machine-readable reason: `Created`, `NginxRefused`.
  package var reason: String
  package var message: String
  /// The run it belongs to.
  package var run: Int?
  /// The correlation ID that all calls of the run sent to NPM.
  package var correlation: String?
  /// Additional machine-readable data; null: none.
  package var data: JSONValue

  package init(
    _ severity: Severity, source: String, subject: String, reason: String, _ message: String, run: Int? = nil,
    correlation: String? = nil, data: JSONValue = .null
  ) {
    self.severity = severity
    self.source = source
    self.subject = subject
    self.reason = reason
    self.message = message
    self.run = run
    self.correlation = correlation
    self.data = data
  }
}
