/// When each destination is checked next: each at a place of its own in its interval, so that ten thousand of them do
/// not fire at once, and a restart does not bunch them. A value that is told the time, in seconds of any clock that
/// never goes back.
package struct HealthSchedule<Key: Hashable & Comparable & CustomStringConvertible & Sendable>: Sendable {
  private struct Entry {
    var interval: Double
    var due: Double
  }
  private var entries: [Key: Entry] = [:]
  /// When the next batch is due; nil: nothing is watched.
  package private(set) var due: Double?

  /// Checks a second that the first round is spread over, where the interval is long enough for that.
  private static var firstPace: Double { 100 }
  /// What is due within so many seconds is checked together, but no earlier than a fiftieth of its interval.
  private static var batch: Double { 1 }

  package init() {}

  /// Replaces what is watched. Who stays keeps its time, unless its interval changed.
  package mutating func watch(_ intervals: [Key: Double], at now: Double) {
    entries = entries.filter { intervals[$0.key] == $0.value.interval }
    for (name, interval) in intervals where entries[name] == nil {
      let window = min(interval, Double(intervals.count) / Self.firstPace)
      entries[name] = Entry(interval: interval, due: now + Self.phase(of: name) * window)
    }
    due = earliest
  }

  /// Takes what is due, and gives each its next time: the place of its own in its interval.
  package mutating func take(at now: Double) -> [Key] {
    let names = entries.filter { $0.value.due <= now + min(Self.batch, $0.value.interval / 50) }.keys.sorted()
    for name in names {
      guard let entry = entries[name] else { continue }
      let phase = Self.phase(of: name) * entry.interval
      // At least half an interval away, so that the first regular check does not follow the initial one at once.
      var next = ((now - phase) / entry.interval).rounded(.up) * entry.interval + phase
      if next < now + entry.interval / 2 { next += entry.interval }
      entries[name]?.due = next
    }
    due = earliest
    return names
  }

  /// Makes these due at that time, unless they are due before.
  package mutating func expedite(_ names: Set<Key>, at time: Double) {
    for name in names {
      guard let before = entries[name]?.due else { continue }
      entries[name]?.due = min(before, time)
      due = min(due ?? time, min(before, time))
    }
  }

  private var earliest: Double? { entries.values.lazy.map(\.due).min() }

  /// From 0 to 1, always the same for a name: FNV-1a, its bits mixed once more, because names that differ in their
  /// last letter alone lie close together in it.
  static func phase(of name: Key) -> Double {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.description.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    return Double(hash >> 32) / Double(UInt32.max)
  }
}
