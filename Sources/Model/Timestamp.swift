#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Wall-clock time as seconds since 1970.
package struct Timestamp: Hashable, Comparable, Codable, Sendable {
  package var seconds: Double

  package init(seconds: Double) { self.seconds = seconds }

  package static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
  }

  package static func + (time: Timestamp, seconds: Double) -> Timestamp { Timestamp(seconds: time.seconds + seconds) }
  package static func - (time: Timestamp, seconds: Double) -> Timestamp { Timestamp(seconds: time.seconds - seconds) }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.seconds < right.seconds }

  /// UTC, for example `2026-11-21T14:02:07.250Z`.
  package var iso8601: String {
    let parts = fields
    return "\(parts.date)T\(parts.time).\(pad(Int((seconds - seconds.rounded(.down)) * 1000), 3))Z"
  }

  /// The day in UTC, for example `2026-11-21`.
  package var day: String { fields.date }

  /// UTC in seconds as NPM on SQLite writes it, for example `2026-11-21 14:02:07`.
  package var sqlText: String {
    let parts = fields
    return "\(parts.date) \(parts.time)"
  }

  /// UTC in the format of mail headers, for example `Sat, 21 Nov 2026 14:02:07 +0000`.
  package var mailDate: String {
    var whole = time_t(seconds.rounded(.down))
    var parts = tm()
    gmtime_r(&whole, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let day = "\(days[Int(parts.tm_wday)]), \(pad(Int(parts.tm_mday), 2)) \(months[Int(parts.tm_mon)])"
    return "\(day) \(Int(parts.tm_year) + 1900) \(fields.time) +0000"
  }

  private var fields: (date: String, time: String) {
    var whole = time_t(seconds.rounded(.down))
    var parts = tm()
    gmtime_r(&whole, &parts)
    return (
      "\(pad(Int(parts.tm_year) + 1900, 4))-\(pad(Int(parts.tm_mon) + 1, 2))-\(pad(Int(parts.tm_mday), 2))",
      "\(pad(Int(parts.tm_hour), 2)):\(pad(Int(parts.tm_min), 2)):\(pad(Int(parts.tm_sec), 2))"
    )
  }

  private func pad(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Reads `2026-11-22T07:47:44Z`, with any number of digits of a fraction; nil for anything else.
  package init?(iso8601 text: String) {
    let pieces = text.split(whereSeparator: { !$0.isNumber })
    let numbers = pieces.compactMap { Int($0) }
    guard numbers.count >= 6, text.hasSuffix("Z") else { return nil }
    var parts = tm()
    parts.tm_year = Int32(truncatingIfNeeded: numbers[0] - 1900)
    parts.tm_mon = Int32(truncatingIfNeeded: numbers[1] - 1)
    parts.tm_mday = Int32(truncatingIfNeeded: numbers[2])
    parts.tm_hour = Int32(truncatingIfNeeded: numbers[3])
    parts.tm_min = Int32(truncatingIfNeeded: numbers[4])
    parts.tm_sec = Int32(truncatingIfNeeded: numbers[5])
    let fraction = pieces.count > 6 ? Double("0.\(pieces[6])") ?? 0 : 0
    self.init(seconds: Double(timegm(&parts)) + fraction)
  }
}
