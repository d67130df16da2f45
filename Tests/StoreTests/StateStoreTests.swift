import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

/// The requirements of every store, run against each of them.
@Suite struct StateStoreTests {
  enum Kind: CaseIterable { case memory, sqlite }

  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private func store(_ kind: Kind) throws -> any StateStore {
    switch kind {
    case .memory: MemoryStore()
    case .sqlite: try SQLiteStore(path: scratch.path + "/deep/state.db")
    }
  }

  private let key = ResourceKey(.proxyHost, "app")
  private func time(_ seconds: Double) -> Timestamp { Timestamp(seconds: 1_800_000_000 + seconds) }

  @Test(arguments: Kind.allCases) func `the ledger gives back what was put`(kind: Kind) async throws {
    let store = try store(kind)
    let run = try await store.beginRun(digest: "d", at: time(0))
    let entry = ledgerEntry("app", id: 3, hostSpec(["ä.test"], ["locations": [["path": "/x"]]]), isUnfinished: true)
    let claim = ledgerEntry("app", id: nil, hostSpec(["ä.test"]), isUnfinished: true)
    let number = try await store.begin(
      ChangeIntent(run: run, key: key, action: "create", at: time(1)), claim: .put(claim))
    #expect(try await store.ledger() == [claim])
    #expect(try await store.openIntents().map(\.key) == [key])
    try await store.settle(
      number, ChangeRecord(key: key, action: "create", status: .applied), ledger: .put(entry), at: time(2))
    #expect(try await store.ledger() == [entry])
    #expect(try await store.openIntents().isEmpty)
  }

  @Test(arguments: Kind.allCases) func `rows are removed, ledgerRemovals and kept as told`(kind: Kind) async throws {
    let store = try store(kind)
    let run = try await store.beginRun(digest: "d", at: time(0))
    for name in ["a", "b", "c"] {
      let draft = ChangeIntent(run: run, key: ResourceKey(.proxyHost, name), action: "create", at: time(1))
      let number = try await store.begin(draft, claim: .put(ledgerEntry(name, id: 1, hostSpec(["\(name).test"]))))
      let record = ChangeRecord(key: draft.key, action: "create", status: .failed, error: "no")
      try await store.settle(number, record, ledger: name == "a" ? .remove : .keep, at: time(2))
    }
    try await store.forget([ResourceKey(.proxyHost, "b")])
    #expect(try await store.ledger().map(\.key.name) == ["c"])
  }

  @Test(arguments: Kind.allCases) func `runs are numbered, ended, and listed newest first`(kind: Kind) async throws {
    let store = try store(kind)
    let first = try await store.beginRun(digest: "one", at: time(0))
    let second = try await store.beginRun(digest: "two", at: time(5))
    try await store.finishRun(second, applied: 2, failed: 1, at: time(6))
    let runs = try await store.runs(limit: 10)
    #expect(runs.map(\.number) == [second, first])
    #expect(runs[0].applied == 2 && runs[0].failed == 1 && runs[0].finishedAt == time(6))
    #expect(runs[1].finishedAt == nil)
  }

  @Test(arguments: Kind.allCases) func `an abandoned intent is no longer open`(kind: Kind) async throws {
    let store = try store(kind)
    let run = try await store.beginRun(digest: "d", at: time(0))
    let number = try await store.begin(
      ChangeIntent(run: run, key: key, action: "delete", at: time(1)), claim: .keep)
    try await store.abandon(number, at: time(2))
    #expect(try await store.openIntents().isEmpty)
  }

  @Test(arguments: Kind.allCases) func `events are filtered and kept in order`(kind: Kind) async throws {
    let store = try store(kind)
    for index in 0..<6 {
      let event = Event(
        index % 2 == 0 ? .info : .error, source: index < 3 ? "apply" : "lock", subject: "s", reason: "R", "m\(index)",
        run: index)
      try await store.append(event, at: time(Double(index)))
    }
    func messages(_ change: (inout EventFilter) -> Void) async throws -> [String] {
      var filter = EventFilter()
      change(&filter)
      return try await store.events(filter).map(\.event.message)
    }
    #expect(try await messages { _ in } == ["m0", "m1", "m2", "m3", "m4", "m5"])
    #expect(try await messages { $0.severities = [.error] } == ["m1", "m3", "m5"])
    #expect(try await messages { $0.sources = ["lock"] } == ["m3", "m4", "m5"])
    #expect(try await messages { $0.since = time(4) } == ["m4", "m5"])
    #expect(try await messages { $0.limit = 2 } == ["m4", "m5"])
    #expect(try await messages { $0.run = 2 } == ["m2"])
  }

