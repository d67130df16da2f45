import Model
import Platform
import Store
import TestSupport
import Testing

@testable import API

/// The queue: who runs beside whom, what is cancelled, and what becomes of the rest.
@Suite struct WorkflowDeskTests {
  /// Workflows that end when they are told to.
  private final class Bench: Sendable {
    let memory = MemoryStore()
    let desk: WorkflowDesk
    let begun = Lock<[String]>([])
    let ends = Lock<[String: Promise<WorkflowOutcome>]>([:])
    let isRevoked = Lock(false)

    init() {
      let (begun, ends, isRevoked) = (begun, ends, isRevoked)
      desk = WorkflowDesk(
        BudgetedStores(FixedStoreProvider(StoreSet(memory))), now: { Timestamp(seconds: 1_800_000_000) },
        isAdmitted: { _ in !isRevoked.withLock { $0 } }
      ) { record, stop, progress in
        begun.withLock { $0.append(record.id) }
        progress(WorkflowProgress(done: 1, total: 2, message: "half"))
        let end = Promise<WorkflowOutcome>()
        ends.withLock { $0[record.id] = end }
        Task {
          await stop.wait()
          if stop.isRequested { end.keep(WorkflowOutcome(exit: .interrupted)) }
        }
        return await end.value
      }
    }

    func start(_ id: String, _ kind: WorkflowKind) async throws {
      _ = try await desk.start(
        WorkflowRecord(id: id, kind: kind, startedBy: "ci", createdAt: Timestamp(seconds: 1_800_000_000)))
    }

    func end(_ id: String) async throws {
      try await until { ends.withLock { $0[id] != nil } }
      ends.withLock { $0[id] }?.keep(WorkflowOutcome(result: ["ok": true]))
      try await until { try await state(id) == .succeeded }
    }

    func state(_ id: String) async throws -> WorkflowRecord.State? { try await desk.status(id)?.record.state }
  }

  @Test func `one writes at a time, readers do not wait for it`() async throws {
    let bench = Bench()
    for (id, kind) in [("a", WorkflowKind.apply), ("b", .rollback), ("c", .diff), ("d", .health)] {
      try await bench.start(id, kind)
    }
    try await until { bench.begun.withLock { Set($0) } == ["a", "c", "d"] }
    #expect(try await bench.state("b") == .queued)
    try await until { try await bench.desk.status("a")?.progress.message == "half" }
    try await bench.end("a")
    try await until { bench.begun.withLock { $0.contains("b") } }
    for id in ["b", "c", "d"] { try await bench.end(id) }
    #expect(await bench.memory.openWorkflows().isEmpty)
  }

  @Test func `one that waits is taken out, one that runs ends when it can`() async throws {
    let bench = Bench()
    try await bench.start("a", .apply)
    try await bench.start("b", .apply)
    #expect(try await bench.desk.cancel("b"))
    #expect(try await bench.state("b") == .cancelled)
    try await until { try await bench.state("a") == .running }
    #expect(try await bench.desk.cancel("a"))
    await bench.desk.waits(for: "a", seconds: 60)
    #expect(try await bench.state("a") == .cancelled)
    #expect(try await !bench.desk.cancel("a"))
    #expect(bench.begun.withLock { $0 } == ["a"])
  }

  @Test func `a queue that is full takes no more, and says when to come back`() async throws {
    let bench = Bench()
    try await bench.start("first", .apply)
    try await until { try await bench.state("first") == .running }
    for number in 0..<100 { try await bench.start("w\(number)", .apply) }
    do {
      try await bench.start("more", .apply)
      Issue.record("it was taken")
    } catch let problem as Problem {
      #expect(problem.status == 503 && problem.headers.contains { $0.name == "Retry-After" })
    }
  }

  @Test func `a token that was revoked meanwhile starts nothing`() async throws {
    let bench = Bench()
    try await bench.start("a", .apply)
    try await until { try await bench.state("a") == .running }
    try await bench.start("b", .apply)
    bench.isRevoked.withLock { $0 = true }
    try await bench.end("a")
    try await until { try await bench.state("b") == .failed }
    #expect(try await bench.desk.status("b")?.record.error?.code == "api-unauthorized")
    #expect(bench.begun.withLock { $0 } == ["a"])
  }

  @Test func `a desk that ends interrupts what runs, and leaves what waits to the next`() async throws {
    let bench = Bench()
    try await bench.start("a", .apply)
    try await bench.start("b", .apply)
    try await until { try await bench.state("a") == .running }
    await bench.desk.close()
    try await until { await bench.memory.workflow("a")?.state == .interrupted }
    #expect(await bench.memory.workflow("b")?.state == .queued)
    let next = WorkflowDesk(
      BudgetedStores(FixedStoreProvider(StoreSet(bench.memory))), now: { Timestamp(seconds: 1_800_000_001) }
    ) { _, _, _ in WorkflowOutcome() }
    await next.resume()
    await next.waits(for: "b", seconds: 60)
    #expect(await bench.memory.workflow("b")?.state == .succeeded)
  }
}
