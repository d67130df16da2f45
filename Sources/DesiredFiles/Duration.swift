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

  static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.map(\.count) == [4, 2, 2], let year = Int(parts[0]), let month = Int(parts[1]),
      let day = Int(parts[2]), (1...12).contains(month)
    else { return false }
    let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...days[month - 1]).contains(day)
  }

  static func isStatusRange(_ text: String) -> Bool {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count <= 2, ends.allSatisfy({ $0.map { (100...599).contains($0) } ?? false }) else { return false }
    return (ends[0] ?? 0) <= (ends[ends.count - 1] ?? 0)
  }
}
