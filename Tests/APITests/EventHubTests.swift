import Model
import Platform
import Store
import TestSupport
import Testing

@testable import API
@testable import HTTPServer

/// Streams without a connection: what is queued in them is what a client would read.
@Suite struct EventHubTests {
  private let store = MemoryStore()

  private func hub(patience: Double = 30) -> EventHub {
    EventHub(BudgetedStores(FixedStoreProvider(StoreSet(store))), patience: patience)
  }

  private func append(_ numbers: ClosedRange<Int>, severity: Event.Severity = .info) async {
    for number in numbers {
      await store.append(
        [Event(severity, source: "test", subject: "s", reason: "R", "event \(number)", correlation: "c")],
        at: Timestamp(seconds: 1_790_000_000))
    }
  }

  /// The numbers of the events that are queued.
  private func numbers(_ stream: HTTPStream) -> [Int] {
    stream.queued.split(separator: "\n").compactMap { line in
      line.hasPrefix("id: ") ? Int(line.dropFirst(4)) : nil
    }
  }

  @Test func `a stream gets what it missed, then what comes, each once`() async throws {
    await append(1...1200)
    let hub = hub()
    let stream = HTTPStream(limit: 10 << 20)
    var filter = EventFilter()
    filter.after = 3
    try await hub.join(stream, filter)
    try await until { numbers(stream).count == 1197 }
    await append(1201...1210)
    try await until { numbers(stream).last == 1210 }
    #expect(numbers(stream) == Array(4...1210))
    await hub.close()
  }

  @Test func `those that join while events come miss nothing`() async throws {
    let hub = hub()
    var streams: [HTTPStream] = []
    for round in 0..<20 {
      let stream = HTTPStream(limit: 10 << 20)
      var filter = EventFilter()
      filter.after = 0
      streams.append(stream)
      try await hub.join(stream, filter)
      await append(round * 10 + 1...round * 10 + 10)
    }
    for stream in streams {
      try await until { numbers(stream).last == 200 }
      #expect(numbers(stream) == Array(1...200))
    }
    await hub.close()
  }

  @Test func `without a place to resume from only what is new comes, and filters hold`() async throws {
    await append(1...5)
    let hub = hub()
    let (all, errors) = (HTTPStream(), HTTPStream())
    var filter = EventFilter()
    try await hub.join(all, filter)
    filter.severities = [.error]
    try await hub.join(errors, filter)
    try await until { await hub.clientCount == 2 }
    await append(6...6)
    await append(7...7, severity: .error)
    await append(8...8)
    try await until { numbers(all).last == 8 }
    #expect(numbers(all) == [6, 7, 8])
    #expect(numbers(errors) == [7])
    await hub.close()
  }

  @Test func `a number beyond the log holds up no other stream`() async throws {
    await append(1...3)
    let hub = hub()
    let (lost, good) = (HTTPStream(), HTTPStream())
    var filter = EventFilter()
    filter.after = 5_000_000
    try await hub.join(lost, filter)
    filter.after = 1
    try await hub.join(good, filter)
    try await until { numbers(good) == [2, 3] }
    await append(4...4)
    try await until { numbers(good) == [2, 3, 4] && numbers(lost) == [4] }
    await hub.close()
  }

  @Test func `a burst beyond the limit reaches a client that reads`() async throws {
    let hub = hub()
    let stream = HTTPStream(limit: 2000)
    try await hub.join(stream, EventFilter())
    try await until { await hub.clientCount == 1 }
    await append(1...200)
    var seen: [Int] = []
    var text = ""
    try await until {
      text += stream.takeQueued()
      seen = text.split(separator: "\n").compactMap { $0.hasPrefix("id: ") ? Int($0.dropFirst(4)) : nil }
      return seen.last == 200
    }
    #expect(seen == Array(1...200))
    await hub.close()
  }

  @Test func `a stream ends when its token is revoked`() async throws {
    let hub = hub()
    let stream = HTTPStream()
    let isAdmitted = Lock(true)
    try await hub.join(stream, EventFilter()) { isAdmitted.withLock { $0 } }
    try await until { await hub.clientCount == 1 }
    isAdmitted.withLock { $0 = false }
    try await until { await hub.clientCount == 0 }
    if case .gone = stream.push([1]) {} else { Issue.record("it is still there") }
  }

  @Test func `a client that does not read is dropped, and the others go on`() async throws {
    let hub = hub(patience: 0.2)
    let (small, large) = (HTTPStream(limit: 600), HTTPStream(limit: 1 << 20))
    try await hub.join(small, EventFilter())
    try await hub.join(large, EventFilter())
    try await until { await hub.clientCount == 2 }
    await append(1...20)
    try await until { numbers(large).last == 20 }
    try await until { await hub.clientCount == 1 && small.isClosed }
    if case .gone = small.push([1]) {} else { Issue.record("it is still there") }
    await hub.close()
  }
}
