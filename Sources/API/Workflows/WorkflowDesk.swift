import Daemon
import Model
import Platform
import Store
import Upstream

/// What a workflow has done so far.
struct WorkflowProgress: Hashable, Sendable {
  var done = 0
  var total = 0
  var message = ""
}

/// How a workflow ended.
struct WorkflowOutcome: Sendable {
  var result: JSONValue?
  var exit = ExitCode.success
  /// nil: it succeeded.
  var error: Diagnostic?
}

/// The queue of workflows: those that write one after the other, those that read a few at a time. It is in the store, so that
/// what waits when the daemon ends is done by the next one.
actor WorkflowDesk {
  /// Does the work, and says how far it is; ends early where the signal is given.
  typealias Work =
    @Sendable (WorkflowRecord, _ stop: ShutdownSignal, _ progress: @escaping @Sendable (WorkflowProgress) -> Void) async
    -> WorkflowOutcome

  private struct Running {
    var record: WorkflowRecord
    let stop: ShutdownSignal
    let progress: Lock<WorkflowProgress>
  }

  private let stores: BudgetedStores
  private let now: @Sendable () -> Timestamp
  private let work: Work
  private let isAdmitted: @Sendable (WorkflowRecord) async -> Bool
  private var waiting: [WorkflowRecord] = []
  private var running: [String: Running] = [:]
  /// Those that have ended, and that the store has not taken yet.
  private var unstored: [String: WorkflowRecord] = [:]
  private var watchers: [String: [Promise<Void>]] = [:]
  private var isClosed = false

  /// How many may wait in the queue, read at once, and are remembered after their end.
  private static let capacity = 100
  private static let readers = 4
  private static let kept = 100

  /// - Parameter isAdmitted: whether whoever started it may still do so.
  init(
    _ stores: BudgetedStores, now: @escaping @Sendable () -> Timestamp,
    isAdmitted: @escaping @Sendable (WorkflowRecord) async -> Bool = { _ in true }, work: @escaping Work
  ) {
    self.stores = stores
    self.now = now
    self.isAdmitted = isAdmitted
    self.work = work
  }

  /// Goes on with what was queued before the daemon began, and ends what ran then.
  func resume() async {
    while !isClosed {
      do {
        let now = now()
        let open = try await stores.ask { stores in
          let open = try await stores.workflows.openWorkflows()
          for record in open where record.state == .running || record.kind == .write {
            var ended = record
            (ended.state, ended.finishedAt) = (.interrupted, now)
            _ = try await stores.workflows.update(ended, from: record.state)
          }
          return open
        }
        let known = Set(waiting.map(\.id) + running.keys)
        waiting = open.filter { $0.state == .queued && $0.kind != .write && !known.contains($0.id) } + waiting
        return advance()
      } catch {
        await Pause.wait(1)
      }
    }
  }

  /// Puts one into the queue.
  ///
  /// - Returns: what is in the queue: where the key was used before, the one of then.
  /// - Throws: `Problem`, and `StoreError`.
  func start(_ record: WorkflowRecord) async throws -> WorkflowRecord {
    guard !isClosed else { throw Self.ending }
    switch try await stores.ask({ try await $0.workflows.enqueue(record, capacity: Self.capacity) }) {
    case .queued: break
    case .known(let known):
      guard known.kind == record.kind, known.parameters == record.parameters else {
        throw Problem(
          422, .apiRequest, "this Idempotency-Key was used to start something else", hint: "take another key")
      }
      return known
    case .full:
      throw Problem(
        503, .apiBusy, "\(Self.capacity) workflows wait already", hint: "come back when some have ended",
        headers: [("Retry-After", "10")])
    }
    waiting.append(record)
    advance()
    return record
  }

  /// Keeps account of work that was begun before it became a workflow.
  func follow(
    _ record: WorkflowRecord, _ stop: ShutdownSignal, _ work: @escaping @Sendable () async -> WorkflowOutcome
  ) async throws -> WorkflowRecord {
    guard !isClosed else { throw Self.ending }
    _ = try await stores.ask { try await $0.workflows.enqueue(record, capacity: .max) }
    var begun = record
    (begun.state, begun.startedAt) = (.running, now())
    let entry = Running(record: begun, stop: stop, progress: Lock(WorkflowProgress()))
    running[record.id] = entry
    let final = begun
    _ = try? await stores.ask { try await $0.workflows.update(final, from: .queued) }
    Task {
      await self.end(final, await work())
      self.forget(final)
    }
    return begun
  }

  private func forget(_ record: WorkflowRecord) {
    running[record.id] = nil
    for watcher in watchers.removeValue(forKey: record.id) ?? [] { watcher.keep(()) }
    advance()
  }

  private static let ending = Problem(503, .apiNotReady, "the daemon ends", headers: [("Retry-After", "5")])

  /// Begins what may begin.
  private func advance() {
    guard !isClosed else { return }
    while let index = waiting.firstIndex(where: mayBegin) { begin(waiting.remove(at: index)) }
  }

  private func mayBegin(_ record: WorkflowRecord) -> Bool {
    let writes = running.values.count { $0.record.kind.writes }
    return record.kind.writes ? writes == 0 : running.count - writes < Self.readers
  }

  private func begin(_ queued: WorkflowRecord) {
    var record = queued
    (record.state, record.startedAt) = (.running, now())
    let entry = Running(record: record, stop: ShutdownSignal(), progress: Lock(WorkflowProgress()))
    running[record.id] = entry
    Task { await self.carryOut(entry) }
  }

  private func carryOut(_ entry: Running) async {
    let record = entry.record
    // Another program may have cancelled it; without an answer it waits for the store.
    let isBegun = try? await stores.ask { try await $0.workflows.update(record, from: .queued) }
    guard isBegun == true else {
      if isBegun == nil { await Pause.wait(1) }
      running[record.id] = nil
      if isBegun == nil, !isClosed { waiting.insert(entry.record.queued, at: 0) }
      return advance()
    }
    let outcome: WorkflowOutcome
    if await isAdmitted(record) {
      outcome = await work(record, entry.stop) { [progress = entry.progress] now in progress.withLock { $0 = now } }
    } else {
      let refusal = Diagnostic(.apiUnauthorized, "the token that started it was revoked, or has expired")
      outcome = WorkflowOutcome(exit: .refused, error: refusal)
    }
    await end(record, outcome)
    forget(record)
  }

  private func end(_ record: WorkflowRecord, _ outcome: WorkflowOutcome) async {
    var ended = record
    ended.state = outcome.error == nil ? .succeeded : .failed
    if outcome.exit == .interrupted { ended.state = isClosed ? .interrupted : .cancelled }
    ended.finishedAt = now()
    (ended.result, ended.error, ended.exitCode) = (
      outcome.result, outcome.error.map(WorkflowError.init), Int(outcome.exit.rawValue)
    )
    unstored[ended.id] = ended
    let final = ended
    while unstored[ended.id] != nil {
      let isStored = try? await stores.ask { stores in
        let isNews = try await stores.workflows.update(final, from: .running)
        if isNews { try await stores.workflows.dropWorkflows(keeping: Self.kept) }
        return true
      }
      if isStored == true || isClosed { unstored[ended.id] = nil } else { await Pause.wait(1) }
    }
  }

  /// - Returns: nil: there is none of that name, or it is not remembered any more.
  func status(_ id: String) async throws -> (record: WorkflowRecord, progress: WorkflowProgress)? {
    if let ended = unstored[id] { return (ended, WorkflowProgress()) }
    if let entry = running[id] { return (entry.record, entry.progress.withLock { $0 }) }
    return try await stores.ask { try await $0.workflows.workflow(id) }.map { ($0, WorkflowProgress()) }
  }

  /// How many wait, and run.
  var load: (waiting: Int, running: Int) { (waiting.count, running.count) }

  /// Returns when it has ended, or after so many seconds.
  func waits(for id: String, seconds: Double) async {
    guard waiting.contains(where: { $0.id == id }) || running[id] != nil else { return }
    let ended = Promise<Void>()
    watchers[id, default: []].append(ended)
    _ = await Task { await ended.value }.value(within: seconds)
  }

  /// Takes one that waits out of the queue; has one that runs end after what it is at.
  ///
  /// - Returns: false: it had ended.
  func cancel(_ id: String) async throws -> Bool {
    if let entry = running[id] {
      entry.stop.request()
      return true
    }
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return false }
    var record = waiting.remove(at: index)
    (record.state, record.finishedAt) = (.cancelled, now())
    let final = record
    _ = try await stores.ask { try await $0.workflows.update(final, from: .queued) }
    for watcher in watchers.removeValue(forKey: id) ?? [] { watcher.keep(()) }
    return true
  }

  /// Begins nothing more, and has what runs end after what it is at.
  func close() {
    isClosed = true
    for entry in running.values { entry.stop.request() }
    for watcher in watchers.values.joined() { watcher.keep(()) }
  }
}

extension WorkflowRecord {
  /// As it was before it began.
  fileprivate var queued: WorkflowRecord {
    var record = self
    (record.state, record.startedAt) = (.queued, nil)
    return record
  }
}
