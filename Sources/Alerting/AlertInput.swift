package import Model

/// The state that alerts depend on.
package struct AlertInput: Sendable {
  package struct Host: Hashable, Sendable {
    package var name: String
    /// Host and port of its destination.
    package var destination: String
    package var isUnhealthy = false
    /// Its state is not known, whatever it was before.
    package var isUnknown = false
    /// Its destination does not even accept a connection: all hosts with that destination are affected.
    package var isDead = false
    /// Why requests fail although the destination is healthy: `nginx configuration`, `certificate`, `NPM`; nil: the
    /// destination is the cause.
    package var cause: FailureCause?
    package var problem = ""
    /// Times of the last five failures, the newest last.
    package var failures: [Timestamp] = []
    /// Objectives that it missed in a week.
    package var misses: [String] = []

    package init(name: String, destination: String) {
      self.name = name
      self.destination = destination
    }
  }

  /// A condition that lasts, and since when.
  package struct OngoingCondition: Hashable, Sendable {
    package var message: String
    package var since: Timestamp
    package var members: [String]

    package init(_ message: String, since: Timestamp, members: [String] = []) {
      self.message = message
      self.since = since
      self.members = members
    }
  }

  package var hosts: [Host] = []
  /// Rules without data, because nothing was checked yet.
  package var unknown: Set<AlertRule> = []
  /// Starts of the daemon within a week and the one before, the newest last, this one included.
  package var starts: [Timestamp] = []
  /// Nothing was checked since the start.
  package var hasJustStarted = false
  /// Whether the objectives of the last week are known.
  package var knowsObjectives = true
  /// The number of starts in a week that is too many.
  package var maximumRestarts = 3
  /// Certificates by name, and whether it is urgent.
  package var certificates: [(name: String, message: String, isUrgent: Bool)] = []
  package var drift: OngoingCondition?
  package var guardOpen: OngoingCondition?
  package var apply: OngoingCondition?
  package var npm: OngoingCondition?
  package var store: OngoingCondition?
  /// An undo by health, in the evaluation after it: the run, what is to be said, and its hosts.
  package var rolledBack: (run: Int, message: String, members: [String])?
  package var desired: OngoingCondition?

  package init() {}
}

extension AlertInput {
  /// What is wrong, by rule.
  ///
  /// - Parameter firing: keys of alerts that fire already: what lasts does not have to prove that again.
  package func conditions(
    _ settings: [AlertRule: AlertRuleSettings], firing: Set<String> = [], at now: Timestamp
  ) -> [AlertCondition] {
    func rule(_ rule: AlertRule) -> AlertRuleSettings { settings[rule] ?? .standard(rule) }
    let found =
      down(rule(.down)) + unstable(rule(.unstable), now) + restarted(rule(.restarted), now)
      + expiring(rule(.certificate)) + missed(rule(.slo), now) + undone(rule(.rolledBack))
    let lasting = [
      matter(.drift, drift, rule(.drift), firing, now), matter(.apply, apply, rule(.apply), firing, now),
      matter(.guardOpen, guardOpen, rule(.guardOpen), firing, now),
      matter(.npm, npm, rule(.npm), firing, now), matter(.store, store, rule(.store), firing, now),
      matter(.desired, desired, rule(.desired), firing, now),
    ].compactMap(\.self)
    let unknown = unknownRules
    return (found + lasting).filter { rule($0.rule).isEnabled && !unknown.contains($0.rule) }
  }

  /// Whether it is not known if an alert still fires.
  package func isUnknown(_ alert: Alert) -> Bool {
    if unknownRules.contains(alert.rule) { return true }
    if alert.rule == .slo { return alert.subject == "hosts" && !knowsObjectives }
    guard alert.rule == .down || alert.rule == .unstable else { return false }
    let hidden = Set(hosts.filter(\.isUnknown).map(\.name))
    return !hidden.isDisjoint(with: alert.members)
  }

  /// While NPM is unreachable, the results of these rules mean nothing.
  private var unknownRules: Set<AlertRule> {
    npm == nil && store == nil ? unknown : unknown.union([.drift, .guardOpen, .apply, .certificate])
  }

