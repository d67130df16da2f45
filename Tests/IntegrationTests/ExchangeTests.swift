import Model
import TestSupport
import Testing

/// Objects that exchange domains or ports in one commit: the real binary, and the state that is served afterwards.
@Suite struct ExchangeTests {
  private func hosts(_ first: String, _ second: String, _ third: String, _ more: String = "") -> String {
    """
    proxy_hosts:
      a: { domain_names: [\(first)], forward: 'http://127.0.0.1:81', validate: off }
      b: { domain_names: [\(second)], forward: 'http://127.0.0.1:82', validate: off\(more) }
      c: { domain_names: [\(third)], forward: 'http://127.0.0.1:83', validate: off }

    """
  }

  private func ports(_ npm: SimulatedNPM) async throws -> [String: Int] {
    try await npm.served().compactMapValues { $0["forward_port"].intValue }
  }

  @Test func `hosts that exchange domains in one commit converge`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", hosts("a.test", "b.test, keep.test", "c.test"))
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/a.yaml", hosts("b.test", "a.test, keep.test", "c.test"))
      let diff = try await place.run("diff")
      #expect(diff.output.contains("exchanges with"))
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await ports(npm) == ["b.test": 81, "a.test": 82, "keep.test": 82, "c.test": 83])
      // A cycle of three.
      try place.scratch.write("desired/a.yaml", hosts("c.test", "b.test, keep.test", "a.test"))
      let again = try await place.run("apply", "--yes")
      #expect(again.exit == 0, "\(again.output)\(again.errors)")
      #expect(try await ports(npm) == ["c.test": 81, "b.test": 82, "keep.test": 82, "a.test": 83])
      try await place.run("diff", "--exit-code", exits: 0)
      #expect(try await npm.hosts().count == 3)
    }
  }

  @Test func `an exchange that nginx refuses leaves both as they were`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", hosts("a.test", "b.test", "c.test"))
      try await place.run("apply", "--yes", exits: 0)
      let before = try await ports(npm)
      try place.scratch.write("desired/a.yaml", hosts("b.test", "a.test", "c.test", ", advanced_config: nonsense on;"))
      try await place.run("apply", "--yes", exits: 5)
      #expect(try await ports(npm) == before)
      try place.scratch.write("desired/a.yaml", hosts("b.test", "a.test", "c.test"))
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await ports(npm) == ["b.test": 81, "a.test": 82, "c.test": 83])
    }
  }

  @Test func `streams exchange their ports`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      func streams(_ first: Int, _ second: Int) -> String {
        """
        streams:
          a: { incoming_port: \(first), forwarding_host: 10.0.0.1, forwarding_port: 1 }
          b: { incoming_port: \(second), forwarding_host: 10.0.0.2, forwarding_port: 2 }

        """
      }
      try place.scratch.write("desired/a.yaml", streams(5001, 5002))
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/a.yaml", streams(5002, 5001))
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      let served = try await npm.served()
      #expect(served["port 5001"]?["forwarding_port"] == 2 && served["port 5002"]?["forwarding_port"] == 1)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }
}
