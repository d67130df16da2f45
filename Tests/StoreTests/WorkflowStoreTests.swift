import Model
import Store
import TestSupport
import Testing

/// What every store of workflows must do: run against each of them.
@Suite struct WorkflowStoreTests {
  enum Kind: CaseIterable { case memory, sqlite }

  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private func store(_ kind: Kind) throws -> any StoreSet.Everything {
    switch kind {
    case .memory: MemoryStore()
    case .sqlite: try SQLiteStore(path: scratch.path + "/state.db")
    }
  }

  private func record(_ id: String, by name: String = "ci", key: String? = nil) -> WorkflowRecord {
    var parameters = WorkflowParameters()
    (parameters.select, parameters.run) = (["app", "team=media"], 7)
    return WorkflowRecord(
      id: id, kind: .apply, parameters: parameters, startedBy: name, tokenDigest: "d", correlation: "c",
      idempotencyKey: key, createdAt: Timestamp(seconds: 1_800_000_000))
  }

  @Test(arguments: Kind.allCases) func `a workflow is given back as it was put`(kind: Kind) async throws {
    let store = try store(kind)
    var one = record("one")
    #expect(try await store.enqueue(one, capacity: 2) == .queued)
    #expect(try await store.workflow("one") == one)
    #expect(try await store.openWorkflows() == [one])
    (one.state, one.startedAt) = (.running, Timestamp(seconds: 1_800_000_001))
    #expect(try await store.update(one, from: .queued))
    #expect(try await store.openWorkflows() == [one])
    (one.state, one.finishedAt) = (.failed, Timestamp(seconds: 1_800_000_002))
    (one.result, one.exitCode) = (["changes": [["name": "ä"]]], 4)
    one.error = WorkflowError(Diagnostic(.destinationFailed, "no", hint: "look"))
    #expect(try await store.update(one, from: .running))
    #expect(try await store.workflow("one") == one)
    #expect(try await store.openWorkflows().isEmpty)
    #expect(try await store.workflow("two") == nil)
  }

  @Test(arguments: Kind.allCases) func `a state is left once only`(kind: Kind) async throws {
    let store = try store(kind)
    var cancelled = record("one")
    _ = try await store.enqueue(cancelled, capacity: 2)
    cancelled.state = .cancelled
    #expect(try await store.update(cancelled, from: .queued))
    var running = record("one")
    running.state = .running
    #expect(try await !store.update(running, from: .queued))
    #expect(try await store.workflow("one")?.state == .cancelled)
  }

  @Test(arguments: Kind.allCases) func `the queue is bounded, and a key counts once for its caller`(
    kind: Kind
  ) async throws {
    let store = try store(kind)
    let first = record("one", key: "k")
    #expect(try await store.enqueue(first, capacity: 2) == .queued)
    #expect(try await store.enqueue(record("two", key: "k"), capacity: 2) == .known(first))
    #expect(try await store.enqueue(record("three", by: "other", key: "k"), capacity: 2) == .queued)
    #expect(try await store.enqueue(record("four"), capacity: 2) == .full)
    // What is known needs no place.
    #expect(try await store.enqueue(record("five", key: "k"), capacity: 2) == .known(first))
  }

  @Test(arguments: Kind.allCases) func `they are listed by page, newest first, and the old are forgotten`(
    kind: Kind
  ) async throws {
    let store = try store(kind)
    for id in ["a", "b", "c", "d"] {
      var record = record(id)
      _ = try await store.enqueue(record, capacity: 10)
      guard id != "a" else { continue }
      (record.state, record.result) = (.succeeded, ["ok": true])
      _ = try await store.update(record, from: .queued)
    }
    #expect(try await store.workflows(before: nil, limit: 2).map(\.id) == ["d", "c"])
    #expect(try await store.workflows(before: "c", limit: 9).map(\.id) == ["b", "a"])
    #expect(try await store.workflows(before: "gone", limit: 9).isEmpty)
    #expect(try await store.workflows(before: nil, limit: 1)[0].result == nil)
    try await store.dropWorkflows(keeping: 1)
    // One that still waits is never dropped.
    #expect(try await store.workflows(before: nil, limit: 9).map(\.id) == ["d", "a"])
  }

  @Test(arguments: Kind.allCases) func `destinations that the API gave are remembered`(kind: Kind) async throws {
    let store = try store(kind)
    let key = ResourceKey(.proxyHost, "app")
    try await store.put(destinations: ["10.0.0.1:80"], of: key)
    try await store.put(destinations: ["10.0.0.2:80", "nas:81"], of: key)
    #expect(try await store.givenDestinations() == [key: ["10.0.0.2:80", "nas:81"]])
    try await store.put(destinations: [], of: key)
    #expect(try await store.givenDestinations().isEmpty)
  }
}
