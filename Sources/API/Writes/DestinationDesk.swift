import Model
import Platform
import Probe
import Reconciler
import Store

/// Keeps account of destinations that requests gave: where they lead is judged before they are written, and at each check.
final class DestinationDesk: Sendable {
  private let stores: BudgetedStores
  private let policy: DestinationPolicy

  init(_ stores: BudgetedStores, _ policy: DestinationPolicy) {
    self.stores = stores
    self.policy = policy
  }

  /// The destinations that a resource would have, and that the API gave it, now or before.
  ///
  /// - Parameter before: nil: it is new.
  /// - Throws: `Problem`, where one of them leads where it may not.
  func check(_ key: ResourceKey, _ before: DesiredResource?, _ desired: DesiredState) async throws -> [String] {
    guard let after = desired.resources.first(where: { $0.key == key }) else { return [] }
    let known = Set((before?.spec.destinations ?? []).map(\.text))
    let given = try await stores.ask { try await $0.destinations.givenDestinations() }
    let listed = DestinationPolicy.listed(desired.resources.filter { $0.key != key }, given: given)
    let places = after.spec.destinations
    let new = places.filter { !known.contains($0.text) }
    for place in new {
      guard
        let problem = await policy.problem(host: place.host, port: place.port, isListed: listed.contains(place.text))
      else { continue }
      throw Problem(422, .destinationNotAllowed, problem, hint: DestinationPolicy.hint)
    }
    let kept = (given[key] ?? []).filter { text in places.contains { $0.text == text } }
    let all = Array(Set(new.map(\.text) + kept)).sorted()
    policy.give(all, to: key.name)
    return all
  }

  func remember(_ given: [String], of key: ResourceKey) async throws {
    try await stores.ask { try await $0.destinations.put(destinations: given, of: key) }
  }
}
