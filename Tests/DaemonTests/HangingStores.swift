import Model
import Platform
import Store

/// A double: a store on a disk that hangs. A call waits, and has its effect once the disk answers.
final class HangingStores: StoreProvider {
  private struct State {
    /// The calls that are still answered; nil: all.
    var callsLeft: Int?
    var answer = Promise<Void>()
  }
  private let stores: any StoreProvider
  private let state = Lock(State())

  init(_ stores: any StoreProvider) { self.stores = stores }

  /// - Parameter calls: those that are answered first.
  func hang(after calls: Int = 0) { state.withLock { $0.callsLeft = calls } }

  func answer() {
    let waited = state.withLock { state in
      defer { state.answer = Promise() }
      state.callsLeft = nil
      return state.answer
    }
    waited.keep(())
  }

  var isHanging: Bool { state.withLock { $0.callsLeft == 0 } }

  func stores(of instance: InstanceID) async throws -> StoreSet {
    let wait = state.withLock { state -> Promise<Void>? in
      guard let left = state.callsLeft else { return nil }
      if left == 0 { return state.answer }
      state.callsLeft = left - 1
      return nil
    }
    await wait?.value
    return try await stores.stores(of: instance)
  }
}

/// A double: the time for an answer is over at once where there will be none, and never where there will be one.
struct DecidedBudget: MonotonicClock {
  let isHanging: @Sendable () -> Bool
  var now: Double { 0 }

  func wait(until time: Double) async {
    if isHanging() { return }
    let cancelled = Promise<Void>()
    await withTaskCancellationHandler {
      await cancelled.value
    } onCancel: {
      cancelled.keep(())
    }
  }
}
