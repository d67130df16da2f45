/// Combines bursts of changes: a save makes several, a checkout thousands. A value type: the caller passes the time.
struct Debounce: Sendable {
  /// Seconds without a change after which the burst is complete.
  var quiet: Double
  /// Seconds after which it is passed on even if changes continue.
  var longest: Double
  private var first: Double?
  private var last = 0.0

  init(quiet: Double, longest: Double) {
    self.quiet = quiet
    self.longest = longest
  }

  /// The time to pass the changes on; nil: there are none.
  var due: Double? { first.map { min(last + quiet, $0 + longest) } }

  mutating func note(at now: Double) {
    first = first ?? now
    last = now
  }

  mutating func clear() { first = nil }
}
