package import Publishing
package import Alerting
package import Platform
package import Store

/// Carries notices from the store to one sink. A sink that is away is tried again ever later, for a day; nobody else waits
/// for it. A notice that is not taken holds up none but those of its own alert.
package final class OutboxWorker: Sendable {
  private let sink: Notifier
  private let store: @Sendable () throws -> any AlertStore
  private let clock: any MonotonicClock
  private let now: @Sendable () -> Timestamp
  private let report: @Sendable (News) async -> Void
  private let timer: TimerLoop

  /// What is worth saying of a sink.
  package enum News: Sendable {
    /// It could not be told for the first time in a while; it is tried again.
    case failing(sink: String, reason: String)
    case recovered(sink: String)
    /// A notice that nobody will hear.
    case undelivered(sink: String, AlertNotification, reason: String)
  }

  /// Seconds to the second attempt, which doubles, and at most.
  private static let firstPause = 5.0
  private static let longestPause = 900.0
  /// Seconds after which a notice is history.
  private static let patience = 86400.0

  package init(
    _ sink: Notifier, store: @escaping @Sendable () throws -> any AlertStore,
    clock: any MonotonicClock = SystemMonotonicClock(), now: @escaping @Sendable () -> Timestamp = { .now },
    report: @escaping @Sendable (News) async -> Void = { _ in }
  ) {
    self.sink = sink
    self.store = store
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
    var told: Set<Int> = []
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
        let store = try store()
        let rows = try await store.outbox(sink.settings.name)
        if let old = rows.first(where: { progress.told.contains($0.number) }) {
          try await store.markDelivered(old.number)
          progress.told.remove(old.number)
          progress.alone.remove(old.number)
          progress.bad.remove(old.number)
          continue
        }
        let letters = rows.map(Letter.init)
        let next = batch(letters, progress)
        guard !next.isEmpty else {
          return rows.map(\.nextAt.seconds).min().map { clock.now + max(0, $0 - now().seconds) }
        }
        if try await !attempt(next, store, &progress) { return clock.now + Self.firstPause }
      } catch {
        // The store will be there again.
        return clock.now + Self.firstPause
      }
    }
  }

  /// A row and what stands in it; nil: nothing that can be read.
  private struct Letter {
    var row: OutboxRow
    var notice: AlertNotification?

    init(_ row: OutboxRow) {
      self.row = row
      notice = StoredText.decoded(row.notice)
    }

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
    if sink.groups && crowd.count >= Self.crowd { return crowd }
    // Who was not tried yet shows best whether the sink is there; of one alert the first comes first.
    var keys: Set<String> = []
    let first = due.filter { keys.insert($0.key).inserted }
    return first.min { ($0.row.attempts, $0.row.number) < ($1.row.attempts, $1.row.number) }.map { [$0] } ?? []
  }

  /// Tells these as one. False: it was given up for a stop, and is for the next start.
  private func attempt(_ letters: [Letter], _ store: any AlertStore, _ progress: inout Progress) async throws -> Bool {
    let notices = letters.compactMap(\.notice)
    do {
      if !notices.isEmpty { try await sink.tell(notices) }
      progress.told.formUnion(letters.map(\.row.number))
      progress.failed = []
      // It was away, and none of those that wait may be bad: they can be one again.
      if progress.bad.count > 1 { progress.alone.formIntersection(progress.bad) }
      if progress.isFailing && !notices.isEmpty {
        progress.isFailing = false
        await report(.recovered(sink: sink.settings.name))
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
    let late = letters.filter { failure.isFinal || now().seconds - $0.row.createdAt.seconds > Self.patience }
    for letter in late {
      progress.told.insert(letter.row.number)
      guard let notice = letter.notice else { continue }
      await report(.undelivered(sink: sink.settings.name, notice, reason: failure.message))
    }
    if failure.isFinal { return }
    let isFirst = letters.contains { $0.row.attempts == 0 }
    if !progress.isFailing, isFirst { await report(.failing(sink: sink.settings.name, reason: failure.message)) }
    progress.isFailing = progress.isFailing || isFirst
    progress.failed.formUnion(numbers)
    let attempts = max(letters.map(\.row.attempts).min() ?? 0, letters.count > 1 ? 0 : progress.failed.count - 1)
    let pause = min(Self.longestPause, Self.firstPause * Double(1 << min(attempts, 10)))
    for letter in letters where !progress.told.contains(letter.row.number) {
      try await store.deferDelivery(letter.row.number, next: Timestamp(seconds: now().seconds + pause))
    }
    // One that is refused may be bad itself, however often it is.
    if progress.failed.count > 1 { progress.pausedUntil = clock.now + pause }
  }
}
