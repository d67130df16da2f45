/// A minute in the calendar and clock of a time zone.
package struct LocalMinute: Hashable, Sendable {
  package var minute: Int
  package var hour: Int
  /// From 1.
  package var day: Int
  /// From 1.
  package var month: Int
  /// 0 is Sunday.
  package var weekday: Int

  package init(minute: Int, hour: Int, day: Int, month: Int, weekday: Int) {
    self.minute = minute
    self.hour = hour
    self.day = day
    self.month = month
    self.weekday = weekday
  }

  /// - Parameter seconds: local time, counted as if it were UTC, since 1970.
  package init(seconds: Int) {
    let days = Self.floorDivide(seconds, 86400)
    let rest = seconds - days * 86400
    let civil = Self.civil(days)
    self.init(
      minute: rest / 60 % 60, hour: rest / 3600, day: civil.day, month: civil.month,
      weekday: Self.floorModulo(days + 4, 7))
  }

  /// Converts days since 1970 to a Gregorian date; the year starts in March so that the leap day is last.
  package static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  package static func floorDivide(_ value: Int, _ by: Int) -> Int {
    value >= 0 ? value / by : -((-value + by - 1) / by)
  }

  private static func floorModulo(_ value: Int, _ by: Int) -> Int { value - floorDivide(value, by) * by }
}

/// A cron schedule: minute, hour, day of the month, month, day of the week; with lists, ranges, steps and English
/// names. If both kinds of day are restricted, either may match.
package struct CronExpression: Hashable, Sendable {
  private var minutes: Set<Int>
  private var hours: Set<Int>
  private var days: Set<Int>
  private var months: Set<Int>
  private var weekdays: Set<Int>
  private var restrictsDays: Bool
  private var restrictsWeekdays: Bool

  private static let monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
  private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  private static let nicknames = [
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
  ]

  /// nil: not a valid expression.
  package init?(_ text: String) {
    let spelled = Self.nicknames[text.lowercased()] ?? text
    let fields = spelled.lowercased().split(separator: " ").map(String.init)
    guard fields.count == 5, let minutes = Self.values(fields[0], 0...59), let hours = Self.values(fields[1], 0...23),
      let days = Self.values(fields[2], 1...31),
      let months = Self.values(fields[3], 1...12, names: Self.monthNames, first: 1),
      let weekdays = Self.values(fields[4], 0...7, names: Self.weekdayNames, first: 0)
    else { return nil }
    self.minutes = minutes
    self.hours = hours
    self.days = days
    self.months = months
    self.weekdays = Set(weekdays.map { $0 % 7 })
    restrictsDays = !fields[2].hasPrefix("*")
    restrictsWeekdays = !fields[4].hasPrefix("*")
  }

  package func matches(_ time: LocalMinute) -> Bool {
    guard minutes.contains(time.minute), hours.contains(time.hour), months.contains(time.month) else { return false }
    let isDay = days.contains(time.day)
    let isWeekday = weekdays.contains(time.weekday)
    return restrictsDays && restrictsWeekdays ? isDay || isWeekday : isDay && isWeekday
  }

  private static func values(
    _ field: String, _ range: ClosedRange<Int>, names: [String] = [], first: Int = 0
  ) -> Set<Int>? {
    func number(_ text: Substring) -> Int? {
      let value = Int(text) ?? names.firstIndex(of: String(text)).map { $0 + first }
      return value.flatMap { range.contains($0) ? $0 : nil }
    }
    var found: Set<Int> = []
    for part in field.split(separator: ",", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
      guard let body = pieces.first, pieces.count <= 2, let step = pieces.count == 2 ? Int(pieces[1]) : 1, step > 0
      else {
        return nil
      }
      let ends = body.split(separator: "-", omittingEmptySubsequences: false)
      if body == "*" {
        found.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
      } else if ends.count == 2, let low = number(ends[0]), let high = number(ends[1]), low <= high {
        found.formUnion(stride(from: low, through: high, by: step))
      } else if ends.count == 1, let low = number(ends[0]) {
        found.formUnion(pieces.count == 2 ? Array(stride(from: low, through: range.upperBound, by: step)) : [low])
      } else {
        return nil
      }
    }
    return found
  }
}
