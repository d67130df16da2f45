import Model

/// The small notations of the contract.
package enum Duration {
  /// `30s`, `5m`, `2h`, `7d` in seconds; nil for anything else.
  package static func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    guard let last = text.last, let unit = units[last], let number = Int(text.dropLast()), number >= 0,
      text.count <= 10
    else { return nil }
    return Double(number) * unit
  }

  static func isWellFormed(_ text: String) -> Bool { seconds(text) != nil }

  package static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.map(\.count) == [4, 2, 2], let year = Int(parts[0]), let month = Int(parts[1]),
      let day = Int(parts[2]), (1...12).contains(month)
    else { return false }
    let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...days[month - 1]).contains(day)
  }

  /// `200-399` or `204`; nil for anything else.
  static func statusRange(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).compactMap { Int($0) }
    guard text.split(separator: "-", omittingEmptySubsequences: false).count == ends.count, ends.count <= 2,
      let low = ends.first, let high = ends.last, 100 <= low, low <= high, high <= 599
    else { return nil }
    return low...high
  }
}

extension CheckRule {
  /// From the members of `health` in the desired files; nil where it is none.
  init?(_ members: JSONValue) {
    guard case .object = members else { return nil }
    self.init()
    path = members["path"].stringValue ?? path
    statuses = members["expect_status"].stringValue.flatMap(Duration.statusRange) ?? statuses
    if !members["expect_json"].isNull { json = members["expect_json"] }
    interval = members["interval"].stringValue.flatMap(Duration.seconds).map { max(1, $0) }
    timeout = members["timeout"].stringValue.flatMap(Duration.seconds).map { max(1, $0) }
  }
}
