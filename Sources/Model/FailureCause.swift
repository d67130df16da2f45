/// The cause of a failed check.
package enum FailureCause: String, Codable, CaseIterable, Sendable {
  case backend
  /// nginx responds, but cannot reach a destination that is reachable from here.
  case nginx = "nginx configuration"
  /// NPM's data plane does not respond at all.
  case npm = "NPM"
  case dns = "DNS"
  case certificate
  /// Our own network is down.
  case network
}
