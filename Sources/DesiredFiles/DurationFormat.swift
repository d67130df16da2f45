package import Model

/// The duration notation of the contract.
package enum DurationFormat {
  private static let units: [Character: (rank: Int, seconds: Double)] = [
    "s": (0, 1), "m": (1, 60), "h": (2, 3600), "d": (3, 86400), "w": (4, 604_800),
  ]

  /// `30s`, `5m`, `2h`, `7d`, `1w`, or several in descending order, `1h30m`, in seconds; nil for anything else.
  package static func seconds(_ text: String) -> Double? {
    var total = 0.0, digits = "", last = Int.max
    for character in text {
      if character.isASCII, character.isNumber {
        digits.append(character)
        continue
      }
      guard let unit = units[character], unit.rank < last, let number = Int(digits), digits.count <= 9 else {
        return nil
      }
      total += Double(number) * unit.seconds
      (digits, last) = ("", unit.rank)
    }
    return digits.isEmpty && last != Int.max ? total : nil
  }

  /// Whole seconds in the largest unit that fits: `30s`, `5m`, `90d`.
  package static func text(_ seconds: Double) -> String {
    let whole = Int(seconds)
    for (unit, length) in [("d", 86400), ("h", 3600), ("m", 60)] where whole > 0 && whole % length == 0 {
      return "\(whole / length)\(unit)"
    }
    return "\(whole)s"
  }

  static func isWellFormed(_ text: String) -> Bool { seconds(text) != nil }

  /// A day such as `2026-12-31`, as its first moment in UTC; nil for anything else.
  package static func day(_ text: String) -> Timestamp? { Timestamp(iso8601: "\(text)T00:00:00Z") }
}

extension HealthCheckSpec {
  /// From the members of `health` in the desired files; nil where it is none.
  ///
  /// - Parameter secrets: texts of headers, by `headers/Authorization`.
  init?(_ members: JSONValue, secrets: [String: Secret]) {
    guard case .object = members else { return nil }
    self.init()
    path = members["path"].stringValue ?? path
    statuses = members["expect_status"].stringValue.flatMap { StatusSet($0) } ?? statuses
    method = members["method"].stringValue ?? method
    headers = secrets.compactMap { path, text in
      path.split(separator: "/", maxSplits: 1).dropFirst().first.map { CheckHeader(String($0), text) }
    }.sorted { $0.name < $1.name }
    if !members["expect_json"].isNull { json = members["expect_json"] }
    interval = members["interval"].stringValue.flatMap(DurationFormat.seconds).map { max(1, $0) }
    timeout = members["timeout"].stringValue.flatMap(DurationFormat.seconds).map { max(1, $0) }
  }
}
