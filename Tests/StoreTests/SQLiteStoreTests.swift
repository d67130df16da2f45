import Alerting
import Model
import Platform
import SQLite
@testable import Store
import TestSupport
import Testing

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

  /// The tables as they were before stores knew instances, with a row in each that moves.
  @Test func `an older database is migrated, and nothing of it is lost`() async throws {
    let path = scratch.path + "/state.db"
    let spec = hostSpec(["app.test"])
    do {
      let old = try SQLiteConnection(path: path)
      _ = try old.migrate(Array(Schema.steps.prefix(10)))
      try old.run("INSERT INTO binding VALUES (1, 'http://npm')")
      try old.run(
        "INSERT INTO ledger (kind, name, npm_id, applied, domains, unfinished) VALUES ('proxy_host', 'app', 7, ?, ?, 0)",
        [.text(CanonicalSpec.text(spec)), .text(#"["app.test"]"#)])
      try old.run("INSERT INTO runs (started_at, digest) VALUES (1, 'd')")
      try old.run(
        "INSERT INTO journal (run, kind, name, action, begun_at) VALUES (1, 'proxy_host', 'app', 'update', 2)")
      try old.run("INSERT INTO pauses VALUES ('proxy_host/app', NULL, 'why', 3)")
      try old.run("INSERT INTO watched (name, memory) VALUES ('app', NULL)")
      try old.run("INSERT INTO samples VALUES (1, 1000, 1, 5.0)")
      let alert =
        #"{"cooldown":60,"isMomentary":false,"members":[],"rule":"npm-unreachable","severity":"critical","#
        + #""since":{"seconds":5},"subject":"npm","summary":"NPM is away","toldAt":{"seconds":6},"toldSeverity":"critical"}"#
      try old.run("INSERT INTO alerts VALUES ('npm-unreachable/npm', ?)", [.text(alert)])
      try old.run(
        "INSERT INTO outbox (sink, notice, created_at, next_at) VALUES ('ops', ?, 7, 8)",
        [.text(#"{"alert":\#(alert),"at":{"seconds":7},"kind":"firing"}"#)])
    }
    let store = try SQLiteStore(path: path)
    #expect(try await store.boundNPM() == "http://npm")
    #expect(try await store.entries().map(\.key.name) == ["app"])
    #expect(try await store.entries().first?.applied == spec)
    #expect(try await store.openIntents().map(\.action) == ["update"])
    #expect(try await store.suspensions(at: Timestamp(seconds: 4)).map(\.reason) == ["why"])
    let host = ResourceKey(.proxyHost, "app")
    #expect(try await store.checkStatistics(at: Timestamp(seconds: 10))[host]?.day.checks == 1)
    let found = try #require(try await store.alerts().first)
    #expect(found.notifiedAt == Timestamp(seconds: 6) && found.notifiedSeverity == .critical && !found.isOneShot)
    #expect(try await store.outbox(for: "ops").map(\.notification?.alert) == [found])
  }

  @Test func `an older database loses the first letters of passwords, and keeps their digests`() async throws {
    let path = scratch.path + "/state.db"
    func list(_ password: String) -> Spec {
      var spec = Spec(.accessList)
      spec["name"] = "lan"
      spec["items"] = [["username": "a", "password": .string(password)], ["username": "b", "password": "keep"]]
      return spec
    }
    let digest = "0123456789abcdef"
    do {
      let old = try SQLiteConnection(path: path)
      _ = try old.migrate(Array(Schema.steps.prefix(11)))
      let written = SQLiteValue.text(CanonicalSpec.text(list("Z****** \(digest)")))
      try old.run(
        "INSERT INTO ledger (instance, kind, name, npm_id, applied, domains, unfinished) VALUES ('default', 'access_list', 'lan', 7, ?, '[]', 0)",
        [written])
      try old.run("INSERT INTO runs (instance, started_at, digest) VALUES ('default', 1, 'd')")
      try old.run(
        "INSERT INTO journal (run, kind, name, action, begun_at, before, after) VALUES (1, 'access_list', 'lan', 'update', 2, ?, ?)",
        [.text(CanonicalSpec.text(list("Z******"))), written])
    }
    let store = try SQLiteStore(path: path)
    #expect(try await store.entries().first?.applied == list("digest:\(digest)"))
    let change = try #require(try await store.history(after: 0).first?.intent)
    #expect(change.before == list("digest:") && change.after == list("digest:\(digest)"))
    for file in ["", "-wal"].map({ path + $0 }) where Files.exists(file) {
      #expect(!Files.holds(Array("Z***".utf8), in: try Files.read(file)), "\(file)")
    }
  }

  @Test func `instances in one database know nothing of each other`() async throws {
    let provider = SQLiteStoreProvider(path: scratch.path + "/state.db")
    let home = try await provider.stores(of: InstanceID(rawValue: "home"))
    let cloud = try await provider.stores(of: InstanceID(rawValue: "cloud"))
    try await home.ledger.put([ledgerEntry("app", id: 1, hostSpec(["app.test"]))])
    try await cloud.ledger.put([ledgerEntry("app", id: 9, hostSpec(["app.test"]))])
    #expect(try await home.ledger.entries().map(\.id?.number) == [1])
    #expect(try await cloud.ledger.entries().map(\.id?.number) == [9])
    try await home.ledger.remove([ResourceKey(.proxyHost, "app")])
    #expect(try await cloud.ledger.entries().count == 1)
  }

  @Test func `a provider opens another file that lies at the place of its own`() async throws {
    let path = scratch.path + "/deep/state.db"
    let provider = SQLiteStoreProvider(path: path)
    try await provider.stores().binding.bind(npm: "http://a")
    try Files.removeTree(scratch.path + "/deep")
    #expect(try await provider.stores().binding.boundNPM() == nil)
    try await provider.stores().binding.bind(npm: "http://b")
    #expect(try await SQLiteStore(path: path).boundNPM() == "http://b")
  }
}

/// The text that the ledger keeps for a spec.
private enum CanonicalSpec {
  static func text(_ spec: Spec) -> String { JSONOutput.line(spec.json) }
}
