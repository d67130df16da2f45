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

  /// Reads a time of RFC 3339: `2026-11-22T07:47:44Z`, `2026-11-22T08:47:44.250+01:00`; nil for anything else, also for a
  /// day or an hour that does not exist.
  package init?(iso8601 text: String) {
    var scanner = TimeScanner(rest: Array(text.utf8)[...])
    guard let year = scanner.number(4, 0...9999), scanner.takes("-"), let month = scanner.number(2, 1...12),
      scanner.takes("-"), let day = scanner.number(2, 1...31), scanner.takes("Tt"),
      let hour = scanner.number(2, 0...23), scanner.takes(":"), let minute = scanner.number(2, 0...59),
      scanner.takes(":"), let second = scanner.number(2, 0...60), let fraction = scanner.fraction(),
      let offset = scanner.offset(), scanner.rest.isEmpty
    else { return nil }
    var parts = tm()
    parts.tm_year = Int32(year - 1900)
    parts.tm_mon = Int32(month - 1)
    parts.tm_mday = Int32(day)
    let midnight = timegm(&parts)
    // The calendar makes 1 March of 29 February where there is none.
    guard parts.tm_mday == Int32(day) else { return nil }
    self.init(seconds: Double(Int(midnight) + hour * 3600 + minute * 60 + second - offset) + fraction)
  }
}

private struct TimeScanner {
  var rest: ArraySlice<UInt8>

  mutating func takes(_ bytes: String) -> Bool {
    guard let first = rest.first, bytes.utf8.contains(first) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(_ digits: Int, _ range: ClosedRange<Int>) -> Int? {
    let part = rest.prefix(digits)
    guard part.count == digits, part.allSatisfy(Self.isDigit) else { return nil }
    let number = part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    guard range.contains(number) else { return nil }
    rest = rest.dropFirst(digits)
    return number
  }

  /// Of a second; 0 where there is none.
  mutating func fraction() -> Double? {
    guard takes(".") else { return 0 }
    let digits = rest.prefix(while: Self.isDigit)
    rest = rest.dropFirst(digits.count)
    return digits.isEmpty ? nil : Double("0.\(String(decoding: digits, as: UTF8.self))")
  }

  /// Seconds east of UTC.
  mutating func offset() -> Int? {
    if takes("Zz") { return 0 }
    let isWest = rest.first == UInt8(ascii: "-")
    guard takes("+-"), let hours = number(2, 0...23), takes(":"), let minutes = number(2, 0...59) else { return nil }
    return (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
