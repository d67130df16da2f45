/// Makes one of many changes that come together: a save is several, a checkout thousands. A value that is told the time.
struct Debounce: Sendable {
  /// Seconds without a change after which what came is complete.
  var quiet: Double
  /// Seconds after which it is passed on although changes go on.
  var longest: Double
  private var first: Double?
  private var last = 0.0

  init(quiet: Double, longest: Double) {
    self.quiet = quiet
    self.longest = longest
  }

  /// When to pass on what came; nil: nothing did.
  var due: Double? { first.map { min(last + quiet, $0 + longest) } }

  mutating func note(at now: Double) {
    first = first ?? now
    last = now
  }

  mutating func clear() { first = nil }
}
