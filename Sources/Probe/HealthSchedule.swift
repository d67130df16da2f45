/// The time of the next check for each destination. Each has a fixed phase in its interval, so that ten thousand checks
/// do not start at once and a restart does not bunch them. A value type: the caller passes the time, in seconds of any
/// monotonic clock.
package struct HealthSchedule: Sendable {
  private struct Entry {
    var interval: Double
    var due: Double
  }
  private var entries: [String: Entry] = [:]

  /// Checks per second in the first round, unless the interval is too short for that.
  private static let firstPace = 100.0
  /// Checks due within this many seconds run together, but none earlier than a fiftieth of its interval.
  private static let batch = 1.0

  package init() {}

  /// Replaces the monitored targets. Existing ones keep their time, unless their interval changed.
  package mutating func watch(_ intervals: [String: Double], at now: Double) {
    entries = entries.filter { intervals[$0.key] == $0.value.interval }
    for (name, interval) in intervals where entries[name] == nil {
      let window = min(interval, Double(intervals.count) / Self.firstPace)
      entries[name] = Entry(interval: interval, due: now + Self.phase(of: name) * window)
    }
  }

  /// The time of the next batch; nil: nothing is monitored.
  package var due: Double? { entries.values.map(\.due).min() }

  /// Returns the due targets and sets the next time of each: its phase in the next interval.
  package mutating func take(at now: Double) -> [String] {
    let names = entries.filter { $0.value.due <= now + min(Self.batch, $0.value.interval / 50) }.keys.sorted()
    for name in names {
      guard let entry = entries[name] else { continue }
      let phase = Self.phase(of: name) * entry.interval
      // At least half an interval away, so that the first regular check does not follow the initial one at once.
      var next = ((now - phase) / entry.interval).rounded(.up) * entry.interval + phase
      if next < now + entry.interval / 2 { next += entry.interval }
      entries[name]?.due = next
    }
    return names
  }

  /// Makes targets due at that time, unless they are due earlier.
  package mutating func expedite(_ names: Set<String>, at time: Double) {
    for name in names { if let due = entries[name]?.due { entries[name]?.due = min(due, time) } }
  }

  /// From 0 to 1, constant for a name: FNV-1a with its bits mixed once more, because names that differ only in the last
  /// letter get close values from FNV-1a.
  static func phase(of name: String) -> Double {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    return Double(hash >> 32) / Double(UInt32.max)
  }
}
