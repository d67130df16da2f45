import Model
package import Platform
package import Store

/// The tokens that are known, read from the store again after two seconds: a revoked one opens nothing for longer.
///
/// While the store has no answer, those that were read last count.
package actor TokenBook {
  private let stores: BudgetedStores
  private let clock: any MonotonicClock
  /// nil: they were never read.
  private var known: [AccessToken]?
  private var readAt = -Double.infinity
  private var reading: Task<Void, Never>?

  /// Seconds for which they are taken as they are, and for which an unknown token does not have them read again.
  private static let age = 2.0
  private static let pause = 0.2

  package init(_ stores: BudgetedStores, clock: any MonotonicClock = SystemMonotonicClock()) {
    self.stores = stores
    self.clock = clock
  }

  /// - Parameter isNew: a token may just have been made: they are read again sooner.
  /// - Throws: `Problem`, where they could not be read yet.
  func tokens(isNew: Bool = false) async throws -> [AccessToken] {
    if known == nil || clock.now - readAt >= (isNew ? Self.pause : Self.age) {
      let task = reading ?? Task { await self.read() }
      reading = task
      // Those that are known are good enough while others are read; without any, all wait for the same reading.
      if known == nil || isNew { await task.value }
    }
    guard let known else {
      throw Problem(
        503, .apiNotReady, "the tokens cannot be read: the store does not answer", headers: [("Retry-After", "2")])
    }
    return known
  }

  private func read() async {
    if let found = try? await stores.ask({ try await $0.tokens.tokens() }) { known = found }
    readAt = clock.now
    reading = nil
  }
}