  /// One alert for each destination that is the cause, one for NPM, one for each other host.
  private func down(_ rule: AlertRuleSettings) -> [AlertCondition] {
    let bad = hosts.filter { $0.isUnhealthy && !$0.isUnknown }
    var conditions: [AlertCondition] = []
    let byNPM = bad.filter { $0.cause == .npm }
    if let first = byNPM.first {
      conditions.append(condition(.down, rule, "NPM", "NPM serves nothing: \(first.problem)", byNPM.map(\.name)))
    }
    let byDestination = bad.filter { $0.cause == nil }
    let sharing = Dictionary(grouping: hosts, by: \.destination)
    for (destination, group) in Dictionary(grouping: byDestination, by: \.destination) {
      // All hosts of a dead destination are affected, also those whose own check is not due yet.
      let isDead = group.contains(where: \.isDead)
      let members = isDead ? sharing[destination] ?? group : group
      let who = Self.who(members.map(\.name).sorted())
      conditions.append(
        condition(.down, rule, destination, "\(who) down, \(destination): \(group[0].problem)", members.map(\.name)))
    }
    for host in bad where host.cause != nil && host.cause != .npm {
      conditions.append(condition(.down, rule, host.name, "\(host.name) down: \(host.problem)", [host.name]))
    }
    return conditions
  }

  /// The affected hosts, in short.
  private static func who(_ names: [String]) -> String {
    names.count <= 3 ? names.joined(separator: ", ") : "\(names.count) hosts"
  }

  /// Five failures within a day, of a host that is not down.
  private func unstable(_ rule: AlertRuleSettings, _ now: Timestamp) -> [AlertCondition] {
    let shaky = hosts.filter { host in
      !host.isUnhealthy && !host.isUnknown && host.failures.count >= 5
        && host.failures.suffix(5).allSatisfy { now.seconds - $0.seconds <= 86400 }
    }
    return Dictionary(grouping: shaky, by: \.destination).map { destination, group in
      let names = group.map(\.name).sorted()
      return condition(
        .unstable, rule, destination, "\(Self.who(names)) failed 5 times or more within 24 hours", names)
    }
  }

  private func restarted(_ rule: AlertRuleSettings, _ now: Timestamp) -> [AlertCondition] {
    // The first start ever is not a restart.
    guard hasJustStarted, starts.count > 1 else { return [] }
    var found = condition(
      .restarted, rule, "daemon",
      "the daemon was started anew, \(restarts(now) == 1 ? "once" : "\(restarts(now)) times") in a week", [])
    found.isOneShot = true
    return [found]
  }

  /// Starts within a week, except for the first ever.
  private func restarts(_ now: Timestamp) -> Int {
    starts.dropFirst().count { now.seconds - $0.seconds <= 7 * 86400 }
  }

  private func undone(_ rule: AlertRuleSettings) -> [AlertCondition] {
    guard let rolledBack else { return [] }
    var found = condition(.rolledBack, rule, "run \(rolledBack.run)", rolledBack.message, rolledBack.members)
    found.isOneShot = true
    return [found]
  }

  private func expiring(_ rule: AlertRuleSettings) -> [AlertCondition] {
    certificates.map { certificate in
      var found = condition(.certificate, rule, certificate.name, certificate.message, [])
      if certificate.isUrgent { found.severity = .critical }
      return found
    }
  }

  private func missed(_ rule: AlertRuleSettings, _ now: Timestamp) -> [AlertCondition] {
    var conditions: [AlertCondition] = []
    let bad = knowsObjectives ? hosts.filter { !$0.misses.isEmpty } : []
    if let first = bad.first {
      let rest = bad.count > 1 ? ", and \(bad.count - 1) more" : ""
      conditions.append(
        condition(.slo, rule, "hosts", "\(first.name): \(first.misses.joined(separator: "; "))\(rest)", bad.map(\.name))
      )
    }
    let restarts = restarts(now)
    if restarts >= maximumRestarts {
      conditions.append(
        condition(.slo, rule, "daemon", "the daemon was started anew \(restarts) times in a week", []))
    }
    return conditions
  }

  private func matter(
    _ name: AlertRule, _ matter: OngoingCondition?, _ rule: AlertRuleSettings, _ firing: Set<String>, _ now: Timestamp
  ) -> AlertCondition? {
    guard let matter else { return nil }
    let found = condition(name, rule, name.rawValue, matter.message, matter.members)
    return firing.contains(found.key) || now.seconds - matter.since.seconds >= rule.after ? found : nil
  }

  private func condition(
    _ name: AlertRule, _ rule: AlertRuleSettings, _ subject: String, _ summary: String, _ members: [String]
  ) -> AlertCondition {
    AlertCondition(name, rule.severity, subject: subject, summary, members: members, cooldown: rule.cooldown)
  }
}
