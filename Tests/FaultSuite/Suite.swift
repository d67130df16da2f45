import Model
import Platform
import TestSupport

/// Breaks everything around the real binary, and looks at what is left.
final class Suite {
  /// A few of each instead of all.
  let isShort: Bool
  private(set) var table = Table()
  private var generator: Seeded

  init(isShort: Bool, seed: UInt64) {
    self.isShort = isShort
    generator = Seeded(seed: seed)
  }

  /// Runs one scenario, prints its line when it is over.
  func scenario(_ name: String, _ body: () async throws -> Void) async throws {
    try await body()
    Terminal.write(table.line(name) + "\n", to: Terminal.output)
  }

  func add(_ scenario: String, _ verdict: Verdict, _ detail: String) { table.add(scenario, verdict, detail) }

  /// All of them, or a few at random where the short form runs.
  func sample<Element>(_ all: [Element], _ count: Int) -> [Element] {
    isShort ? Array(all.shuffled(using: &generator).prefix(count)) : all
  }

  func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }

  /// What every run under a fault is followed by: the fault is over, the operator applies again.
  ///
  /// An honest first run that says 0 must have left everything right by itself.
  func recover(_ world: World, after first: ProgramRun?) async throws -> Verdict {
    try await world.npm.faults([])
    if first?.exit == 0 {
      var verdict = try await world.verdict()
      if !verdict.converged {
        verdict.lies = 1
        verdict.remark = "said 0 and lied: \(verdict.remark)"
      }
      return verdict
    }
    var last = try await world.run("apply", "--yes")
    if last.exit != 0 { last = try await world.run("apply", "--yes") }
    var verdict = try await world.verdict()
    if !verdict.isGood {
      verdict.remark +=
        "\nfirst: \(first?.output ?? "killed")\(first?.errors ?? "")\nlast: \(last.output)\(last.errors)"
    }
    return verdict
  }
}
