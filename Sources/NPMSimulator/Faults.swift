import Model
import Platform

/// A rule that injects a fault into responses, set by a control call.
struct FaultRule: Codable, Sendable {
  enum When: String, Codable { case before, after }
  enum Action: String, Codable { case status, reset, stall, truncate, html, mislabel, drip, delay }

  var method: String?
  /// A prefix of the path.
  var path: String?
  var when: When?
  var action: Action
  var status: Int?
  var delay_ms: Int?
  /// Matching requests that pass before the fault begins.
  var skip: Int?
  /// Matching requests that still get the fault; nil: one.
  var count: Int?
  var headers: [String: String]?
}

/// The active rules.
final class FaultRules: Sendable {
  private let rules = Lock<[FaultRule]>([])
  private let replacements = Lock(0)

  /// Replaces the rules; waits that old rules began end.
  func replace(_ new: [FaultRule]) {
    rules.withLock { $0 = new }
    replacements.withLock { $0 += 1 }
  }

  /// Changes whenever the rules are replaced.
  var generation: Int { replacements.withLock { $0 } }

  /// Returns the first rule that matches a request and uses up one of its hits.
  func take(_ method: String, _ path: String) -> FaultRule? {
    rules.withLock { rules in
      for index in rules.indices where (rules[index].count ?? 1) > 0 {
        let rule = rules[index]
        guard rule.method == nil || rule.method == method, path.hasPrefix(rule.path ?? "") else { continue }
        if let left = rule.skip, left > 0 {
          rules[index].skip = left - 1
          continue
        }
        rules[index].count = (rule.count ?? 1) - 1
        return rule
      }
      return nil
    }
  }
}
