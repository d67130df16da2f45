import Publishing
import Alerting
import Curl
import Foundation
import Model
import Platform
import Daemon
import Reconciler
import Store
import TestSupport
import Testing
import Upstream

/// One sink that refuses some messages.
@Suite struct OutboxWorkerTests {
  /// A double of the service behind libcurl: decides the result of each message.
  private final class Service: HTTPTransport {
    let titles = Lock<[String]>([])
    let refuse: @Sendable (String) -> Int

    init(_ refuse: @escaping @Sendable (String) -> Int) { self.refuse = refuse }

    func perform(_ transfer: HTTPTransfer) async throws -> TransferResult {
      let body = try JSONDecoder().decode(JSONValue.self, from: Data(transfer.body ?? []))
      let title = body["title"].stringValue ?? body["text"].stringValue ?? ""
      let status = refuse("\(title)\n\(body["message"].stringValue ?? "")")
      if status == 200 { titles.withLock { $0.append(title) } }
      return TransferResult(
        status: status, headers: [:], body: [], timings: TransferTimings(), remoteAddress: "127.0.0.1")
    }
  }

  private func notice(_ subject: String, _ kind: AlertNotification.Kind = .firing) -> AlertNotification {
    let condition = AlertCondition(.down, .critical, subject: subject, "\(subject) is down", cooldown: 3600)
    return AlertNotification(kind, Alert(condition, since: .now), at: .now)
  }

  /// Delivers these messages until `isDone`, with its own clock.
  private func carry(
    _ notices: [AlertNotification], _ service: Service, later: [AlertNotification] = [],
    after isLater: @escaping @Sendable () -> Bool = { true }, until isDone: @escaping @Sendable ([String]) -> Bool
  ) async throws -> (titles: [String], news: [String]) {
    let scratch = try Scratch()
    let path = scratch.path + "/state.db"
    let store = try SQLiteStore(path: path)
    try await store.save([], notify: notices.map { (receiver: "x", notification: $0) }, at: .now)
    var settings = ReceiverConfiguration(name: "x", kind: .ntfy)
    settings.url = Secret("http://ntfy.test/topic")
    let news = Lock<[String]>([])
    let clock = ManualClock()
    let stop = ShutdownSignal()
    let courier = OutboxWorker(
      Notifier(settings, owner: "lab", transport: service) { _ in },
      stores: BudgetedStores(SQLiteStoreProvider(path: path)),
      clock: clock,
      now: { Timestamp(seconds: Timestamp.now.seconds + clock.now) }
    ) { found in news.withLock { $0.append("\(found)".prefix { $0 != "(" }.description) } }
    let run = Task { await courier.run(stop: stop) }
    // Whatever is waited for comes at once, and the clock goes no further than that.
    let pump = Task { for await due in clock.waits.stream { clock.set(due) } }
    defer { pump.cancel() }
    while !Task.isCancelled, !isLater() { await Task.yield() }
    if !later.isEmpty {
      try await store.save([], notify: later.map { (receiver: "x", notification: $0) }, at: .now)
      courier.wake()
    }
    while !Task.isCancelled, !isDone(service.titles.withLock { $0 }) { await Task.yield() }
    stop.request()
    await run.value
    return (service.titles.withLock { $0 }, news.withLock { $0 })
  }

  @Test(.timeLimit(.minutes(5))) func `a notice that is not taken holds up none but those of its own alert`()
    async throws
  {
    let tries = Lock(0)
    let service = Service { title in
      guard title.contains("bad") else { return 200 }
      return tries.withLock { tries in
        tries += 1
        return tries < 4 ? 500 : 200
      }
    }
    let (titles, _) = try await carry(
      [notice("bad"), notice("bad", .resolved), notice("good")], service
    ) { $0.count == 3 }
    #expect(titles.map { $0.prefix { $0 != " " } } == ["CRITICAL:", "CRITICAL:", "RESOLVED:"])
    #expect(titles[0].contains("good") && titles[1].contains("bad") && titles[2].contains("bad"))
  }

