import Model
import Platform

/// One rule for spoiled answers, as the control call sets it.
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
  /// How many requests it still lets pass before it hits.
  var skip: Int?
  /// How many requests it still hits; nil: one.
  var count: Int?
  var headers: [String: String]?
}

/// The rules in force.
final class FaultRules: Sendable {
  private let rules = Lock<[FaultRule]>([])
  private let replacements = Lock(0)

  /// New rules end the waits that old ones began.
  func replace(_ new: [FaultRule]) {
    rules.withLock { $0 = new }
    replacements.withLock { $0 += 1 }
  }

  /// Changes whenever the rules are replaced.
  var generation: Int { replacements.withLock { $0 } }

  /// The first rule that hits a request; one of its hits is used up.
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
