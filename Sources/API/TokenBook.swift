import Model
package import Platform
package import Store

/// The tokens that are known, read from the store again after two seconds: a revoked one opens nothing for longer.
///
/// While the store has no answer, those that were read last count.
package actor TokenBook {
  private let stores: BudgetedStores
  private let clock: any MonotonicClock
  private var known: [AccessToken] = []
  private var readAt: Double?
  private static let age = 2.0

  package init(_ stores: BudgetedStores, clock: any MonotonicClock = SystemMonotonicClock()) {
    self.stores = stores
    self.clock = clock
  }

  func tokens() async -> [AccessToken] {
    if let readAt, clock.now - readAt < Self.age { return known }
    // Others that ask meanwhile are given what is known.
    readAt = clock.now
    if let found = try? await stores.ask({ try await $0.tokens.tokens() }) { known = found }
    return known
  }
}
