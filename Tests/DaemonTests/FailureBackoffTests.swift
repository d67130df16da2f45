import Model
import Planning
import Daemon
import Reconciler
import Store
import Testing

@Suite struct FailureBackoffTests {
  private let start = 0.0

  private func change(_ port: Int = 80) -> Change {
    var spec = Spec(ResourceSchema.proxyHost)
    spec["forward_port"] = .int(port)
    return Change(key: ResourceKey(.proxyHost, "a"), action: .update, cause: .desiredEdited, desired: spec)
  }

  private func failure(_ change: Change, _ code: DiagnosticCode = .nginxRefused) -> ChangeOutcome {
    ChangeOutcome(change, .failed, error: Diagnostic(code, "no"))
  }

  @Test func `what failed waits, ever longer, and at most an hour`() {
    var hold = FailureBackoff()
    var now = start
    var waits: [Double] = []
    for _ in 0..<8 {
      hold.note(failure(change()), at: now)
      var wait = 0.0
      while hold.holds(change(), at: now + wait) { wait += 60 }
      waits.append(wait)
      now += wait
    }
    #expect(waits.map { $0 / 60 } == [2, 4, 8, 16, 32, 60, 60, 60])
  }

  @Test func `what is corrected, or succeeded, or asked for does not wait`() {
    var hold = FailureBackoff()
    hold.note(failure(change()), at: start)
    #expect(!hold.holds(change(81), at: start))
    hold.note(ChangeOutcome(change(), .applied), at: start)
    #expect(!hold.holds(change(), at: start))
    hold.note(failure(change()), at: start)
    hold.clear()
    #expect(!hold.holds(change(), at: start))
  }

  @Test func `who is away is waited for by the loop, not by each change`() {
    var hold = FailureBackoff()
    hold.note(failure(change(), .upstreamRefused), at: start)
    #expect(!hold.holds(change(), at: start))
  }
}
