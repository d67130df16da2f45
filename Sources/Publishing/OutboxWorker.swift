package import Alerting
package import Model
package import Platform
package import Store

/// Delivers notifications from the store to one receiver. A receiver that is down is tried again ever later, for a day, and
/// delays no other. A notification that is refused delays only those of its own alert.
package final class OutboxWorker: Sendable {
  private let notifier: Notifier
  private let stores: any StoreProvider
  private let clock: any MonotonicClock
  private let now: @Sendable () -> Timestamp
  private let report: @Sendable (News) async -> Void
  private let timer: TimerLoop

  /// What operators should know of a receiver.
  package enum News: Sendable {
    /// A delivery failed for the first time in a while; it is tried again.
    case failing(receiver: String, reason: String)
    case recovered(receiver: String)
    /// A notification that is given up.
    case undelivered(receiver: String, AlertNotification, reason: String)
  }

  private static let backoff = Backoff(first: 5, longest: 900)
  /// Seconds after which a notice is history.
  private static let timeout = 86400.0

  package init(
    _ notifier: Notifier, stores: any StoreProvider,
    clock: any MonotonicClock = SystemMonotonicClock(), now: @escaping @Sendable () -> Timestamp = { .now },
    report: @escaping @Sendable (News) async -> Void = { _ in }
  ) {
    self.notifier = notifier
    self.stores = stores
    self.clock = clock
    self.now = now
    self.report = report
    timer = TimerLoop(clock: clock)
  }

  /// There may be something to carry.
  package func wake() { timer.wake() }

  package func run(stop: ShutdownSignal) async {
    var progress = Progress()
    await timer.run(stop: stop) { await carry(&progress) }
  }

  /// What a courier knows from attempt to attempt.
  private struct Progress {
    /// What was told and could not be struck off the list, as on a full disk: it is not told twice.
    var delivered: Set<Int> = []
    /// What was not taken as a part of many, and is told by itself.
    var alone: Set<Int> = []
    /// What was not taken by itself.
    var bad: Set<Int> = []
    var isFailing = false
    /// Notices that were not taken since the last one that was: more than one is a sink that is away.
    var failed: Set<Int> = []
    /// When the sink itself, which two notices in a row did not reach, is tried again.
    var pausedUntil: Double?
  }

  /// Carries what is due; says when to come again.
  private func carry(_ progress: inout Progress) async -> Double? {
    while true {
      do {
        if let pause = progress.pausedUntil, pause > clock.now { return pause }
        progress.pausedUntil = nil
        let store = try stores.stores().alerts
        let rows = try await store.outbox(for: notifier.settings.name)
        if let old = rows.first(where: { progress.delivered.contains($0.number) }) {
          try await store.markDelivered(old.number)
          progress.delivered.remove(old.number)
          progress.alone.remove(old.number)
          progress.bad.remove(old.number)
          continue
        }
        let letters = rows.map { Letter(row: $0) }
        let next = batch(letters, progress)
        guard !next.isEmpty else {
          return rows.map(\.nextAt.seconds).min().map { clock.now + max(0, $0 - now().seconds) }
        }
        if try await !attempt(next, store, &progress) { return clock.now + Self.backoff.first }
      } catch {
        // The store will be there again.
        return clock.now + Self.backoff.first
      }
    }
  }

  /// A row and what stands in it; nil: nothing that can be read.
  private struct Letter {
    var row: OutboxEntry
    var notice: AlertNotification? { row.notification }

    /// What it is about.
    var key: String { notice?.alert.key ?? "\(row.number)" }
  }

  /// Notices that are told as one from this number on: an outage is one message, not two hundred.
  private static let crowd = 4

  /// What is told next: the first that is due, or all that are due where they are many. What is told of one alert keeps its
  /// order: while one waits, the next of the same alert does, too; others do not.
  private func batch(_ letters: [Letter], _ progress: Progress) -> [Letter] {
    var waiting: Set<String> = []
    var due: [Letter] = []
    for letter in letters {
      guard letter.row.nextAt <= now(), !waiting.contains(letter.key) else {
        waiting.insert(letter.key)
        continue
      }
      due.append(letter)
    }
    let crowd = due.filter { $0.notice != nil && !progress.alone.contains($0.row.number) }
    if notifier.groups && crowd.count >= Self.crowd { return crowd }
    // Who was not tried yet shows best whether the sink is there; of one alert the first comes first.
    var keys: Set<String> = []
    let first = due.filter { keys.insert($0.key).inserted }
    return first.min { ($0.row.attempts, $0.row.number) < ($1.row.attempts, $1.row.number) }.map { [$0] } ?? []
  }

  /// Tells these as one. False: it was given up for a stop, and is for the next start.
  private func attempt(_ letters: [Letter], _ store: any AlertStore, _ progress: inout Progress) async throws -> Bool {
    let notices = letters.compactMap(\.notice)
    do {
      if !notices.isEmpty { try await notifier.notify(notices) }
      progress.delivered.formUnion(letters.map(\.row.number))
      progress.failed = []
      // It was away, and none of those that wait may be bad: they can be one again.
      if progress.bad.count > 1 { progress.alone.formIntersection(progress.bad) }
      if progress.isFailing && !notices.isEmpty {
        progress.isFailing = false
        await report(.recovered(receiver: notifier.settings.name))
      }
    } catch {
      if Task.isCancelled { return false }
      try await fail(letters, error as? NotifierError ?? NotifierError("\(error)"), store, &progress)
    }
    return true
  }

  private func fail(
    _ letters: [Letter], _ failure: NotifierError, _ store: any AlertStore, _ progress: inout Progress
  ) async throws {
    let numbers = letters.map(\.row.number)
    if letters.count == 1 { progress.bad.formUnion(numbers) }
    // One of many may be what is not taken: for good at once, else when they were not taken twice.
    if letters.count > 1, failure.isFinal || letters.allSatisfy({ $0.row.attempts > 0 }) {
      progress.alone.formUnion(numbers)
      if failure.isFinal { return }
    }
    let late = letters.filter { failure.isFinal || now().seconds - $0.row.createdAt.seconds > Self.timeout }
    for letter in late {
      progress.delivered.insert(letter.row.number)
      guard let notice = letter.notice else { continue }
      await report(.undelivered(receiver: notifier.settings.name, notice, reason: failure.message))
    }
    if failure.isFinal { return }
    let isFirst = letters.contains { $0.row.attempts == 0 }
    if !progress.isFailing, isFirst {
      await report(.failing(receiver: notifier.settings.name, reason: failure.message))
    }
    progress.isFailing = progress.isFailing || isFirst
    progress.failed.formUnion(numbers)
    let attempts = max(letters.map(\.row.attempts).min() ?? 0, letters.count > 1 ? 0 : progress.failed.count - 1)
    let pause = Self.backoff.delay(attempts + 1)
    for letter in letters where !progress.delivered.contains(letter.row.number) {
      try await store.deferDelivery(letter.row.number, until: Timestamp(seconds: now().seconds + pause))
    }
    // One that is refused may be bad itself, however often it is.
    if progress.failed.count > 1 { progress.pausedUntil = clock.now + pause }
  }
}
