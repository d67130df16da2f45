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

@Suite struct WatchPlanTests {
  @Test func `files below the root matter, hidden ones and our own do not`() throws {
    let scratch = try Scratch()
    try scratch.write("desired/status/status.json", "{}")
    try scratch.write("desired/deep/er/b.pem", "x")
    let root = "\(scratch.path)/desired"
    let plan = WatchPlan(WatchScope(root + "/", ignoring: "\(root)/status"))
    #expect(plan.trees == [root, "\(root)/deep", "\(root)/deep/er"])
    #expect(plan.matters("a.yaml", in: root) && plan.matters("", in: root))
    #expect(!plan.matters(".a.yaml.swp", in: root))
    #expect(!plan.matters("other", in: scratch.path) && plan.matters("desired", in: scratch.path))
  }

  @Test func `each name on the way through links matters`() throws {
    let scratch = try Scratch()
    try scratch.write("data/1/a.yaml", "x")
    try scratch.write("desired/own.yaml", "x")
    try scratch.link("data/current", to: "1")
    try scratch.link("desired/a.yaml", to: "../data/current/a.yaml")
    try scratch.link("here", to: "desired")
    let plan = WatchPlan(WatchScope("\(scratch.path)/here"), files: ["\(scratch.path)/tls/live.pem"])
    let root = scratch.path
    #expect(plan.trees == ["\(root)/desired"])
    for (name, folder) in [("here", ""), ("desired", ""), ("current", "/data"), ("1", "/data"), ("a.yaml", "/data/1")] {
      #expect(plan.matters(name, in: root + folder), "\(name) in \(folder)")
    }
    #expect(!plan.matters("b.yaml", in: root + "/data/1"))
    #expect(plan.matters("live.pem", in: root + "/tls"))
  }
}

/// Each file watcher on a real directory.
@Suite struct FileWatchTests {
  /// Runs `body` with a watcher on a directory; its argument waits for the next event.
  private func watching(
    polls: Bool, scratch given: Scratch? = nil, files: Set<String> = [],
    _ body: (Scratch, @escaping () async -> Void) async throws -> Void
  ) async throws {
    let scratch = try given ?? Scratch()
    if given == nil { try scratch.write("desired/a.yaml", "a") }
    let queue = DispatchQueue(label: "test")
    let root = "\(scratch.path)/desired"
    var source: (any FileWatcher)?
    #if os(Linux)
      if !polls { source = InotifyFileWatcher(WatchScope(root, ignoring: ""), queue) }
    #endif
    let watched = source ?? PollingFileWatcher(WatchScope(root, ignoring: ""), queue, every: 0.01)
    let (events, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    watched.follow(files)
    watched.start { continuation.yield() }
    var iterator = events.makeAsyncIterator()
    try await body(scratch) { _ = await iterator.next() }
    watched.stop()
  }

  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func `writes, renames, deletes and new directories are seen`(polls: Bool) async throws {
    try await watching(polls: polls) { scratch, next in
      try scratch.write("desired/a.yaml", "longer")
      await next()
      // Editors save in this way.
      try scratch.write("desired/.a.tmp", "another text")
      try FileManager.default.removeItem(atPath: "\(scratch.path)/desired/a.yaml")
      try FileManager.default.moveItem(
        atPath: "\(scratch.path)/desired/.a.tmp", toPath: "\(scratch.path)/desired/a.yaml")
      await next()
      try scratch.write("desired/deep/er/b.yaml", "b")
      await next()
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func `a directory that is replaced goes on being watched`(polls: Bool) async throws {
    try await watching(polls: polls) { scratch, next in
      try FileManager.default.removeItem(atPath: "\(scratch.path)/desired")
      await next()
      try scratch.write("desired/new/c.yaml", "c")
      await next()
    }
  }

  /// Like a Kubernetes ConfigMap mount: files are links through a link that is replaced.
  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func `each of 50 exchanges of a link is seen`(polls: Bool) async throws {
    try await watching(polls: polls) { scratch, next in
      try scratch.write("desired/..0/b.yaml", "0")
      try scratch.link("desired/..data", to: "..0")
      try scratch.link("desired/b.yaml", to: "..data/b.yaml")
      await next()
      for version in 1...50 {
        try scratch.write("desired/..\(version)/b.yaml", "\(version)")
        try scratch.link("desired/..new", to: "..\(version)")
        try scratch.rename("desired/..new", "desired/..data")
        await next()
        try FileManager.default.removeItem(atPath: "\(scratch.path)/desired/..\(version - 1)")
      }
    }
  }

  /// The directory is a link, a directory above it is replaced, and a file elsewhere that a link points to is written.
  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func `links above the directory and to files elsewhere are followed`(polls: Bool) async throws {
    let scratch = try Scratch()
    try scratch.write("one/desired/a.yaml", "1")
    try scratch.write("elsewhere/x.yaml", "x")
    try scratch.link("one/desired/x.yaml", to: "../../elsewhere/x.yaml")
    try scratch.write("two/desired/a.yaml", "22")
    try scratch.link("current", to: "one")
    try scratch.link("desired", to: "current/desired")
    try await watching(polls: polls, scratch: scratch) { scratch, next in
      try scratch.write("elsewhere/x.yaml", "longer")
      await next()
      for name in ["two", "one", "two"] {
        try scratch.link("new", to: name)
        try scratch.rename("new", "current")
        await next()
        try scratch.write("\(name)/desired/\(UUID().uuidString).yaml", name)
        await next()
      }
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func `a file elsewhere that is named is watched`(polls: Bool) async throws {
    let scratch = try Scratch()
    try scratch.write("desired/a.yaml", "a")
    try scratch.write("live/1.pem", "1")
    try scratch.link("live/cert.pem", to: "1.pem")
    try await watching(polls: polls, scratch: scratch, files: ["\(scratch.path)/live/cert.pem"]) { scratch, next in
      try scratch.write("live/2.pem", "22")
      try scratch.link("live/new", to: "2.pem")
      try scratch.rename("live/new", "live/cert.pem")
      await next()
      try scratch.write("live/2.pem", "renewed")
      await next()
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a checkout of many files is one change`() async throws {
    let scratch = try Scratch()
    try scratch.write("desired/a.yaml", "a")
    let (calls, continuation) = AsyncStream.makeStream(of: Void.self)
    let watch = FileWatch("\(scratch.path)/desired", quiet: 0.3) { continuation.yield() }
    for index in 0..<500 { try scratch.write("desired/f\(index).yaml", "x") }
    var iterator = calls.makeAsyncIterator()
    await iterator.next()
    // The next event belongs to the next write: the burst gave only one event.
    try scratch.write("desired/last.yaml", "x")
    await iterator.next()
    withExtendedLifetime(watch) {}
    continuation.finish()
    #expect(await iterator.next() == nil)
  }
}
