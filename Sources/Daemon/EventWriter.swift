package import Model
package import Store

/// Appends to the event log. What the store cannot take is kept, and appended once it works again.
package actor EventWriter {
  /// Events that are kept; the oldest beyond are dropped and counted.
  private static let capacity = 10_000

  private let stores: any StoreProvider
  private let log: any DaemonLogger
  private var waiting: [(events: [Event], at: Timestamp)] = []
  private var isWriting = false
  private var problem = ProblemLog("events cannot be stored, and are kept in memory", end: "events are stored again")

  package init(stores: any StoreProvider, log: any DaemonLogger) {
    self.stores = stores
    self.log = log
  }

  /// - Parameter events: may be empty: what waits is appended then.
  package func append(_ events: [Event], at time: Timestamp = .now) async {
    if !events.isEmpty { waiting.append((events, time)) }
    bound()
    guard !isWriting else { return }
    isWriting = true
    defer { isWriting = false }
    do {
      let store = try stores.stores().events
      while let first = waiting.first {
        try await store.append(first.events, at: first.at)
        waiting.removeFirst()
      }
      problem.note(nil, in: log)
    } catch {
      problem.note(error, in: log)
    }
  }

  private func bound() {
    var count = waiting.reduce(0) { $0 + $1.events.count }
    // The first are being written.
    let oldest = isWriting ? 1 : 0
    while count > Self.capacity, waiting.count > oldest {
      let dropped = waiting.remove(at: oldest).events.count
      log.debug("\(dropped) events are dropped: the store takes none")
      count -= dropped
    }
  }
}
