/// Hints for failed steps, worded as in the contract.
enum ProbeHint {
  static let unresolved = "Domain cannot be resolved. Check DNS settings or use an IP address."
  static let tcpTimeout = "Connection timed out. Possible firewall blocking. Check network/firewall rules."
  static let unreachable = "Host is not reachable. Verify the IP address and network connectivity."
  static let httpTimeout =
    "The port accepts connections but sends no answer in time. The service may be overloaded or stuck."
  static let tls =
    "No TLS connection without a server name (SNI), as NPM's nginx asks. If the service speaks plain http, change forward_scheme to http."
  static let notHTTP =
    "The port answers, but not with HTTP/1.1, which NPM's nginx speaks. Check forward_scheme and forward_port."

  static func refused(_ port: Int) -> String {
    "Port \(port) is not accepting connections. Check if the service is running and the port is correct."
  }

  static func status(_ status: Int) -> String {
    "Service responded with HTTP \(status). The service may not be healthy."
  }

  static let tooLong = "Ask for a shorter answer with 'health.path', or leave 'health.expect_json' away."
  static let unexpectedJSON = "The service answers, but not what 'health.expect_json' asks for."
}
