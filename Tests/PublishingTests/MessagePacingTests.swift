import Alerting
import Model
import Testing

@testable import Publishing

@Suite struct MessagePacingTests {
  private func notice(_ number: Int, _ kind: AlertNotification.Kind) -> AlertNotification {
    let condition = AlertCondition(
      .down, .critical, subject: "10.0.0.\(number):80", "down", members: ["h\(number)"], cooldown: 3600)
    return AlertNotification(kind, Alert(condition, since: Timestamp(seconds: 0)), at: Timestamp(seconds: 0))
  }

  /// The messages of a receiver that takes everything at once, with their times.
  private func messages(_ arrivals: [(number: Int, at: Double)], _ kind: AlertNotification.Kind = .firing)
    -> [(at: Double, numbers: [Int])]
  {
    var pacing = MessagePacing()
    var (waiting, sent): ([Int], [(at: Double, numbers: [Int])]) = ([], [])
    for second in 0..<2000 {
      let now = Double(second)
      for arrival in arrivals where arrival.at >= now && arrival.at < now + 1 {
        waiting.append(arrival.number)
        pacing.note(arrival.number, notice(arrival.number, kind), at: arrival.at)
      }
      let due = waiting.filter { pacing.due(notice($0, kind), at: now) <= now }
      guard !due.isEmpty else { continue }
      pacing.sent(due.map { ($0, notice($0, kind)) }, at: now)
      waiting.removeAll { due.contains($0) }
      sent.append((now, due))
    }
    return sent
  }

  @Test(arguments: [500, 5000]) func `hosts that fail one after the other within minutes are three messages`(count: Int)
  {
    // Checks are spread over an interval of five minutes, and so are their failures.
    let arrivals = (0..<count).map { ($0, Double($0) * 300 / Double(count)) }
    for kind in [AlertNotification.Kind.firing, .resolved] {
      let sent = messages(arrivals, kind)
      #expect(sent.count <= 3 && sent.first?.at == 0, "\(sent.map(\.at))")
      #expect(sent.flatMap(\.numbers).count == count)
      #expect(sent.last.map { $0.at <= 300 + MessagePacing.quiet + 1 } == true)
    }
  }

  @Test func `few that come now and then are sent at once`() {
    let sent = messages([(1, 0), (2, 400), (3, 1300), (4, 1700)])
    #expect(sent.map(\.at) == [0, 400, 1300, 1700])
  }

  @Test func `what comes without end is sent after ten minutes`() {
    let sent = messages((0..<1500).map { ($0, Double($0)) })
    #expect(sent.count <= 5 && sent.map(\.at)[2] == 2 + MessagePacing.longest)
  }
}
