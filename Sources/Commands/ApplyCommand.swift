import DesiredFiles
import Model
import Planning
import Platform
import Reconciler
import Store

/// `reconciler apply`: brings NPM to what the YAML says.
enum ApplyCommand {
  private static let yes = FlagDefinition("yes", short: "y", "Do not ask; needed where stdin is no terminal")
  private static let plan = FlagDefinition(
    "plan", value: "DIGEST", "Apply exactly the plan with this digest, or nothing")
  private static let lockTimeout = FlagDefinition(
    "lock-timeout", value: "DURATION", "How long to wait for another run; default: 0s")

  static let definition = CommandDefinition(
    name: "apply", aliases: ["sync"], summary: "Bring NPM to what the desired files say",
    discussion: """
      Makes the same plan as diff, checks it against the limits, then writes one change at a time and proves each:
      the host is read back until NPM says that nginx took it. Ctrl-C finishes the change in flight.
      """,
    flags: [yes, plan, lockTimeout] + ApplyFlags.planning, run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let bench = try Workbench(invocation)
    try invocation.console.checkOutput()
    let loaded = try bench.loadDesired(exitWhenEmpty: .refused)
    let stop = StopSignal()
    stop.listenToSignals()
    let lock = try await RunLock.take(beside: bench.settings.state, timeout: timeout(invocation), stop: stop)
    defer { withExtendedLifetime(lock) {} }
    let (run, lap) = try await bench.plan(loaded, createsStore: true)
    let printer = ApplyPrinter(
      lap: lap, settings: bench.settings, console: invocation.console, isPartial: !bench.writesStatus)
    if let early = try gate(lap, bench, printer, loaded) { return early }
    stop.deferExit()
    printer.begin(wasAsked: !invocation.arguments.has(yes) && !lap.plan.effective.isEmpty)
    let report = try await run.apply(lap, stop: stop) { printer.show($0) }
    writeStatus(lap, report, bench)
    try printer.finish(report, loaded.diagnostics)
    return exit(lap, report)
  }

  /// What ends an apply before its first write; nil: go on.
  private static func gate(
    _ lap: PlannedLap, _ bench: Workbench, _ printer: ApplyPrinter, _ loaded: LoadedDesired
  ) throws -> ExitCode? {
    guard lap.refusals.isEmpty else {
      try printer.refused(loaded.diagnostics)
      writeStatus(lap, nil, bench)
      return .refused
    }
    if let wanted = bench.invocation.arguments.value(plan), !matches(lap.plan.digest, wanted) {
      throw CommandFailure(
        .stale,
        [
          Diagnostic(
            .planStale, "the plan is now \(Words.shortDigest(lap.plan.digest)), not \(wanted): nothing was applied",
            hint: "look at it with 'reconciler diff', then apply it by its digest")
        ])
    }
    guard !lap.plan.effective.isEmpty, !bench.invocation.arguments.has(yes) else { return nil }
    guard Terminal.isTerminal(Terminal.input), bench.invocation.console.format == .text else {
      let cause =
        Terminal.isTerminal(Terminal.input)
        ? "with -o \(bench.invocation.console.format.rawValue)" : "stdin is no terminal, so that"
      throw UsageError(message: "\(cause) nobody can be asked", hint: "add --yes")
    }
    return try printer.asks() ? nil : .failure
  }

  /// A digest may be shortened to eight digits.
  private static func matches(_ digest: String, _ wanted: String) -> Bool {
    let bare = wanted.hasPrefix("sha256:") ? String(wanted.dropFirst(7)) : wanted
    return bare.count >= 8 && digest.dropFirst(7).hasPrefix(bare.lowercased())
  }

  private static func timeout(_ invocation: Invocation) throws -> Double {
    guard let text = invocation.arguments.value(lockTimeout) else { return 0 }
    guard let seconds = DesiredFiles.Duration.seconds(text) else {
      throw UsageError(message: "--lock-timeout takes a duration such as 30s, not '\(text)'")
    }
    return seconds
  }

  private static func writeStatus(_ lap: PlannedLap, _ report: RunReport?, _ bench: Workbench) {
    guard bench.writesStatus else { return }
    do {
      try StatusFiles(directory: bench.settings.status, settings: bench.lapSettings()).write(lap, report, at: .now)
    } catch {
      bench.invocation.console.warn(Diagnostic(.statusWrite, "\(error)", hint: "NPM and the store are not affected"))
    }
  }

  /// By the worst outcome.
  private static func exit(_ lap: PlannedLap, _ report: RunReport) -> ExitCode {
    if report.wasInterrupted { return .interrupted }
    let blocked = lap.plan.changes.compactMap(\.obstacle)
    let isIncomplete = report.outcomes.contains { $0.verdict != .applied }
    if isIncomplete || blocked.contains(where: { $0.code == .destinationFailed }) { return .incomplete }
    return blocked.isEmpty ? .success : .refused
  }
}
