import Model
import Testing

@testable import Daemon

@Suite struct RemovalSettlingTests {
  private func keys(_ names: String...) -> Set<ResourceKey> { Set(names.map { ResourceKey(.proxyHost, $0) }) }

  private func check(_ expected: Bool, _ found: Bool, _ location: Testing.SourceLocation = #_sourceLocation) {
    #expect(found == expected, sourceLocation: location)
  }

  @Test func `a removal needs two passes, the time between them, and unchanged files`() {
    var settling = RemovalSettling(seconds: 10)
    check(true, settling.isSettled(removed: [], desired: keys("a", "b"), revision: 1, at: 0))
    check(false, settling.isSettled(removed: keys("b"), desired: keys("a"), revision: 2, at: 1))
    check(false, settling.isSettled(removed: keys("b"), desired: keys("a"), revision: 2, at: 10))
    // A change of any file begins the time anew.
    check(false, settling.isSettled(removed: keys("b"), desired: keys("a"), revision: 3, at: 11))
    check(false, settling.isSettled(removed: keys("b", "c"), desired: keys("a"), revision: 3, at: 21))
    check(true, settling.isSettled(removed: keys("b", "c"), desired: keys("a"), revision: 3, at: 31))
    // What was removed of it is not seen any more.
    check(true, settling.isSettled(removed: keys("c"), desired: keys("a"), revision: 3, at: 32))
    check(true, settling.isSettled(removed: [], desired: keys("a"), revision: 3, at: 33))
    check(false, settling.isSettled(removed: keys("a"), desired: [], revision: 3, at: 34))
  }

  @Test func `without a time removals are carried out at once`() {
    var settling = RemovalSettling(seconds: 0)
    check(true, settling.isSettled(removed: keys("a"), desired: [], revision: 1, at: 0))
  }
}
