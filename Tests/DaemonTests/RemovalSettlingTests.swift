import Model
import Testing

@testable import Daemon

@Suite struct RemovalSettlingTests {
  private func keys(_ names: String...) -> Set<ResourceKey> { Set(names.map { ResourceKey(.proxyHost, $0) }) }

  /// Whether nothing of what is gone has to wait.
  private func isSettled(
    _ settling: inout RemovalSettling, removed: Set<ResourceKey>, desired: Set<ResourceKey>, revision: Int,
    at now: Double
  ) -> Bool {
    settling.revision = revision
    settling.beginReading()
    return settling.waiting(removed: removed, desired: desired, at: now).isEmpty
  }

  @Test func `a removal needs two passes, the time between them, and unchanged files`() {
    var settling = RemovalSettling(seconds: 10)
    let (a, b, c) = (keys("a"), keys("b"), keys("b", "c"))
    #expect(isSettled(&settling, removed: [], desired: keys("a", "b"), revision: 1, at: 0))
    #expect(!isSettled(&settling, removed: b, desired: a, revision: 2, at: 1))
    #expect(!isSettled(&settling, removed: b, desired: a, revision: 2, at: 10))
    // A change of any file begins the time anew.
    #expect(!isSettled(&settling, removed: b, desired: a, revision: 3, at: 11))
    #expect(!isSettled(&settling, removed: c, desired: a, revision: 3, at: 21))
    #expect(isSettled(&settling, removed: c, desired: a, revision: 3, at: 31))
    // What was removed of it is not seen any more.
    #expect(isSettled(&settling, removed: keys("c"), desired: a, revision: 3, at: 32))
    #expect(isSettled(&settling, removed: [], desired: a, revision: 3, at: 33))
    #expect(!isSettled(&settling, removed: a, desired: [], revision: 3, at: 34))
  }

  @Test func `a removal that was ordered waits for nothing, and lets no other through`() {
    var settling = RemovalSettling(seconds: 10)
    settling.confirm(ResourceKey(.proxyHost, "b"))
    settling.revision = 1
    settling.beginReading()
    #expect(settling.waiting(removed: keys("b", "c"), desired: keys("a"), at: 1) == keys("c"))
    // It came back in the files: the next time it goes by them alone.
    #expect(isSettled(&settling, removed: [], desired: keys("a", "b"), revision: 2, at: 2))
    #expect(!isSettled(&settling, removed: keys("b"), desired: keys("a"), revision: 3, at: 3))
  }

  @Test func `an order that comes while files are being read is not forgotten`() {
    var settling = RemovalSettling(seconds: 10)
    settling.beginReading()
    settling.confirm(ResourceKey(.proxyHost, "b"))
    // This pass has read the files of before.
    #expect(settling.waiting(removed: [], desired: keys("a", "b"), at: 1).isEmpty)
    #expect(isSettled(&settling, removed: keys("b"), desired: keys("a"), revision: 2, at: 2))
  }

  @Test func `without a time removals are carried out at once`() {
    var settling = RemovalSettling(seconds: 0)
    #expect(isSettled(&settling, removed: keys("a"), desired: [], revision: 1, at: 0))
  }
}