  @Test(.timeLimit(.minutes(5))) func `one that is never taken mutes nobody`() async throws {
    let tries = Lock(0)
    let service = Service { title in
      guard title.contains("bad") else { return 200 }
      tries.withLock { $0 += 1 }
      return 500
    }
    // The others arrive long after its repeated failures.
    let (titles, _) = try await carry(
      [notice("bad")], service, later: [notice("a"), notice("b")], after: { tries.withLock { $0 } >= 6 }
    ) {
      $0.count == 2
    }
    #expect(titles.count == 2)
  }

  @Test(.timeLimit(.minutes(5))) func `many at once are one message`() async throws {
    let service = Service { _ in 200 }
    let (titles, _) = try await carry((0..<200).map { notice("h\($0)") }, service) { !$0.isEmpty }
    #expect(titles == ["CRITICAL: 200 alerts: h0 is down"])
  }

  @Test(.timeLimit(.minutes(5))) func `of many that are refused for good, each is told by itself`() async throws {
    let service = Service { $0.contains("alerts") || $0.contains("h3 ") ? 405 : 200 }
    let (titles, news) = try await carry((0..<6).map { notice("h\($0)") }, service) { $0.count == 5 }
    #expect(titles.count == 5 && !titles.contains { $0.contains("h3 ") })
    #expect(news == ["undelivered"])
  }

  @Test(.timeLimit(.minutes(5))) func `one of many that is never taken mutes none of them`() async throws {
    let service = Service { $0.contains("h3 ") ? 500 : 200 }
    let (titles, _) = try await carry((0..<6).map { notice("h\($0)") }, service) { $0.count == 5 }
    #expect(titles.count == 5 && !titles.contains { $0.contains("h3 ") || $0.contains("alerts") })
  }

  @Test(.timeLimit(.minutes(5))) func `many that wait for a sink that was away are one again`() async throws {
    let tries = Lock(0)
    let service = Service { _ in
      tries.withLock { tries in
        tries += 1
        return tries < 7 ? 503 : 200
      }
    }
    let (titles, _) = try await carry((0..<50).map { notice("h\($0)") }, service) { titles in
      titles.contains { $0.contains("alerts") }
    }
    #expect(titles.count < 10)
  }

  @Test(.timeLimit(.minutes(5))) func `a sink that is away is asked ever later, and told of everything then`()
    async throws
  {
    let tries = Lock(0)
    let service = Service { _ in
      tries.withLock { tries in
        tries += 1
        return tries < 6 ? 503 : 200
      }
    }
    let (titles, news) = try await carry([notice("a"), notice("b")], service) { $0.count == 2 }
    #expect(Set(titles).count == 2)
    #expect(news == ["failing", "recovered"])
  }

  @Test(.timeLimit(.minutes(5)), arguments: [(500, ReceiverConfiguration.Kind.webhook), (5000, .alertmanager)])
  func `a storm is one message, and names every host`(count: Int, kind: ReceiverConfiguration.Kind) async throws {
    let bodies = AsyncStream.makeStream(of: JSONValue.self)
    let service = StormSink { bodies.continuation.yield($0) }
    let store = MemoryStore()
    var settings = ReceiverConfiguration(name: "x", kind: kind)
    settings.url = Secret("http://sink.test/topic")
    let (clock, stop) = (ManualClock(), ShutdownSignal())
    let worker = OutboxWorker(
      Notifier(settings, owner: "lab", transport: service) { _ in },
      stores: BudgetedStores(FixedStoreProvider(StoreSet(store))),
      clock: clock, now: { Timestamp(seconds: 1_790_000_000 + clock.now) })
    let run = Task { await worker.run(stop: stop) }
    var received = bodies.stream.makeAsyncIterator()
    for state in [AlertNotification.Kind.firing, .resolved] {
      let notices = (0..<count).map { notice("10.0.\($0 / 250).\($0 % 250):80", state) }
      await store.save(
        [], notify: notices.map { (receiver: "x", notification: $0) }, at: Timestamp(seconds: 1_790_000_000))
      worker.wake()
      let body = try #require(await received.next())
      let alerts = body["alerts"].arrayValue ?? body.arrayValue ?? []
      #expect(Set(alerts.compactMap { $0["labels"]["subject"].stringValue }).count == count)
    }
    stop.request()
    clock.set(100_000)
    await run.value
  }

