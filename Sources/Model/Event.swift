/// One line of the append-only log: what happened, to what, why.
package struct Event: Hashable, Sendable {
  package enum Severity: String, CaseIterable, Sendable { case info, warning, error }

  package var severity: Severity
  /// The part of the program that speaks: `apply`, `diff`, `lock`.
  package var source: String
  /// The object or thing it is about: `proxy_host/jellyfin`, `run/118`.
  package var subject: String
  /// A stable word for machines: `Created`, `NginxRefused`.
  package var reason: String
  package var message: String
  /// The run it belongs to.
  package var run: Int?
  /// The identifier that every call of the same run carried to NPM.
  package var correlation: String?
  /// What machines may want to know besides; null: nothing.
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
