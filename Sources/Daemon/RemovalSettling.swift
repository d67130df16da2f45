import Model

/// Decides when names that are gone from the desired files are really gone: a directory that is being rebuilt comes back
/// file by file, and each pass meanwhile would remove hosts. A value; the time is passed in.
struct RemovalSettling: Sendable {
  /// Seconds for which nothing may change.
  let seconds: Double
  /// Changes whenever the files may have changed.
  var revision = 0
  private var seen: (removed: Set<ResourceKey>, desired: Set<ResourceKey>, revision: Int, since: Double)?
  /// Names whose removal was ordered, and whether the files were read since.
  private var confirmed: [ResourceKey: Bool] = [:]

  init(seconds: Double) { self.seconds = seconds }

  /// The removal of this name is meant: it was ordered, and has just been written into the files.
  mutating func confirm(_ key: ResourceKey) { confirmed[key] = false }

  /// The files are about to be read.
  mutating func beginReading() { for key in confirmed.keys { confirmed[key] = true } }

  /// The removals of this pass that may not be carried out yet.
  ///
  /// - Parameter now: seconds of the monotonic clock.
  mutating func waiting(
    removed: Set<ResourceKey>, desired: Set<ResourceKey>, at now: Double
  ) -> Set<ResourceKey> {
    // A name that came back, and goes again, goes by the files.
    confirmed = confirmed.filter { !($0.value && desired.contains($0.key)) }
    let open = removed.subtracting(confirmed.keys)
    return isSettled(open, desired, at: now) ? [] : open
  }

  private mutating func isSettled(_ removed: Set<ResourceKey>, _ desired: Set<ResourceKey>, at now: Double) -> Bool {
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
