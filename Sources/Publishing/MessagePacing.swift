import Alerting

/// Bounds the messages to a receiver in a storm: of each rule the first ones are sent at once, what follows is collected
/// until nothing new comes for a while, and sent together. A value; times are seconds of a monotonic clock.
struct MessagePacing {
  /// Messages of one rule within `window` that are not held.
  static let free = 2
  static let window = 1200.0
  /// Seconds without another notification after which what was collected is sent.
  static let quiet = 30.0
  /// Seconds after which it is sent in any case.
  static let longest = 600.0

  private struct Group {
    var sent: [Double] = []
    /// Notifications that wait: since when, and when the last one came.
    var waiting: Set<Int> = []
    var first = 0.0
    var last = 0.0
  }

  private var groups: [String: Group] = [:]

  /// Firing and resolved ones of a rule are groups of their own.
  private static func key(_ notice: AlertNotification) -> String {
    "\(notice.alert.rule.rawValue) \(notice.kind.rawValue)"
  }

  /// A notification waits to be sent.
  ///
  /// - Parameter time: when it came.
  mutating func note(_ number: Int, _ notice: AlertNotification, at time: Double) {
    var group = groups[Self.key(notice)] ?? Group()
    if group.waiting.isEmpty { group.first = time }
    if group.waiting.insert(number).inserted { group.last = max(group.last, time) }
    groups[Self.key(notice)] = group
  }

  /// When a notification may be sent, after all that wait were noted; a time that is over: now.
  func due(_ notice: AlertNotification, at now: Double) -> Double {
    guard let group = groups[Self.key(notice)], group.sent.count(where: { now - $0 <= Self.window }) >= Self.free
    else { return now }
    return min(group.last + Self.quiet, group.first + Self.longest)
  }

  /// Forgets numbers that wait no longer.
  mutating func keep(_ numbers: Set<Int>) { for key in groups.keys { groups[key]?.waiting.formIntersection(numbers) } }

  /// One message with these was sent.
  mutating func sent(_ notices: [(number: Int, notice: AlertNotification)], at now: Double) {
    for (key, part) in Dictionary(grouping: notices, by: { Self.key($0.notice) }) {
      groups[key, default: Group()].sent.removeAll { now - $0 > Self.window }
      groups[key]?.sent.append(now)
      groups[key]?.waiting.subtract(part.map(\.number))
    }
  }
}
