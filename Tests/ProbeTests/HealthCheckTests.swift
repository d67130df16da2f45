import Model
import Platform
import Probe
import Testing

/// The two paths to a host, and the cause of a failure.
@Suite struct HealthCheckTests {
  private func check(
    _ failed: ProbeStep.Name?, _ front: DataPlaneResult.Outcome?, cutOff: Bool = false, error: String = "it failed",
    guarded: Bool = false
  ) -> HealthCheck {
    let target = HealthTarget(
      ProbeTarget(name: "a", scheme: "http", host: "10.0.0.1", port: 80), interval: 60,
      front: DataPlaneHost(domain: "a.test", usesTLS: false, isGuarded: guarded))
    var steps = ProbeStep.Name.allCases.prefix { $0 != failed }.map { ProbeStep($0, .passed, milliseconds: 2) }
    if let failed { steps.append(ProbeStep(failed, .failed, error: error)) }
    return HealthCheck(
      target, at: Timestamp(seconds: 0), direct: ProbeResult(target: target.target, steps: steps),
      front: front.map { DataPlaneResult($0, milliseconds: 9) }, isLocalNetworkDown: cutOff)
  }

  @Test(
    arguments: [
      (ProbeStep.Name.tcp, nil, FailureCause.backend), (.dns, nil, .dns), (.http, nil, .backend),
      (nil, .answered(status: 502), .nginx), (.tcp, .answered(status: 502), .backend),
      (.dns, .answered(status: 502), .dns), (.http, .answered(status: 200), .backend),
      (.tcp, .answered(status: 404), .backend), (.tcp, .answered(status: 403), .backend),
      (nil, .noConnection("refused"), .npm), (.tcp, .noConnection("refused"), .npm),
      (.http, .noConnection("refused"), .backend),
      (nil, .badCertificate("expired"), .certificate), (nil, .noAnswer("closed"), .nginx),
    ] as [(ProbeStep.Name?, DataPlaneResult.Outcome?, FailureCause)])
  func `the pair names the cause`(direct: ProbeStep.Name?, front: DataPlaneResult.Outcome?, cause: FailureCause) {
    let found = check(direct, front)
    #expect(found.outcome == .failed)
    #expect(found.failureCause == cause)
    #expect(found.problem?.isEmpty == false)
    #expect(found.latency == nil)
  }

  @Test(arguments: [200, 302]) func `what only NPM reaches is well, where the answer can only be the destination's`(
    status: Int
  ) {
    for step in [ProbeStep.Name.dns, .tcp] {
      let found = check(step, .answered(status: status))
      #expect(found.outcome == .passed)
      #expect(found.failureCause == nil)
      #expect(found.latency == 9)
    }
    #expect(check(.tcp, .answered(status: status), error: "connection refused").outcome == .failed)
  }

  @Test func `what only NPM reaches must be as expected, too`() {
    let target = HealthTarget(
      ProbeTarget(name: "a", scheme: "http", host: "x", port: 80), interval: 60,
      front: DataPlaneHost(domain: "a.test", usesTLS: false))
    let steps = [ProbeStep(.syntax, .passed), ProbeStep(.dns, .failed, error: "x")]
    let found = HealthCheck(
      target, at: Timestamp(seconds: 0), direct: ProbeResult(target: target.target, steps: steps),
      front: DataPlaneResult(.answered(status: 200), shortcoming: "the answer is no JSON"))
    #expect(found.outcome == .failed)
  }

  @Test func `a login that nginx itself asks for proves nothing`() {
    #expect(check(.dns, .answered(status: 401)).outcome == .passed)
    #expect(check(.dns, .answered(status: 401), guarded: true).outcome == .failed)
  }

  @Test func `while our own network is down nobody is to blame`() {
    #expect(check(.tcp, nil, cutOff: true).outcome == .inconclusive)
    #expect(check(.tcp, nil, cutOff: true).failureCause == .network)
    #expect(check(nil, nil, cutOff: true).outcome == .passed)
  }

  @Test func `latency is the time from the connection to the answer`() { #expect(check(nil, nil).latency == 4) }
}
