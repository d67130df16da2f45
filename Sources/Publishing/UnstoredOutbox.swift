package import Alerting
package import Model
package import Store

/// Notifications that the store could not take, for as long as it fails: they are delivered from memory.
package actor UnstoredOutbox {
  /// The oldest beyond this many are dropped.
  private static let capacity = 10_000

  /// Their numbers are negative: those of the store are not.
  private var waiting: [OutboxEntry] = []
  private var inFlight: Set<Int> = []
  private var next = -1

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

  /// Takes what waits and is not being delivered, for a store that works again.
  package func drain() -> [OutboxEntry] {
    let taken = waiting.filter { !inFlight.contains($0.number) }
    waiting.removeAll { !inFlight.contains($0.number) }
    return taken
  }

  /// Takes back what the store did not take.
  package func putBack(_ entries: [OutboxEntry]) { waiting = entries + waiting }

  func entries(for receiver: String) -> [OutboxEntry] { waiting.filter { $0.receiver == receiver } }

  /// - Returns: those that still wait: the others were taken to the store.
  func begin(_ numbers: [Int]) -> Set<Int> {
    let found = Set(numbers).intersection(waiting.map(\.number))
    inFlight.formUnion(found)
    return found
  }

  func end(_ numbers: [Int]) { inFlight.subtract(numbers) }

  func markDelivered(_ number: Int) { waiting.removeAll { $0.number == number } }

  func deferDelivery(_ number: Int, until next: Timestamp) {
    guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
    waiting[index].attempts += 1
    waiting[index].nextAt = next
  }
}

/// What one receiver has to be notified of, wherever it waits.
struct LetterBox: Sendable {
  let receiver: String
  let stores: any StoreProvider
  let unstored: UnstoredOutbox

  /// - Throws: `StoreError` where the store fails and nothing waits in memory.
  func entries() async throws -> [OutboxEntry] {
    let memory = await unstored.entries(for: receiver)
    do {
      return try await stores.stores().alerts.outbox(for: receiver) + memory
    } catch {
      if memory.isEmpty { throw error }
      return memory
    }
  }

  func markDelivered(_ number: Int) async throws {
    if number < 0 { return await unstored.markDelivered(number) }
    try await stores.stores().alerts.markDelivered(number)
  }

  func deferDelivery(_ number: Int, until next: Timestamp) async throws {
    if number < 0 { return await unstored.deferDelivery(number, until: next) }
    try await stores.stores().alerts.deferDelivery(number, until: next)
  }
}
