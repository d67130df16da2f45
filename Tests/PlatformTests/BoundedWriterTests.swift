import Foundation
import Platform
import Testing

@Suite struct BoundedWriterTests {
  @Test(.timeLimit(.minutes(5))) func `what a full pipe does not take is counted, and the count is written later`()
    async throws
  {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    // The pipe is full before anything is written.
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    var filled = 0
    for size in [4096, 1] {
      while true {
        let count = write(ends[1], [UInt8](repeating: 0x2e, count: size), size)
        if count < 0 { break }
        filled += count
      }
    }
    _ = fcntl(ends[1], F_SETFL, 0)
    let writer = BoundedWriter(ends[1], capacity: 3)
    for number in 1...10 { writer.write("line \(number)\n") }
    writer.flush(within: 0)
    var text = ""
    var taken = 0
    while !text.contains("after") {
      // Once there is room.
      if text.contains("dropped") { writer.write("after\n") }
      var bytes = [UInt8](repeating: 0, count: 65536)
      let count = read(ends[0], &bytes, bytes.count)
      try #require(count > 0)
      let old = min(count, filled - taken)
      taken += old
      text += String(decoding: bytes[old..<count], as: UTF8.self)
    }
    writer.flush(within: 10)
    let lines = text.split(separator: "\n")
    let kept = lines.count { $0.hasPrefix("line ") }
    #expect((3...4).contains(kept) && lines[0] == "line 1")
    #expect(text.contains("\(10 - kept) lines of the log were dropped"), "\(text)")
  }

  @Test(.timeLimit(.minutes(5))) func `a wait ends with its time, or with its task`() async {
    let start = ContinuousClock.now
    await Pause.wait(0.01)
    #expect(ContinuousClock.now - start >= .milliseconds(10))
    let long = Task { await Pause.wait(3600) }
    long.cancel()
    await long.value
    let cancelled = Task {
      while !Task.isCancelled { await Task.yield() }
      await Pause.wait(3600)
    }
    cancelled.cancel()
    await cancelled.value
  }
}
