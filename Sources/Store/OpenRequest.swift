package import Platform

/// A request to Let's Encrypt of which nobody has seen yet that the hosts which share its names are whole again.
package struct OpenRequest: Hashable, Sendable {
  package var number: Int
  package var names: Set<String>
  package var at: Timestamp

  package init(number: Int, names: Set<String>, at: Timestamp) {
    self.number = number
    self.names = names
    self.at = at
  }
}
