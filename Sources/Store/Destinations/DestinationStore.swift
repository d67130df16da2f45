package import Model

/// Destinations that the HTTP API gave: for as long as a resource leads there, it is checked under the API's rules.
package protocol DestinationStore: Sendable {
  /// Remembers them in place of those that were given to the resource before; none: nothing is remembered.
  func put(destinations: [String], of key: ResourceKey) async throws
  func givenDestinations() async throws -> [ResourceKey: [String]]
}
