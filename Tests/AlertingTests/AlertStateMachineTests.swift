import Alerting
import Model
import Platform
import Testing

/// Which notices are sent, and when: values in, notices out.
@Suite struct AlertStateMachineTests {
  private func time(_ seconds: Double) -> Timestamp { Timestamp(seconds: seconds) }

  private func down(_ subject: String = "10.0.0.1:80", _ members: [String] = ["a"]) -> AlertCondition {
    AlertCondition(.down, .critical, subject: subject, "\(subject) is down", members: members, cooldown: 3600)
  }

  @Test func `it is told once, again when the cooldown is over, and once when it is resolved`() {
    var decider = AlertStateMachine()
    var told: [(Double, AlertNotification.Kind)] = []
    for minute in 0...130 {
      let now = time(Double(minute) * 60)
      let notices = decider.decide(minute < 125 ? [down()] : [], at: now)
      told += notices.map { (Double(minute), $0.kind) }
    }
    #expect(told.map(\.0) == [0, 60, 120, 125])
    #expect(told.map(\.1) == [.firing, .firing, .firing, .resolved])
    #expect(decider.alerts.values.allSatisfy { !$0.isFiring })
    _ = decider.decide([], at: time(180 * 60))
    #expect(decider.alerts.isEmpty)
  }

  @Test func `flapping does not begin the cooldown anew`() {
    var decider = AlertStateMachine()
    var told: [(Double, AlertNotification.Kind)] = []
    for minute in 0...130 {
      let isDown = minute < 125 && minute % 4 < 2
      let notices = decider.decide(isDown ? [down()] : [], at: time(Double(minute) * 60))
      told += notices.map { (Double(minute), $0.kind) }
      // A restart remembers it.
      decider = AlertStateMachine(Array(decider.alerts.values))
    }
    #expect(told.map(\.0) == [0, 2, 60, 62, 120, 122])
    #expect(told.map(\.1) == [.firing, .resolved, .firing, .resolved, .firing, .resolved])
  }

  @Test func `other hosts are news, and what lasts is told when the cooldown is over`() {
    var decider = AlertStateMachine()
    _ = decider.decide([down()], at: time(0))
    _ = decider.decide([], at: time(60))
    #expect(decider.decide([down("10.0.0.1:80", ["a", "b"])], at: time(120)).map(\.kind) == [.firing])
    #expect(decider.decide([], at: time(180)).map(\.kind) == [.resolved])
    #expect(decider.decide([down("10.0.0.1:80", ["b"])], at: time(240)).isEmpty)
    #expect(decider.decide([down("10.0.0.1:80", ["b"])], at: time(3700)).isEmpty)
    #expect(decider.decide([down("10.0.0.1:80", ["b"])], at: time(3720)).map(\.kind) == [.firing])
  }

  @Test func `a clock that jumps back delays nothing for longer than the cooldown`() {
    var decider = AlertStateMachine()
    _ = decider.decide([down()], at: time(1_000_000))
    #expect(decider.decide([down()], at: time(0)).isEmpty)
    #expect(decider.decide([down()], at: time(3600)).map(\.kind) == [.firing])
  }

  @Test func `more members are the same alert`() {
    var decider = AlertStateMachine()
    let first = decider.decide([down()], at: time(0))
    let more = decider.decide([down("10.0.0.1:80", (0..<10).map { "h\($0)" })], at: time(60))
    #expect(first.count == 1 && more.isEmpty)
    #expect(decider.alerts.values.first?.members.count == 10)
  }

  @Test func `a restart forgets nothing`() {
    var decider = AlertStateMachine()
    _ = decider.decide([down()], at: time(0))
    var next = AlertStateMachine(Array(decider.alerts.values))
    let again = next.decide([down()], at: time(60))
    let over = next.decide([], at: time(120))
    #expect(again.isEmpty)
    #expect(over.map(\.kind) == [.resolved])
    #expect(over.first?.alert.since == time(0))
  }

  @Test func `what gets worse is told at once`() {
    var decider = AlertStateMachine()
    var condition = down()
    condition.severity = .warning
    _ = decider.decide([condition], at: time(0))
    condition.severity = .critical
    let worse = decider.decide([condition], at: time(60))
    #expect(worse.count == 1)
  }

  @Test func `what got worse while it was silent is told when the silence is over`() {
    var decider = AlertStateMachine()
    var condition = down()
    condition.severity = .warning
    _ = decider.decide([condition], at: time(0))
    condition.severity = .critical
    let silences = [Silence(match: "*", until: time(100), reason: "")]
    let silent = decider.decide([condition], silences: silences, at: time(50))
    let late = decider.decide([condition], silences: silences, at: time(100))
    #expect(silent.isEmpty && late.count == 1)
    var other = decider
    let over = other.decide([], silences: [Silence(match: "*", until: time(200), reason: "")], at: time(150))
    #expect(over.map(\.kind) == [.resolved])
  }

  @Test(arguments: ["*", "host-down", "10.0.0.1:80", "a"])
  func `what is silent is neither told nor resolved aloud, and told when the silence is over`(match: String) {
    var decider = AlertStateMachine()
    let silences = [Silence(match: match, until: time(100), reason: "")]
    let silent = decider.decide([down()], silences: silences, at: time(0))
    #expect(silent.isEmpty)
    var other = decider
    let unheard = other.decide([], silences: silences, at: time(50))
    #expect(unheard.isEmpty)
    let late = decider.decide([down()], silences: silences, at: time(100))
    #expect(late.map(\.kind) == [.firing])
  }

  @Test func `a silence for one host does not cover its neighbours`() {
    var decider = AlertStateMachine()
    let silences = [Silence(match: "a", until: time(100), reason: "")]
    let notices = decider.decide([down("10.0.0.1:80", ["a", "b"])], silences: silences, at: time(0))
    #expect(notices.count == 1)
  }

  @Test func `what nobody knows of stays as it is`() {
    var decider = AlertStateMachine()
    _ = decider.decide([down()], at: time(0))
    let blind = decider.decide([], at: time(60)) { $0.rule == .down }
    #expect(blind.isEmpty && decider.alerts.count == 1)
  }

  @Test func `what only happened is told once in its cooldown, and never resolved`() {
    var decider = AlertStateMachine()
    var condition = AlertCondition(.restarted, .info, subject: "daemon", "again", cooldown: 100)
    condition.isOneShot = true
    var told: [Double] = []
    for second in stride(from: 0.0, through: 250, by: 10) {
      let happens = [0, 10, 150].contains(second)
      told += decider.decide(happens ? [condition] : [], at: time(second)).map { _ in second }
    }
    #expect(told == [0, 150])
  }
}
