import Dispatch
import Foundation
import Platform
import TestSupport
import Testing

@testable import DesiredFiles

@Suite struct DebounceTests {
  @Test func `a burst is one, and one that never ends is passed on all the same`() {
    var debounce = Debounce(quiet: 0.1, longest: 2)
    #expect(debounce.due == nil)
    debounce.note(at: 10)
    debounce.note(at: 10.05)
    #expect(debounce.due == 10.05 + 0.1)
    for step in 1...100 { debounce.note(at: 10.05 + Double(step) * 0.05) }
    #expect(debounce.due == 12)
    debounce.clear()
    #expect(debounce.due == nil)
    debounce.note(at: 20)
    #expect(debounce.due == 20.1)
  }
}

@Suite struct WatchedAreaTests {
  @Test func `files below the root matter, hidden ones and our own do not`() throws {
    let scratch = try Scratch()
    try scratch.write("desired/status/status.json", "{}")
    let root = "\(scratch.path)/desired"
    let area = WatchedArea(root + "/", ignoring: "\(root)/status")
    for name in ["", "/a.yaml", "/deep/er/b.pem", "/statuses.yaml"] { #expect(area.contains(root + name), "\(name)") }
    for name in ["/.a.yaml.swp", "/status/status.json", "/status/new", "-old/a.yaml"] {
      #expect(!area.contains(root + name), "\(name)")
    }
    #expect(!area.contains(scratch.path))
    let here = WatchedArea(".", ignoring: "status")
    #expect(here.contains("a.yaml") && !here.contains(".git"))
  }
}

/// Each way of watching, on a real directory.
@Suite struct FileWatchTests {
  /// Runs `body` with a source on a directory; its argument waits for the next event.
  private func watching(
    polls: Bool, _ body: (Scratch, @escaping () async -> Void) async throws -> Void
  ) async throws {
    let scratch = try Scratch()
    try scratch.write("desired/a.yaml", "a")
    let queue = DispatchQueue(label: "test")
    let root = "\(scratch.path)/desired"
    var source: (any ChangeSource)?
    #if os(Linux)
      if !polls { source = InotifySource(WatchedArea(root, ignoring: ""), queue) }
    #endif
    let watched = source ?? PollingSource(WatchedArea(root, ignoring: ""), queue, every: 0.01)
    let (events, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    watched.start { continuation.yield() }
    var iterator = events.makeAsyncIterator()
    try await body(scratch) { _ = await iterator.next() }
    watched.stop()
  }

  @Test(.timeLimit(.minutes(1)), arguments: [true, false])
  func `writes, renames, deletes and new directories are seen`(polls: Bool) async throws {
    try await watching(polls: polls) { scratch, next in
      try scratch.write("desired/a.yaml", "longer")
      await next()
      // As editors save.
      try scratch.write("desired/.a.tmp", "another text")
      try FileManager.default.removeItem(atPath: "\(scratch.path)/desired/a.yaml")
      try FileManager.default.moveItem(
        atPath: "\(scratch.path)/desired/.a.tmp", toPath: "\(scratch.path)/desired/a.yaml")
      await next()
      try scratch.write("desired/deep/er/b.yaml", "b")
      await next()
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [true, false])
  func `a directory that is replaced goes on being watched`(polls: Bool) async throws {
    try await watching(polls: polls) { scratch, next in
      try FileManager.default.removeItem(atPath: "\(scratch.path)/desired")
      await next()
      try scratch.write("desired/new/c.yaml", "c")
      await next()
    }
  }

  @Test(.timeLimit(.minutes(1))) func `a checkout of many files is one change`() async throws {
    let scratch = try Scratch()
    try scratch.write("desired/a.yaml", "a")
    let (calls, continuation) = AsyncStream.makeStream(of: Void.self)
    let watch = FileWatch("\(scratch.path)/desired", quiet: 0.3) { continuation.yield() }
    for index in 0..<500 { try scratch.write("desired/f\(index).yaml", "x") }
    var iterator = calls.makeAsyncIterator()
    await iterator.next()
    // The next one belongs to the next write: the burst was passed on once.
    try scratch.write("desired/last.yaml", "x")
    await iterator.next()
    withExtendedLifetime(watch) {}
    continuation.finish()
    #expect(await iterator.next() == nil)
  }
}
