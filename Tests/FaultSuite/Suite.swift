import Model
import Platform
import TestSupport

/// Injects faults around the real binary and checks the resulting state.
final class Suite {
  /// A sample of each scenario instead of all.
  let isShort: Bool
  private(set) var table = Table()
  private var generator: Seeded

  init(isShort: Bool, seed: UInt64) {
    self.isShort = isShort
    generator = Seeded(seed: seed)
  }

  /// Runs one scenario and prints its line at the end.
  func scenario(_ name: String, _ body: () async throws -> Void) async throws {
    try await body()
    Terminal.write(table.line(name) + "\n", to: Terminal.output)
  }

  func add(_ scenario: String, _ verdict: Verdict, _ detail: String) { table.add(scenario, verdict, detail) }

  /// All elements, or a random sample in the short form.
  func sample<Element>(_ all: [Element], _ count: Int) -> [Element] {
    isShort ? Array(all.shuffled(using: &generator).prefix(count)) : all
  }

  func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }

  /// The recovery after every run with a fault: the fault is removed, the operator applies again.
  ///
  /// A first run that exits with 0 must have left everything correct by itself.
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
