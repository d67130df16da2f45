package import Platform

/// A request to Let's Encrypt of which nobody has seen yet that the hosts which share its names are whole again.
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

/// What was asked of Let's Encrypt.
package protocol CertificateRequestStore: Sendable {
  /// Remembers that Let's Encrypt is asked for these names, before it is: the request is open. Returns its number.
  func recordRequest(_ names: [String], at: Timestamp) async throws -> Int
  /// It is over, and the hosts that it laid bare are whole again.
  func closeRequest(_ number: Int) async throws
  func openRequests() async throws -> [CertificateRequest]
  /// The names of each request since then.
  func requests(since: Timestamp) async throws -> [[String]]
}
