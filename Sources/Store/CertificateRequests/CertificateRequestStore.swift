package import Model

/// A request to Let's Encrypt of which it was not seen yet that the hosts which share its names are whole again.
package struct CertificateRequest: Hashable, Sendable {
  package var number: Int
  package var names: Set<String>
  package var at: Timestamp

  package init(number: Int, names: Set<String>, at: Timestamp) {
    self.number = number
    self.names = names
    self.at = at
  }
}

/// What was requested of Let's Encrypt.
package protocol CertificateRequestStore: Sendable {
  /// Records a request for these names before it is made: it is open.
  ///
  /// - Returns: its number.
  func recordRequest(_ names: [String], at: Timestamp) async throws -> Int
  /// It is over, and the hosts that it left without TLS and access control are whole again.
  func closeRequest(_ number: Int) async throws
  func openRequests() async throws -> [CertificateRequest]
  /// The names of each request since then.
  func requests(since: Timestamp) async throws -> [[String]]
}
