import Alerting
import Model
import Platform
import Testing

/// The alert conditions according to the rules.
@Suite struct AlertInputTests {
  private let now = Timestamp(seconds: 1_000_000)

  private func ago(_ seconds: Double) -> Timestamp { Timestamp(seconds: now.seconds - seconds) }

  private func host(_ name: String, at destination: String = "10.0.0.1:80", down: Bool = false, dead: Bool = false)
    -> AlertInput.Host
  {
    var host = AlertInput.Host(name: name, destination: destination)
    host.isUnhealthy = down
    host.isDead = dead
    host.problem = "refused"
    return host
  }

  private func keys(_ facts: AlertInput, _ settings: [AlertRule: AlertRuleSettings] = [:]) -> [String] {
    facts.conditions(settings, at: now).map(\.key).sorted()
  }

  @Test func `ten hosts on one dead backend are one alert with ten members`() throws {
    var facts = AlertInput()
    facts.hosts = (0..<10).map { host("h\($0)", down: $0 < 2, dead: $0 < 5) } + [host("x", at: "10.0.0.2:80")]
    let found = facts.conditions([:], at: now)
    let only = try #require(found.first)
    #expect(found.count == 1)
    #expect(only.key == "host-down/10.0.0.1:80")
    #expect(only.members.count == 10 && only.severity == .critical)
  }

  @Test func `who else leads to a backend that answers with errors does not suffer`() {
    var facts = AlertInput()
    facts.hosts = [host("a", down: true), host("b")]
    #expect(facts.conditions([:], at: now).map(\.members) == [["a"]])
  }

  @Test func `when NPM serves nothing that is one alert, a bad certificate is its host's own`() {
    var facts = AlertInput()
    facts.hosts = [FailureCause.npm, .npm, .certificate, .nginx].enumerated().map { index, cause in
      var host = host("h\(index)", down: true)
      host.cause = cause
      return host
    }
    #expect(keys(facts) == ["host-down/NPM", "host-down/h2", "host-down/h3"])
  }

  @Test func `five failures in a day are a warning, four or older ones are not`() {
    var facts = AlertInput()
    var shaky = host("a")
    shaky.failures = (1...5).map { ago(86000 / Double($0)) }.sorted()
    var old = host("b", at: "10.0.0.2:80")
    old.failures = (1...5).map { ago(90_000 / Double($0)) }.sorted()
    facts.hosts = [shaky, old, host("c")]
    #expect(keys(facts) == ["host-unstable/10.0.0.1:80"])
  }

  @Test func `the first start is none again, three in a week are too many, and those of last week are over`() {
    var facts = AlertInput()
    facts.hasJustStarted = true
    facts.starts = [ago(10)]
    #expect(keys(facts).isEmpty)
    facts.starts = [ago(8 * 86400), ago(500)]
    #expect(keys(facts) == ["restarted/daemon"])
    facts.hasJustStarted = false
    #expect(keys(facts).isEmpty)
    facts.starts = [ago(9000), ago(5000), ago(4000), ago(3000)]
    facts.knowsObjectives = false
    #expect(keys(facts) == ["slo-missed/daemon"])
    facts.starts = [ago(9 * 86400), ago(8 * 86400), ago(8 * 86400), ago(3000)]
    #expect(keys(facts).isEmpty)
  }

  @Test func `what lasts is told after its time, and NPM away silences what follows from it`() {
    var facts = AlertInput()
    facts.drift = AlertInput.OngoingCondition("drifted", since: ago(3599))
    facts.apply = AlertInput.OngoingCondition("failed", since: ago(121))
    #expect(keys(facts) == ["apply-failing/apply-failing"])
    facts.drift?.since = ago(3600)
    #expect(keys(facts) == ["apply-failing/apply-failing", "drift/drift"])
    facts.npm = AlertInput.OngoingCondition("refused", since: ago(61))
    #expect(keys(facts) == ["npm-unreachable/npm-unreachable"])
    let drift = AlertCondition(.drift, .warning, subject: "drift", "drifted", cooldown: 1)
    #expect(facts.isUnknown(Alert(drift, since: now)))
  }

  @Test func `what fires already does not have to last again`() {
    var facts = AlertInput()
    facts.npm = AlertInput.OngoingCondition("refused", since: now)
    #expect(keys(facts).isEmpty)
    let key = "npm-unreachable/npm-unreachable"
    #expect(facts.conditions([:], firing: [key], at: now).map(\.key) == [key])
  }

  @Test func `of a host that nobody knows of nothing is said, and of the others all`() {
    var facts = AlertInput()
    var hidden = host("a", at: "10.0.0.1:80", down: true)
    hidden.isUnknown = true
    facts.hosts = [hidden, host("b", at: "10.0.0.2:80", down: true)]
    #expect(keys(facts) == ["host-down/10.0.0.2:80"])
    func alert(_ member: String) -> Alert {
      Alert(AlertCondition(.down, .critical, subject: "x", "x", members: [member], cooldown: 1), since: now)
    }
    #expect(facts.isUnknown(alert("a")))
    #expect(!facts.isUnknown(alert("b")))
  }

  @Test func `a rule can be switched off, and have another severity`() {
    var facts = AlertInput()
    facts.hosts = [host("a", down: true)]
    var off = AlertRuleSettings.standard(.down)
    off.isEnabled = false
    #expect(keys(facts, [.down: off]).isEmpty)
    let mild = AlertRuleSettings(.info, cooldown: 5)
    #expect(facts.conditions([.down: mild], at: now).first?.severity == .info)
  }

  @Test func `certificates are urgent near their end, missed objectives are one alert`() {
    var facts = AlertInput()
    facts.certificates = [("a", "ends", false), ("b", "ends", true)]
    var slow = host("s")
    slow.misses = ["slow"]
    facts.hosts = [slow, slow]
    #expect(keys(facts) == ["certificate-expiring/a", "certificate-expiring/b", "slo-missed/hosts"])
    let severities = facts.conditions([:], at: now).filter { $0.rule == .certificate }.map(\.severity)
    #expect(severities == [.warning, .critical])
  }
}
