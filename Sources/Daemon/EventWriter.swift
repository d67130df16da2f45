package import Model
package import Store

/// Appends to the event log. What the store cannot take is kept, and appended once it works again.
package actor EventWriter {
  /// Events that are kept; the oldest beyond are dropped and counted.
  private static let capacity = 10_000

  private let stores: BudgetedStores
  private let log: any DaemonLogger
  private var waiting: [(events: [Event], at: Timestamp)] = []
  /// Writes what waits. Nothing else is written until it ends: what was not answered may have had its effect.
  private var writing: BudgetedStores.Call<Void>?
  private var problem = ProblemLog("events cannot be stored, and are kept in memory", end: "events are stored again")

  package init(stores: BudgetedStores, log: any DaemonLogger) {
    self.stores = stores
    self.log = log
  }

  /// - Parameter events: may be empty: what waits is appended then.
  package func append(_ events: [Event], at time: Timestamp = .now) async {
    if !events.isEmpty { waiting.append((events, time)) }
    bound()
    guard writing == nil else { return }
    let call = BudgetedStores.Call<Void> { await write() }
    writing = call
    do {
      try await stores.answer(of: call)
      problem.note(nil, in: log)
    } catch {
      problem.note(error, in: log)
    }
  }

  private func write() async -> Result<Void, any Error> {
    defer { writing = nil }
    do {
      while let first = waiting.first {
        try await stores.begin { try await $0.events.append(first.events, at: first.at) }.value.get()
        waiting.removeFirst()
      }
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  private func bound() {
    var count = waiting.reduce(0) { $0 + $1.events.count }
    // The first are being written.
    let oldest = writing == nil ? 0 : 1
    while count > Self.capacity, waiting.count > oldest {
      let dropped = waiting.remove(at: oldest).events.count
      log.debug("\(dropped) events are dropped: the store takes none")
      count -= dropped
    }
  }
}
