package import Alerting
package import Model
package import Store

/// Notifications that the store has not confirmed: for as long as it fails, they are delivered from memory.
package actor UnstoredOutbox {
  /// The oldest beyond this many are dropped.
  private static let capacity = 10_000

  /// Their numbers are negative: those of the store are not.
  private var waiting: [OutboxEntry] = []
  private var inFlight: Set<Int> = []
  private var next = -1
  /// Given to the store, which has not answered yet.
  private var offered: [OutboxEntry] = []
  /// Whether the store took too long to answer: what was offered is delivered meanwhile.
  private var deliversOffered = false
  /// Those of `offered` that were delivered.
  private var deliveredOffered: Set<Int> = []
  /// Rows of the store that were delivered from here: to be removed.
  private var surplus: Set<Int> = []

  package init() {}

  package func put(_ deliveries: [(receiver: String, notification: AlertNotification)], at now: Timestamp) {
    for (receiver, notification) in deliveries {
      waiting.append(
        OutboxEntry(
          number: next, receiver: receiver, notification: notification, createdAt: now, attempts: 0, nextAt: now))
      next -= 1
    }
    if waiting.count > Self.capacity { waiting.removeFirst(waiting.count - Self.capacity) }
  }

  /// What the store is to take. It is not delivered until `accept`, `keepOffered` or `deliverOffered`.
  package func offer() -> [OutboxEntry] {
    offered = waiting.filter { !inFlight.contains($0.number) }
    return offered
  }

  /// The store takes long: what was offered is delivered from here, and its rows, if there are any, are not.
  package func deliverOffered() { deliversOffered = !offered.isEmpty }

  /// The store did not take what was offered.
  package func keepOffered() {
    offered = []
    deliversOffered = false
    deliveredOffered = []
  }

  /// The store took what was offered.
  ///
  /// - Parameter rows: the numbers there, in the order of `offer`.
  package func accept(_ rows: [Int]) {
    for (entry, row) in zip(offered, rows) {
      if inFlight.contains(entry.number) || deliveredOffered.contains(entry.number) {
        surplus.insert(row)
      } else {
        waiting.removeAll { $0.number == entry.number }
      }
    }
    keepOffered()
  }

  func entries(for receiver: String) -> [OutboxEntry] {
    let hidden = deliversOffered ? [] : Set(offered.map(\.number))
    return waiting.filter { $0.receiver == receiver && !hidden.contains($0.number) }
  }

  /// Those rows of the store that are not delivered from here.
  func withoutOffered(_ rows: [OutboxEntry]) -> [OutboxEntry] {
    rows.filter { row in
      let isOffered =
        deliversOffered && offered.contains { $0.receiver == row.receiver && $0.notification == row.notification }
      return !isOffered && !surplus.contains(row.number)
    }
  }

  /// Rows of the store that are to be removed.
  func surplusRows() -> Set<Int> { surplus }

  /// - Returns: those that still wait: the others were taken to the store.
  func begin(_ numbers: [Int]) -> Set<Int> {
    let found = Set(numbers).intersection(waiting.map(\.number))
    inFlight.formUnion(found)
    return found
  }

  func end(_ numbers: [Int]) { inFlight.subtract(numbers) }

  func markDelivered(_ number: Int) {
    waiting.removeAll { $0.number == number }
    if offered.contains(where: { $0.number == number }) { deliveredOffered.insert(number) }
  }

  /// A row of the store was removed.
  func markRemoved(_ row: Int) { surplus.remove(row) }

  func deferDelivery(_ number: Int, until next: Timestamp) {
    guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
    waiting[index].attempts += 1
    waiting[index].nextAt = next
  }
}

/// What one receiver has to be notified of, wherever it waits.
struct LetterBox: Sendable {
  let receiver: String
  let stores: BudgetedStores
  let unstored: UnstoredOutbox

  /// - Throws: `StoreError` where the store fails and nothing waits in memory.
  func entries() async throws -> [OutboxEntry] {
    while true {
      let memory = await unstored.entries(for: receiver)
      do {
        let rows = try await stores.ask { [receiver] in try await $0.alerts.outbox(for: receiver) }
        let mine = await unstored.withoutOffered(rows)
        for row in await unstored.surplusRows().intersection(rows.map(\.number)) {
          try await markDelivered(row)
          await unstored.markRemoved(row)
        }
        // Otherwise some were taken to the store meanwhile, and may be in both or in neither.
        if await unstored.entries(for: receiver) == memory { return mine + memory }
      } catch {
        if memory.isEmpty { throw error }
        return memory
      }
    }
  }

  func markDelivered(_ number: Int) async throws {
    if number < 0 { return await unstored.markDelivered(number) }
    try await stores.ask { try await $0.alerts.markDelivered(number) }
  }

  func deferDelivery(_ number: Int, until next: Timestamp) async throws {
    if number < 0 { return await unstored.deferDelivery(number, until: next) }
    try await stores.ask { try await $0.alerts.deferDelivery(number, until: next) }
  }
}
