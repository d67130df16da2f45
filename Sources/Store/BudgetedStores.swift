package import Model
package import Platform

/// Asks stores, and waits for each answer only so long: a disk that hangs holds up no one that can go on without one.
package final class BudgetedStores: Sendable {
  /// A call that was begun.
  package typealias Call<Value: Sendable> = Task<Result<Value, any Error>, Never>

  private let provider: any StoreProvider
  private let clock: any MonotonicClock
  /// The number of calls that were not answered in time, and have not ended yet.
  private let late = Lock(0)

  /// Seconds. SQLite itself waits for other programs for five.
  private static let budget = 10.0

  package init(_ provider: any StoreProvider, clock: any MonotonicClock = SystemMonotonicClock()) {
    self.provider = provider
    self.clock = clock
  }

  /// Whether a call that was not answered in time has not ended yet.
  package var isSilent: Bool { late.withLock { $0 > 0 } }

  /// Makes a call that may be made again: after an error it may have had its effect.
  ///
  /// - Throws: `StoreError`; `.storeTimeout` without an answer in time, and at once while another call has none.
  package func ask<Value: Sendable>(
    of instance: InstanceID = .default, _ body: @escaping @Sendable (StoreSet) async throws -> Value
  ) async throws -> Value {
    if isSilent { throw StoreError.timeout }
    return try await answer(of: begin(of: instance, body))
  }

  /// Makes a call that must not be made twice: the caller looks for its answer until there is one.
  package func begin<Value: Sendable>(
    of instance: InstanceID = .default, _ body: @escaping @Sendable (StoreSet) async throws -> Value
  ) -> Call<Value> {
    Call { [provider] in
      do {
        return .success(try await body(try await provider.stores(of: instance)))
      } catch {
        return .failure(error)
      }
    }
  }

  /// - Throws: `StoreError`; `.storeTimeout` without an answer in time: the call goes on.
  package func answer<Value: Sendable>(of call: Call<Value>) async throws -> Value {
    // In a task of its own: a caller that is cancelled waits as well, so that what it did before it ends is stored.
    let wait = Task { [clock] in await call.value(within: Self.budget, of: clock) }
    if let answer = await wait.value { return try answer.get() }
    late.withLock { $0 += 1 }
    Task { [late] in
      _ = await call.value
      late.withLock { $0 -= 1 }
    }
    throw StoreError.timeout
  }
}

extension StoreError {
  package static let timeout = StoreError(
    .storeTimeout, "the store does not answer", hint: "look at the disk that it lies on")
}
