import Platform

/// One line per scenario.
struct Table {
  private struct Row {
    var runs = 0
    var duplicates = 0
    var orphans = 0
    var foreign = 0
    var converged = 0
    var refused = 0
    var lies = 0
  }

  private var order: [String] = []
  private var rows: [String: Row] = [:]
  private(set) var failures: [String] = []

  static let header =
    "scenario                                      runs  duplicates  orphans  foreign touched  converged  refused  said served, was not"

  mutating func add(_ scenario: String, _ verdict: Verdict, _ detail: String) {
    if rows[scenario] == nil { order.append(scenario) }
    var row = rows[scenario] ?? Row()
    row.runs += 1
    row.duplicates += verdict.duplicates
    row.orphans += verdict.orphans
    row.foreign += verdict.foreignTouched
    row.converged += verdict.converged ? 1 : 0
    row.refused += verdict.isClearlyRefused ? 1 : 0
    row.lies += verdict.lies
    rows[scenario] = row
    if !verdict.isGood { failures.append("\(scenario), \(detail): \(verdict.remark)") }
  }

  /// The line of a finished scenario.
  func line(_ scenario: String) -> String {
    guard let row = rows[scenario] else { return pad(scenario, 44) + "  not run" }
    let numbers = [
      (row.runs, 4), (row.duplicates, 10), (row.orphans, 7), (row.foreign, 15), (row.converged, 9), (row.refused, 7),
      (row.lies, 20),
    ]
    return pad(scenario, 44)
      + numbers.map { number, width in
        "  " + String(repeating: " ", count: max(0, width - "\(number)".count)) + "\(number)"
      }
      .joined()
  }

  var summary: String {
    let all = order.compactMap { rows[$0] }
    let runs = all.reduce(0) { $0 + $1.runs }
    let good = all.reduce(0) { $0 + $1.converged + $1.refused }
    return "\(runs) runs, \(good) converged or were clearly refused, \(failures.count) did not"
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
