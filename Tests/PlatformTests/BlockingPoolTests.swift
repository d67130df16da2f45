import Platform
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct BlockingPoolTests {
  /// An actor whose calls block its own queue.
  private actor Reader {
    private let queue = QueueExecutor("reader")
    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }
    func wait(_ end: Int32) { waitForEnd(end) }
  }

  @Test(.timeLimit(.minutes(5))) func `what blocks holds up no task and no other pool`() async throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let pool = BlockingPool(width: 32)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<32 {
        group.addTask { await pool.run { waitForEnd(reading) } }
        group.addTask { await Reader().wait(reading) }
      }
      let start = ContinuousClock.now
      for _ in 0..<200 {
        await withTaskGroup(of: Void.self) { inner in
          for _ in 0..<50 { inner.addTask { await Task.yield() } }
        }
      }
      #expect(await BlockingPool(width: 1).run { 1 } == 1)
      // Threads of Dispatch that block are replaced one by one, each after a second.
      #expect(ContinuousClock.now - start < .seconds(16))
      close(writing)
    }
    close(reading)
  }

  @Test func `many calls through few threads all end`() async {
    let pool = BlockingPool(width: 2)
    let sum = await withTaskGroup(of: Int.self) { group in
      for number in 0..<500 { group.addTask { await pool.run { number } } }
      return await group.reduce(0, +)
    }
    #expect(sum == 500 * 499 / 2)
  }
}

/// Blocks until the other end of a pipe is closed.
private func waitForEnd(_ descriptor: Int32) {
  var byte: UInt8 = 0
  _ = read(descriptor, &byte, 1)
}
