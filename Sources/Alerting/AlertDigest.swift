import Model

/// What several notifications have in common, in one line: how many hosts, and what their destinations share.
package struct AlertDigest: Sendable {
  private let notices: [AlertNotification]

  /// - Parameter notices: one or more.
  package init(_ notices: [AlertNotification]) { self.notices = notices }

  /// Every host that is affected, once.
  package var members: [String] { Set(notices.flatMap(\.alert.members)).sorted() }

  package var summary: String {
    let rules = Set(notices.map(\.alert.rule))
    guard rules == [.down] else {
      return "\(notices.count) alerts: \(rules.map(\.rawValue).sorted().joined(separator: ", "))"
    }
    let hosts = max(members.count, notices.count)
    let state = notices.allSatisfy { $0.kind == .resolved } ? "healthy again" : "down"
    return "\(hosts) hosts \(state), \(places)"
  }

  /// As one notification: the worst severity, all hosts, the earliest start.
  package var notice: AlertNotification {
    let firing = notices.filter { $0.kind == .firing }
    let worst = notices.max { $0.alert.severity < $1.alert.severity } ?? notices[0]
    var alert = worst.alert
    alert.subject = "digest"
    alert.summary = summary
    alert.members = members
    alert.since = notices.map(\.alert.since).min() ?? alert.since
    return AlertNotification(firing.isEmpty ? .resolved : .firing, alert, at: notices.map(\.at).max() ?? worst.at)
  }

  /// The most specific thing that few of them share: the machine, else the network.
  private var places: String {
    let machines = Self.counts(notices.map { Self.machine($0.alert.subject) })
    if machines.count <= Self.fewPlaces { return "on " + Self.list(machines) }
    let networks = Self.counts(notices.map { Self.network(Self.machine($0.alert.subject)) })
    if networks.count <= Self.fewPlaces { return "on \(machines.count) machines in " + Self.list(networks) }
    return "on \(machines.count) machines in \(networks.count) networks, most in "
      + Self.list(Array(networks.prefix(3)))
  }

  private static let fewPlaces = 3

  private static func counts(_ names: [String]) -> [(name: String, count: Int)] {
    Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { ($0.key, $0.value) }
  }

  private static func list(_ places: [(name: String, count: Int)]) -> String {
    places.count == 1 ? places[0].name : places.map { "\($0.name) (\($0.count))" }.joined(separator: ", ")
  }

  /// `10.0.0.5:80` without its port.
  private static func machine(_ subject: String) -> String {
    guard let colon = subject.lastIndex(of: ":"), subject[subject.index(after: colon)...].allSatisfy(\.isNumber) else {
      return subject
    }
    return String(subject[..<colon])
  }

  /// The /24 of an IPv4 address, the /64 of an IPv6 address, the domain of a name.
  private static func network(_ machine: String) -> String {
    let bytes = machine.split(separator: ".")
    if bytes.count == 4, bytes.allSatisfy({ UInt8($0) != nil }) {
      return bytes.prefix(3).joined(separator: ".") + ".0/24"
    }
    if machine.contains(":") {
      let groups = machine.filter { !"[]".contains($0) }.split(separator: ":", omittingEmptySubsequences: false)
      return groups.prefix(4).joined(separator: ":") + "::/64"
    }
    return bytes.count > 1 ? bytes.dropFirst().joined(separator: ".") : machine
  }
}
