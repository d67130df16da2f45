import Alerting
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

/// What every store must do: run against each of them.
@Suite struct StoreConformanceTests {
  enum Kind: CaseIterable { case memory, sqlite }

  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  /// Another implementation joins here.
  private func store(_ kind: Kind) throws -> any StoreSet.Everything {
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
    #expect(try await store.entries() == [claim])
    #expect(try await store.openIntents().map(\.key) == [key])
    let event = Event(.info, source: "apply", subject: key.path, reason: "Created", "app created", run: run)
    try await store.complete(
      number, ChangeRecord(key: key, action: "create", status: .applied), ledger: .put(entry), event: event,
      at: time(2))
    #expect(try await store.entries() == [entry])
    #expect(try await store.events(EventFilter()).map(\.event) == [event])
    #expect(try await store.openIntents().isEmpty)
  }

  @Test(arguments: Kind.allCases) func `rows are removed, forgotten and kept as told`(kind: Kind) async throws {
    let store = try store(kind)
    let run = try await store.beginRun(digest: "d", at: time(0))
    for name in ["a", "b", "c"] {
      let draft = ChangeIntent(run: run, key: ResourceKey(.proxyHost, name), action: "create", at: time(1))
      let number = try await store.begin(draft, claim: .put(ledgerEntry(name, id: 1, hostSpec(["\(name).test"]))))
      let record = ChangeRecord(key: draft.key, action: "create", status: .failed, error: "no")
      let event = Event(.error, source: "apply", subject: draft.key.path, reason: "failed", "no")
      try await store.complete(number, record, ledger: name == "a" ? .remove : .keep, event: event, at: time(2))
    }
    try await store.remove([ResourceKey(.proxyHost, "b")])
    #expect(try await store.entries().map(\.key.name) == ["c"])
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

  @Test(arguments: Kind.allCases) func `a store belongs to one NPM`(kind: Kind) async throws {
    let store = try store(kind)
    #expect(try await store.boundNPM() == nil)
    try await store.bind(npm: "http://a")
    #expect(try await store.boundNPM() == "http://a")
    try await store.bind(npm: "http://b")
    #expect(try await store.boundNPM() == "http://b")
  }

  @Test(arguments: Kind.allCases) func `one lease keeps another machine out until it is released`(kind: Kind)
    async throws
  {
    let store = try store(kind)
    let first = LeaseHolder(owner: "a", process: 1, host: "one", since: time(0))
    let second = LeaseHolder(owner: "a", process: 2, host: "two", since: time(5))
    #expect(try await store.acquire(first) == .free)
    #expect(try await store.acquire(second) == .held(first))
    try await store.renew(first, at: time(30))
    var later = second
    later.since = time(40)
    guard case .held = try await store.acquire(later) else {
      Issue.record("a renewed lease was lost")
      return
    }
    try await store.release(first)
    #expect(try await store.acquire(later) == .free)
  }

  @Test(arguments: Kind.allCases) func `requests are open until they are closed, and counted`(kind: Kind) async throws {
    let store = try store(kind)
    let number = try await store.recordRequest(["a.test", "b.test"], at: time(1))
    #expect(try await store.openRequests().map(\.names) == [["a.test", "b.test"]])
    try await store.closeRequest(number)
    #expect(try await store.openRequests().isEmpty)
    #expect(try await store.requests(since: time(0)) == [["a.test", "b.test"]])
    #expect(try await store.requests(since: time(2)).isEmpty)
  }

  @Test(arguments: Kind.allCases) func `alerts and what is to be delivered are stored together`(kind: Kind) async throws
  {
    let store = try store(kind)
    let condition = AlertCondition(.down, .critical, subject: "a", "a is down", cooldown: 60)
    let alert = Alert(condition, since: time(1))
    let notification = AlertNotification(.firing, alert, at: time(1))
    try await store.save([alert], notify: [("ops", notification), ("chat", notification)], at: time(1))
    #expect(try await store.alerts() == [alert])
    #expect(try await store.pending() == ["ops": 1, "chat": 1])
    let entry = try #require(try await store.outbox(for: "ops").first)
    #expect(entry.notification == notification && entry.attempts == 0)
    try await store.deferDelivery(entry.number, until: time(9))
    #expect(try await store.outbox(for: "ops").map(\.attempts) == [1])
    #expect(try await store.outbox(for: "ops").map(\.nextAt) == [time(9)])
    try await store.keepOutbox(of: ["ops"])
    #expect(try await store.pending() == ["ops": 1])
    try await store.markDelivered(entry.number)
    try await store.save([], notify: [], at: time(2))
    #expect(try await store.pending().isEmpty)
    #expect(try await store.alerts().isEmpty)
  }

  @Test(arguments: Kind.allCases) func `silences end, and starts are counted for a week`(kind: Kind) async throws {
    let store = try store(kind)
    let number = try await store.addSilence("app", until: time(10), reason: "r")
    #expect(try await store.silences(at: time(9)).map(\.number) == [number])
    #expect(try await store.silences(at: time(10)).isEmpty)
    #expect(try await store.expireSilence(number))
    #expect(try await !store.expireSilence(number))
    let week = 7 * 86400.0
    #expect(try await store.recordStart(at: time(0)).count == 1)
    #expect(try await store.recordStart(at: time(1)).count == 2)
    #expect(try await store.recordStart(at: time(week + 2)) == [time(1), time(week + 2)])
  }

  @Test(arguments: Kind.allCases) func `checks are counted by host`(kind: Kind) async throws {
    let store = try store(kind)
    let other = ResourceKey(.proxyHost, "other")
    try await store.record(
      [
        HealthSample(key, at: time(1), isOK: true, milliseconds: 5),
        HealthSample(key, at: time(2), isOK: false, milliseconds: nil),
        HealthSample(other, at: time(2), isOK: true, milliseconds: 5),
      ], health: [key: PersistedHealth(since: time(0), destination: "10.0.0.1:80")])
    try await store.summarise(at: time(3))
    let found = try await store.checkStatistics(at: time(3))
    #expect(found[key]?.day.checks == 2 && found[key]?.day.failures == 1 && found[other]?.month.checks == 1)
    #expect(try await store.persistedHealth().keys.map(\.name) == ["app"])
  }
}
