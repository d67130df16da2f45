package import Model

/// A request to Let's Encrypt; open until the hosts that share its names are confirmed to be restored.
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

/// Requests to Let's Encrypt.
package protocol CertificateRequestStore: Sendable {
  /// Records an open request for these names before it is sent.
  ///
  /// - Returns: its number.
  func recordRequest(_ names: [String], at: Timestamp) async throws -> Int
  /// Closes a request: it is done, and the hosts that it left without TLS and access control are restored.
  func closeRequest(_ number: Int) async throws
  func openRequests() async throws -> [CertificateRequest]
  /// The names of each request since that time.
  func requests(since: Timestamp) async throws -> [[String]]
}