  /// A double: a sink that takes everything.
  private struct StormSink: HTTPTransport {
    let take: @Sendable (JSONValue) -> Void

    func perform(_ transfer: HTTPTransfer) async throws -> TransferResult {
      take(try JSONDecoder().decode(JSONValue.self, from: Data(transfer.body ?? [])))
      return TransferResult(
        status: 200, headers: [:], body: [], timings: TransferTimings(), remoteAddress: "127.0.0.1")
    }
  }

  @Test func `what waits and is said again is told once, and a clock that was set back delays nothing`() async throws {
    let titles = Lock<[String]>([])
    let sink = Service { title in
      titles.withLock { $0.append(title) }
      return 200
    }
    let store = MemoryStore()
    await store.save([], notify: [("x", notice("a")), ("x", notice("a"))], at: Timestamp(seconds: 7200))
    var settings = ReceiverConfiguration(name: "x", kind: .ntfy)
    settings.url = Secret("http://ntfy.test/topic")
    let worker = OutboxWorker(
      Notifier(settings, owner: "lab", transport: sink) { _ in },
      stores: BudgetedStores(FixedStoreProvider(StoreSet(store))),
      clock: ManualClock(), now: { Timestamp(seconds: 0) })
    _ = await worker.deliverDue()
    #expect(titles.withLock { $0.count } == 1)
    #expect(await store.outbox(for: "x").isEmpty)
  }

  @Test(.timeLimit(.minutes(5))) func `a sink that asks to wait is not asked again before`() async throws {
    let times = Lock<[Double]>([])
    let clock = ManualClock()
    let service = WaitingSink {
      times.withLock { $0.append(clock.now) }; return times.withLock { $0.count } == 1
    }
    let store = MemoryStore()
    await store.save([], notify: [("x", notice("a")), ("x", notice("b"))], at: Timestamp(seconds: 0))
    var settings = ReceiverConfiguration(name: "x", kind: .webhook)
    settings.url = Secret("http://sink.test/hook")
    let stop = ShutdownSignal()
    let worker = OutboxWorker(
      Notifier(settings, owner: "lab", transport: service) { _ in },
      stores: BudgetedStores(FixedStoreProvider(StoreSet(store))),
      clock: clock, now: { Timestamp(seconds: clock.now) })
    let run = Task { await worker.run(stop: stop) }
    let pump = Task { for await due in clock.waits.stream { clock.set(due) } }
    while await !store.outbox(for: "x").isEmpty, !Task.isCancelled { await Task.yield() }
    pump.cancel()
    let asked = times.withLock { $0 }
    #expect(asked.count == 3 && asked[1] - asked[0] >= 600, "\(asked)")
    stop.request()
    clock.set(clock.now + 100_000)
    await run.value
  }

  /// A double: a sink that asks for ten minutes of silence.
  private struct WaitingSink: HTTPTransport {
    let refuses: @Sendable () -> Bool

    func perform(_ transfer: HTTPTransfer) async throws -> TransferResult {
      let isRefused = refuses()
      return TransferResult(
        status: isRefused ? 429 : 200, headers: isRefused ? ["retry-after": "600"] : [:], body: [],
        timings: TransferTimings(), remoteAddress: "127.0.0.1")
    }
  }
}
