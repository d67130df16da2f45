import Publishing
import Alerting
import Curl
import Model
import Platform
import Daemon
import Reconciler
import Store
import TestSupport
import Testing

/// Alerts and their notices, with a store on disk.
@Suite struct AlertEvaluatorTests {
  private let scratch: Scratch
  private let path: String

  init() throws {
    scratch = try Scratch()
    path = scratch.path + "/state.db"
  }

  private func desk() -> AlertEvaluator {
    AlertEvaluator(
      rules: [:], receivers: [ReceiverConfiguration(name: "ops", kind: .log)],
      stores: BudgetedStores(SQLiteStoreProvider(path: path)))
  }

  private func waiting() async throws -> Int { try await SQLiteStore(path: path).outbox(for: "ops").count }

  private func down() -> AlertInput {
    var facts = AlertInput()
    var host = AlertInput.Host(name: "a", destination: "10.0.0.1:80")
    host.isUnhealthy = true
    facts.hosts = [host]
    return facts
  }

  @Test func `many that look at once find one thing to tell`() async throws {
    let desk = desk()
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<20 {
        group.addTask { [down] in _ = await desk.evaluate(down(), at: Timestamp(seconds: Double(1000 + index))) }
      }
    }
    #expect(try await waiting() == 1)
  }

  @Test func `after a restart nothing is told again, and nothing resolved that nobody has looked at`() async throws {
    _ = await desk().evaluate(down(), at: Timestamp(seconds: 1000))
    let next = desk()
    var blind = AlertInput()
    blind.unknown = [.down]
    _ = await next.evaluate(blind, at: Timestamp(seconds: 1010))
    _ = await next.evaluate(down(), at: Timestamp(seconds: 1020))
    #expect(try await waiting() == 1)
    _ = await next.evaluate(AlertInput(), at: Timestamp(seconds: 1030))
    #expect(try await waiting() == 2)
  }

  @Test func `what a store that is away cannot take is told once it is back`() async throws {
    let isAway = Lock(true)
    let desk = AlertEvaluator(
      rules: [:], receivers: [ReceiverConfiguration(name: "ops", kind: .log)],
      stores: BudgetedStores(SometimesAway(path: path, isAway: isAway)))
    let first = await desk.evaluate(down(), at: Timestamp(seconds: 1000))
    #expect(first.problem is StoreError && first.notifications.count == 1)
    isAway.withLock { $0 = false }
    #expect(await desk.evaluate(down(), at: Timestamp(seconds: 1010)).problem == nil)
    #expect(try await waiting() == 1)
  }

  @Test(.timeLimit(.minutes(5))) func `what a store that hangs was given is told at once, and once`() async throws {
    let disk = HangingStores(SQLiteStoreProvider(path: path))
    let stores = BudgetedStores(disk, clock: DecidedBudget { disk.isHanging })
    let unstored = UnstoredOutbox()
    let desk = AlertEvaluator(
      rules: [:], receivers: [ReceiverConfiguration(name: "ops", kind: .log)], stores: stores, unstored: unstored)
    let told = Lock<[String]>([])
    let worker = OutboxWorker(
      Notifier(ReceiverConfiguration(name: "ops", kind: .log), owner: "lab", transport: CurlEngine()) { line in
        told.withLock { $0.append(line) }
      }, stores: stores, unstored: unstored)
    _ = await desk.evaluate(AlertInput(), at: .now)
    // The silences are read, and what is saved then is not answered.
    disk.hang(after: 1)
    #expect(await desk.evaluate(down(), at: .now).problem as? StoreError == .timeout)
    _ = await worker.deliverDue()
    #expect(told.withLock { $0 }.count == 1)
    #expect(await desk.evaluate(down(), at: .now).problem as? StoreError == .timeout)
    _ = await desk.evaluate(AlertInput(), at: .now)
    disk.answer()
    while stores.isSilent { await Task.yield() }
    #expect(await desk.evaluate(AlertInput(), at: .now).problem == nil)
    _ = await worker.deliverDue()
    #expect(told.withLock { $0 }.count == 2)
    #expect(told.withLock { $0.last }?.contains("RESOLVED") == true)
    #expect(try await waiting() == 0)
    #expect(try await SQLiteStore(path: path).alerts().allSatisfy { !$0.isFiring })
  }

  @Test(.timeLimit(.minutes(5))) func `events for a store that hangs are written once`() async throws {
    let disk = HangingStores(SQLiteStoreProvider(path: path))
    let stores = BudgetedStores(disk, clock: DecidedBudget { disk.isHanging })
    let writer = EventWriter(stores: stores, log: SilentLog())
    func event(_ message: String) -> Event {
      Event(.info, source: "test", subject: "a", reason: "Test", message, correlation: "x")
    }
    disk.hang()
    await writer.append([event("first")])
    await writer.append([event("second")])
    disk.answer()
    while stores.isSilent { await Task.yield() }
    await writer.append([])
    let found = try await SQLiteStore(path: path).events(EventFilter())
    #expect(found.map(\.event.message).sorted() == ["first", "second"])
  }
}
