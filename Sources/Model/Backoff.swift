/// Delays that double from attempt to attempt.
package struct Backoff: Hashable, Sendable {
  /// Seconds to the second attempt.
  package var first: Double
  /// Seconds at most.
  package var longest: Double

  package init(first: Double, longest: Double) {
    self.first = first
    self.longest = longest
  }

  /// Seconds after so many failures in a row, from 1.
  package func delay(_ failures: Int) -> Double {
    // The exponent is bounded, so that years of failures do not overflow.
    min(longest, first * Double(1 << min(max(0, failures - 1), 20)))
  }
}