  @Test(arguments: Kind.allCases) func `old events are dropped by age and by number, and numbers go on`(kind: Kind)
    async throws
  {
    let store = try store(kind)
    let data: JSONValue = ["a": [1, "two", nil]]
    for index in 0..<10 {
      let event = Event(.info, source: "x", subject: "s", reason: "R", "m\(index)", data: data)
      try await store.append(event, at: time(Double(index)))
    }
    try await store.dropEvents(before: time(2), keeping: 5)
    try await store.append(Event(.info, source: "x", subject: "s", reason: "R", "new"), at: time(99))
    var filter = EventFilter()
    let left = try await store.events(filter)
    #expect(left.map(\.event.message) == ["m5", "m6", "m7", "m8", "m9", "new"])
    #expect(left.first?.event.data == data && left.last?.event.data == .null)
    filter.after = left[4].number
    #expect(try await store.events(filter).map(\.number) == [11])
  }

  @Test(arguments: Kind.allCases) func `a pause holds until its end, or until it is resumed`(kind: Kind) async throws {
    let store = try store(kind)
    let app = PauseSubject.resource(ResourceKey(.proxyHost, "app"))
    try await store.pause(Pause(.everything, until: time(10), reason: "r", begunAt: time(1)))
    try await store.pause(Pause(app, until: nil, reason: "", begunAt: time(2)))
    #expect(try await store.pauses(at: time(9)).map(\.subject) == [.everything, app])
    #expect(try await store.pauses(at: time(10)).map(\.subject) == [app])
    #expect(try await store.resume(app))
    #expect(try await !store.resume(app))
    #expect(try await store.pauses(at: time(10)).isEmpty)
  }

  @Test(arguments: Kind.allCases) func `a store belongs to one NPM`(kind: Kind) async throws {
    let store = try store(kind)
    #expect(try await store.boundNPM() == nil)
    try await store.bind(npm: "http://a")
    #expect(try await store.boundNPM() == "http://a")
    try await store.bind(npm: "http://b")
    #expect(try await store.boundNPM() == "http://b")
  }
}

@Suite struct SQLiteStoreTests {
  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test func `what was written is there after opening again`() async throws {
    let path = scratch.path + "/state.db"
    let run = try await SQLiteStore(path: path).beginRun(digest: "d", at: Timestamp(seconds: 1))
    #expect(try await SQLiteStore(path: path).runs(limit: 5).map(\.number) == [run])
  }

  @Test func `two programs may open a new store at once`() async throws {
    let path = scratch.path + "/state.db"
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<8 {
        group.addTask {
          let store = try SQLiteStore(path: path)
          try await store.append(
            Event(.info, source: "x", subject: "s", reason: "R", "m\(index)"), at: Timestamp(seconds: 1))
        }
      }
      try await group.waitForAll()
    }
    #expect(try await SQLiteStore(path: path).events(EventFilter()).count == 8)
  }

  @Test func `a damaged file is named, not overwritten`() throws {
    let path = try scratch.write("state.db", String(repeating: "this is no database. ", count: 100))
    let before = try scratch.read("state.db")
    #expect { try SQLiteStore(path: path) } throws: { ($0 as? StoreError)?.code == .storeCorrupt }
    #expect(try scratch.read("state.db") == before)
  }

  @Test func `a store of a newer program is left alone`() throws {
    let path = scratch.path + "/state.db"
    _ = try SQLiteStore(path: path)
    try SQLiteConnection(path: path).run("PRAGMA user_version = 99")
    #expect { try SQLiteStore(path: path) } throws: { ($0 as? StoreError)?.code == .storeNewer }
  }

  @Test func `a place that cannot be written is named`() throws {
    let file = try scratch.write("file", "x")
    #expect { try SQLiteStore(path: file + "/state.db") } throws: { ($0 as? StoreError)?.code == .storeUnreadable }
  }
}
