/// A yearly daylight saving rule in POSIX form: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct PosixRule: Hashable, Sendable {
  /// The `week`-th `weekday` of a month (5: the last one), `time` seconds after local midnight.
  private struct Change: Hashable {
    var month: Int
    var week: Int
    var weekday: Int
    var time: Int
  }

  /// Seconds east of UTC.
  private var standard: Int
  private var summer: Int?
  private var start: Change?
  private var end: Change?

  init(standard: Int) { self.standard = standard }

  /// nil: not a rule, or its days are not given by week and weekday, a form that no current zone uses.
  init?(_ text: String) {
    var scanner = Scanner(rest: text[...])
    guard scanner.name(), let west = scanner.time() else { return nil }
    standard = -west
    guard !scanner.rest.isEmpty else { return }
    guard scanner.name() else { return nil }
    summer = scanner.rest.hasPrefix(",") ? standard + 3600 : scanner.time().map { -$0 }
    guard let start = scanner.change(), let end = scanner.change(), summer != nil else { return nil }
    self.start = start
    self.end = end
  }

  func offset(at seconds: Int) -> Int {
    guard let summer, let start, let end else { return standard }
    let year = Self.year(of: seconds + standard)
    // Each change is given in the local time before it.
    let begins = Self.seconds(of: start, in: year) - standard
    let ends = Self.seconds(of: end, in: year) - summer
    let isSummer = begins < ends ? (begins..<ends).contains(seconds) : !(ends..<begins).contains(seconds)
    return isSummer ? summer : standard
  }

  /// Seconds since 1970, as if local time were UTC.
  private static func seconds(of change: Change, in year: Int) -> Int {
    let first = days(year, change.month, 1)
    let weekday = ((first + 4) % 7 + 7) % 7
    var day = (change.weekday - weekday + 7) % 7 + 7 * (change.week - 1)
    let length = days(change.month == 12 ? year + 1 : year, change.month % 12 + 1, 1) - first
    while day >= length { day -= 7 }
    return (first + day) * 86400 + change.time
  }

  private static func year(of seconds: Int) -> Int {
    let days = Int((Double(seconds) / 86400).rounded(.down))
    var year = 1970 + days / 366
    while Self.days(year + 1, 1, 1) <= days { year += 1 }
    return year
  }

  /// Days since 1970; leap days are counted up to the previous March.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let shifted = month <= 2 ? month + 9 : month - 3
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1 - 719_468
  }

  private struct Scanner {
    var rest: Substring

    /// `CET` or `<+03>`.
    mutating func name() -> Bool {
      if rest.hasPrefix("<") {
        guard let close = rest.firstIndex(of: ">") else { return false }
        rest = rest[rest.index(after: close)...]
        return true
      }
      let name = rest.prefix(while: \.isLetter)
      rest = rest.dropFirst(name.count)
      return name.count >= 3
    }

    /// `2`, `-5:30` or `24:00:00` in seconds.
    mutating func time() -> Int? {
      let isNegative = rest.hasPrefix("-")
      if isNegative || rest.hasPrefix("+") { rest = rest.dropFirst() }
      let text = rest.prefix { $0.isNumber || $0 == ":" }
      let parts = text.split(separator: ":").compactMap { Int($0) }
      guard (1...3).contains(parts.count) else { return nil }
      rest = rest.dropFirst(text.count)
      let seconds = parts.enumerated().reduce(0) { $0 + $1.element * [3600, 60, 1][$1.offset] }
      return isNegative ? -seconds : seconds
    }

    /// `,M3.5.0/2`.
    mutating func change() -> Change? {
      guard rest.hasPrefix(",M") else { return nil }
      let text = rest.dropFirst(2).prefix { $0.isNumber || $0 == "." }
      let parts = text.split(separator: ".").compactMap { Int($0) }
      guard parts.count == 3, (1...12).contains(parts[0]), (1...5).contains(parts[1]), (0...6).contains(parts[2]) else {
        return nil
      }
      rest = rest.dropFirst(2 + text.count)
      guard rest.hasPrefix("/") else { return Change(month: parts[0], week: parts[1], weekday: parts[2], time: 7200) }
      rest = rest.dropFirst()
      return time().map { Change(month: parts[0], week: parts[1], weekday: parts[2], time: $0) }
    }
  }
}
