import Model
import Store
import TestSupport
import Testing

/// What every store of suspensions must do.
@Suite struct SuspensionStoreTests {
  enum Kind: CaseIterable { case memory, sqlite, jsonFile }

  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private func store(_ kind: Kind) throws -> any SuspensionStore {
    switch kind {
    case .memory: MemoryStore()
    case .sqlite: try SQLiteStore(path: scratch.path + "/state.db")
    case .jsonFile: JSONFileStore(path: scratch.path + "/suspensions.json")
    }
  }

  private func time(_ seconds: Double) -> Timestamp { Timestamp(seconds: 1_800_000_000 + seconds) }

  @Test(arguments: Kind.allCases) func `a pause holds until its end, or until it is resumed`(kind: Kind) async throws {
    let store = try store(kind)
    let app = SuspensionSubject.resource(ResourceKey(.proxyHost, "app"))
    try await store.suspend(SuspensionRecord(.everything, until: time(10), reason: "r", begunAt: time(1)))
    try await store.suspend(SuspensionRecord(app, until: nil, reason: "", begunAt: time(2)))
    #expect(try await store.suspensions(at: time(9)).map(\.subject) == [.everything, app])
    #expect(try await store.suspensions(at: time(10)).map(\.subject) == [app])
    #expect(try await store.resume(app))
    #expect(try await !store.resume(app))
    #expect(try await store.suspensions(at: time(10)).isEmpty)
  }

  @Test func `one kind of store beside the others serves its concern`() async throws {
    var stores = StoreSet(MemoryStore())
    stores.suspensions = JSONFileStore(path: scratch.path + "/suspensions.json")
    try await stores.suspensions.suspend(SuspensionRecord(.everything, until: nil, reason: "r", begunAt: time(1)))
    #expect(try await stores.suspensions.suspensions(at: time(2)).map(\.reason) == ["r"])
    #expect(try scratch.read("suspensions.json").contains("\"r\""))
  }
}
