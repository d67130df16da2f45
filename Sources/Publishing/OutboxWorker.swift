package import Alerting
package import Model
package import Platform
package import Store

/// Delivers notifications from the store to one receiver. A receiver that is down is retried with growing pauses, for a
/// day, and delays no other. A notification that is refused delays only those of its own alert.
package actor OutboxWorker {
  private let notifier: Notifier
  private let box: LetterBox
  private let clock: any MonotonicClock
  private let now: @Sendable () -> Timestamp
  private let report: @Sendable (News) async -> Void
  private let timer: TimerLoop
  private var progress = Progress()

  /// What operators should know about a receiver.
  package enum News: Sendable {
    /// A delivery failed for the first time in a while; it is retried.
    case failing(receiver: String, reason: String)
    case recovered(receiver: String)
    /// A notification that is given up.
    case undelivered(receiver: String, AlertNotification, reason: String)
  }

  private static let backoff = Backoff(first: 5, longest: 900)
  /// Seconds after which a notification expires.
  private static let timeout = 86400.0
  /// Seconds for which each is tried at least.
  private static let leastTried = 3600.0

  package init(
    _ notifier: Notifier, stores: BudgetedStores, unstored: UnstoredOutbox = UnstoredOutbox(),
    clock: any MonotonicClock = SystemMonotonicClock(), now: @escaping @Sendable () -> Timestamp = { .now },
    report: @escaping @Sendable (News) async -> Void = { _ in }
  ) {
    self.notifier = notifier
    box = LetterBox(receiver: notifier.settings.name, stores: stores, unstored: unstored)
    self.clock = clock
    self.now = now
    self.report = report
    timer = TimerLoop(clock: clock)
  }

  /// There may be something to deliver.
  package nonisolated func wake() { timer.wake() }

  package func run(stop: ShutdownSignal) async {
    await timer.run(stop: stop) { await deliverDue() }
  }

  /// The state that a worker keeps between attempts.
  private struct Progress {
    /// Delivered, but not removed from the store, as on a full disk: not delivered twice.
    var delivered: Set<Int> = []
    /// Refused as part of a group, and sent alone.
    var alone: Set<Int> = []
    /// Refused when sent alone.
    var bad: Set<Int> = []
    var isFailing = false
    /// Notifications refused since the last success: more than one means that the receiver is down.
    var failed: Set<Int> = []
    /// When each failed for the first time since the start.
    var failingSince: [Int: Double] = [:]
    /// When those are tried again whose time the store could not take.
    var deferred: [Int: Double] = [:]
    var pacing = MessagePacing()
    /// When the next notification that is collected may be sent.
    var collectedUntil: Double?
    /// When the receiver itself, which failed for two notifications in a row, is retried.
    var pausedUntil: Double?

    /// Forgets numbers that wait no longer.
    mutating func keep(_ numbers: Set<Int>) {
      delivered.formIntersection(numbers)
      alone.formIntersection(numbers)
      bad.formIntersection(numbers)
      failed.formIntersection(numbers)
      deferred = deferred.filter { numbers.contains($0.key) }
      failingSince = failingSince.filter { numbers.contains($0.key) }
      pacing.keep(numbers)
    }
  }

  /// Delivers what is due; one call at a time.
  ///
  /// - Returns: when to continue, in seconds of the clock; nil: when woken.
  package func deliverDue() async -> Double? {
    while true {
      do {
        if let pause = progress.pausedUntil, pause > clock.now { return pause }
        progress.pausedUntil = nil
        let all = try await box.entries()
        progress.keep(Set(all.map(\.number)))
        // A store that does not take the removal holds up nothing else: it is not delivered twice.
        let delivered = all.filter { progress.delivered.contains($0.number) }.map(\.number)
        for number in delivered where (try? await box.markDelivered(number)) != nil {
          progress.delivered.remove(number)
        }
        let rows = all.filter { !delivered.contains($0.number) }
        let waiting = rows.map { Letter(row: $0) }
        let superseded = Self.superseded(waiting)
        progress.delivered.formUnion(superseded)
        let letters = waiting.filter { !superseded.contains($0.row.number) }
        let next = batch(letters)
        guard !next.isEmpty else {
          // What was due is collected, and due again later.
          let times = rows.map(\.nextAt.seconds).filter { $0 > now().seconds }.map { clock.now + $0 - now().seconds }
          let unremoved = progress.delivered.isEmpty ? [] : [clock.now + Self.backoff.first]
          let deferred = progress.deferred.values.filter { $0 > clock.now }
          return (times + deferred + unremoved + [progress.collectedUntil].compactMap(\.self)).min()
        }
        if try await !attempt(next) { return clock.now + Self.backoff.first }
      } catch {
        // The store will be available again.
        return clock.now + Self.backoff.first
      }
    }
  }

  /// A row and its content; nil: it cannot be read.
  private struct Letter {
    var row: OutboxEntry
    var notice: AlertNotification? { row.notification }

    /// The alert that it is about.
    var key: String { notice?.alert.key ?? "\(row.number)" }
  }

  /// Those that say of an alert what the next one says again, as after an outage of the receiver or a lost store.
  private static func superseded(_ letters: [Letter]) -> Set<Int> {
    var found: Set<Int> = []
    var last: [String: (number: Int, kind: AlertNotification.Kind)] = [:]
    for letter in letters {
      guard let kind = letter.notice?.kind else { continue }
      if let before = last[letter.key], before.kind == kind { found.insert(before.number) }
      last[letter.key] = (letter.row.number, kind)
    }
    return found
  }

  /// From this number on, notifications are sent as one: an outage is one message, not two hundred.
  private static let crowd = 4

  /// The next to send: the first that is due, or all that are due where they are many. Notifications of one alert keep
  /// their order: while one waits, the next of the same alert waits too; others do not.
  private func batch(_ letters: [Letter]) -> [Letter] {
    var waiting: Set<String> = []
    var due: [Letter] = []
    progress.collectedUntil = nil
    for letter in letters {
      let age = now().seconds - letter.row.createdAt.seconds
      if let notice = letter.notice { progress.pacing.note(letter.row.number, notice, at: clock.now - max(0, age)) }
    }
    for letter in letters {
      // What is from the future, or due in more than a day, has its times from a clock that was wrong.
      let wait = letter.row.nextAt.seconds - now().seconds
      let isTimeWrong = letter.row.createdAt > now() || wait > Self.timeout
      let isDue = (wait <= 0 || isTimeWrong) && progress.deferred[letter.row.number] ?? 0 <= clock.now
      guard isDue, !waiting.contains(letter.key) else {
        waiting.insert(letter.key)
        continue
      }
      if let notice = letter.notice, !progress.alone.contains(letter.row.number) {
        let time = progress.pacing.due(notice, at: clock.now)
        if time > clock.now {
          waiting.insert(letter.key)
          progress.collectedUntil = min(progress.collectedUntil ?? time, time)
          continue
        }
      }
      due.append(letter)
    }
    let crowd = due.filter { $0.notice != nil && !progress.alone.contains($0.row.number) }
    if crowd.count >= Self.crowd { return crowd }
    // One that was not tried yet shows best whether the receiver is up; of one alert the first goes first.
    var keys: Set<String> = []
    let first = due.filter { keys.insert($0.key).inserted }
    return first.min { ($0.row.attempts, $0.row.number) < ($1.row.attempts, $1.row.number) }.map { [$0] } ?? []
  }

  /// Sends these as one. False: cancelled by a stop, and left for the next start.
  private func attempt(_ all: [Letter]) async throws -> Bool {
    let memory = all.map(\.row.number).filter { $0 < 0 }
    let mine = await box.unstored.begin(memory)
    let letters = all.filter { $0.row.number >= 0 || mine.contains($0.row.number) }
    if letters.isEmpty { return true }
    do {
      let isDone = try await attemptBegun(letters)
      // At once, so that what was delivered from memory is not taken to the store.
      for number in memory where progress.delivered.contains(number) { try await box.markDelivered(number) }
      await box.unstored.end(memory)
      return isDone
    } catch {
      await box.unstored.end(memory)
      throw error
    }
  }

  private func attemptBegun(_ letters: [Letter]) async throws -> Bool {
    let notices = letters.compactMap(\.notice)
    do {
      if !notices.isEmpty { try await notifier.notify(notices) }
      progress.delivered.formUnion(letters.map(\.row.number))
      progress.pacing.sent(
        letters.compactMap { letter in letter.notice.map { (letter.row.number, $0) } }, at: clock.now)
      progress.failed = []
      // The receiver was down, and none of those waiting may be bad: they can be grouped again.
      if progress.bad.count > 1 { progress.alone.formIntersection(progress.bad) }
      if progress.isFailing && !notices.isEmpty {
        progress.isFailing = false
        await report(.recovered(receiver: notifier.settings.name))
      }
    } catch {
      if Task.isCancelled { return false }
      try await fail(letters, error as? NotifierError ?? NotifierError("\(error)"))
    }
    return true
  }

  /// A clock that jumps ahead does not make a notification late that was not tried for a while.
  private func isLate(_ row: OutboxEntry) -> Bool {
    let since = progress.failingSince[row.number] ?? clock.now
    progress.failingSince[row.number] = since
    return now().seconds - row.createdAt.seconds > Self.timeout && clock.now - since >= Self.leastTried
  }

  private func fail(_ letters: [Letter], _ failure: NotifierError) async throws {
    let numbers = letters.map(\.row.number)
    if letters.count == 1 { progress.bad.formUnion(numbers) }
    // One of a group may be what is refused: at once if that is final, else when they were refused twice.
    if letters.count > 1, failure.isFinal || letters.allSatisfy({ $0.row.attempts > 0 }) {
      progress.alone.formUnion(numbers)
      if failure.isFinal { return }
    }
    let late = letters.filter { failure.isFinal || isLate($0.row) }
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
    let pause = max(Self.backoff.delay(attempts + 1), min(failure.retryAfter ?? 0, Self.timeout))
    // One that is refused may be bad itself, however often that happens.
    if progress.failed.count > 1 || failure.retryAfter != nil { progress.pausedUntil = clock.now + pause }
    for letter in letters where !progress.delivered.contains(letter.row.number) {
      progress.deferred[letter.row.number] = clock.now + pause
      try? await box.deferDelivery(letter.row.number, until: now() + pause)
    }
  }
}
