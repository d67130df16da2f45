import Model

/// Decides when names that are gone from the desired files are really gone: a directory that is being rebuilt comes back
/// file by file, and each pass meanwhile would remove hosts. A value; the time is passed in.
struct RemovalSettling: Sendable {
  /// Seconds for which nothing may change.
  let seconds: Double
  private var seen: (removed: Set<ResourceKey>, desired: Set<ResourceKey>, revision: Int, since: Double)?

  init(seconds: Double) { self.seconds = seconds }

  /// Whether the removals of this pass may be carried out.
  ///
  /// - Parameters:
  ///   - revision: changes whenever the files may have changed.
  ///   - now: seconds of the monotonic clock.
  mutating func isSettled(
    removed: Set<ResourceKey>, desired: Set<ResourceKey>, revision: Int, at now: Double
  ) -> Bool {
    if seconds == 0 { return true }
    guard !removed.isEmpty else {
      seen = nil
      return true
    }
    if let seen, removed.isSubset(of: seen.removed), desired == seen.desired, revision == seen.revision {
      return now - seen.since >= seconds
    }
    seen = (removed, desired, revision, now)
    return false
  }
}
