import Publishing
import Alerting
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
      rules: [:], receivers: [ReceiverConfiguration(name: "ops", kind: .log)], stores: SQLiteStoreProvider(path: path))
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
      stores: SometimesAway(path: path, isAway: isAway))
    let first = await desk.evaluate(down(), at: Timestamp(seconds: 1000))
    #expect(first.problem is StoreError && first.notifications.count == 1)
    isAway.withLock { $0 = false }
    #expect(await desk.evaluate(down(), at: Timestamp(seconds: 1010)).problem == nil)
    #expect(try await waiting() == 1)
  }
}
