import Configuration
import DesiredFiles
import FoundationEssentials
import Model
import Planning
import Platform
import Reconciler
import Reports
import Store

/// The steps of every command that writes to NPM: lock, plan, guards, confirmation, changes one by one, report.
struct ApplyFlow {
  /// The desired state, and the diagnostics from reading it.
  struct Request {
    var desired: DesiredState
    var diagnostics: [Diagnostic] = []
    /// The status files cover everything: a run with a selection does not write them.
    var writesStatus: Bool
    /// Added below the result, for people.
    var remark: String?
  }

  private let context: CommandContext
  private let stop = ShutdownSignal()
  private var invocation: Invocation { context.invocation }

  init(_ context: CommandContext) { self.context = context }

  /// - Parameter request: reads the desired state; called while the lock is held, because the store may be part of it.
  func run(_ request: () async throws -> (request: Request, settings: ReconcileOptions)) async throws -> ExitCode {
    try context.checkOutput()
    stop.listenToSignals()
    let timeout = try invocation.arguments.seconds(ApplyFlags.lockTimeout) ?? 0
    let lock = try await ApplyLock.take(beside: context.settings.state, timeout: timeout, stop: stop)
    defer { withExtendedLifetime(lock) {} }
    let (wanted, settings) = try await request()
    let stores = try context.stores(createsIt: true)
    let (run, planned) = try await context.plan(wanted.desired, settings, stores)
    let printer = ApplyPrinter(
      PlanText(
        planned: planned, settings: context.settings, console: invocation.console, isPartial: !wanted.writesStatus),
      remark: wanted.remark)
    var news = PlanEventRecorder()
    await run.append(news.events(planned, correlation: settings.correlation))
    if !planned.refusals.isEmpty { try await run.remember(planned) }
    if let early = try gate(planned, printer, wanted) { return early }
    stop.deferExit()
    printer.begin(wasAsked: !invocation.arguments.has(ApplyFlags.yes) && planned.writesSomething)
    let lease = try await ApplyLock.lease(
      stores, owner: settings.owner, correlation: settings.correlation, timeout: timeout, stop: stop)
    let watch = Task { [stop] in
      await stop.wait()
      if stop.isRequested { printer.stops() }
    }
    let report = try await lease.hold { try await run.apply(planned, stop: stop) { printer.show($0) } }
    watch.cancel()
    if wanted.writesStatus { writeStatus(planned, report) } else { outdateStatus(report) }
    try printer.finish(report, wanted.diagnostics)
    if let remark = report.remark { invocation.console.warn(remark) }
    if let problem = report.unrepaired { invocation.console.error(problem) }
    return report.exitCode(of: planned)
  }

  /// What ends a run before its first write; nil: continue.
  private func gate(_ planned: PlanResult, _ printer: ApplyPrinter, _ request: Request) throws -> ExitCode? {
    guard planned.refusals.isEmpty else {
      try printer.refused(request.diagnostics)
      if request.writesStatus { writeStatus(planned, nil) }
      return .refused
    }
    if let wanted = invocation.arguments.value(ApplyFlags.plan) {
      try PlanFile(wanted).check(planned.plan.digest)
    }
    guard planned.writesSomething, !invocation.arguments.has(ApplyFlags.yes) else { return nil }
    let format = invocation.console.format
    guard Terminal.isTerminal(Terminal.input), format == .text else {
      let cause =
        Terminal.isTerminal(Terminal.input) ? "with -o \(format.rawValue)" : "stdin is no terminal, so that"
      throw UsageError(message: "\(cause) cannot ask for confirmation", hint: "add --yes")
    }
    return try printer.asks() ? nil : .failure
  }

  private func writeStatus(_ planned: PlanResult, _ report: ApplyResult?) {
    context.keepStatus { try context.writeStatus(planned, report, to: $0) }
  }

  private func outdateStatus(_ report: ApplyResult) {
    // A write that failed may have had an effect, too.
    guard let run = report.run, report.outcomes.contains(where: { $0.status != .notAttempted }) else { return }
    context.keepStatus { try $0.outdate(by: invocation.command.name, run: run, at: .now) }
  }
}

/// A reviewed plan: its digest, or a file that `diff --out` wrote.
struct PlanFile {
  private let name: String

  init(_ name: String) { self.name = name }

  /// Compares the reviewed plan with the current one.
  ///
  /// - Throws: `CommandFailure` with exit code 7 if they differ.
  func check(_ digest: String) throws {
    let wanted = try reviewed()
    guard !Plan.matches(digest, wanted) else { return }
    throw CommandFailure(
      .stale,
      [
        Diagnostic(
          .planStale, "the plan is now \(Phrases.shortDigest(digest)), not \(name): nothing was applied",
          hint: "look at it with 'reconciler diff', then apply that one")
      ])
  }

  /// The digits of the digest, which may be shortened to eight.
  func reviewed() throws -> String {
    let bare = name.hasPrefix("sha256:") ? String(name.dropFirst("sha256:".count)) : name
    if bare.allSatisfy(\.isHexDigit) { return bare }
    let bytes: [UInt8]
    do {
      bytes = try Files.read(name)
    } catch {
      throw UsageError(message: "--plan takes a digest or a file: \(error)")
    }
    if let json = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)), let digest = json["digest"].stringValue
    {
      return String(digest.dropFirst("sha256:".count))
    }
    // In the readable formats of diff it is in the summary: Markdown begins with it, text ends with it.
    let text = String(decoding: bytes, as: UTF8.self)
    let places = text.ranges(of: "Plan sha256:")
    guard let start = (text.hasPrefix("**reconciler**") ? places.first : places.last)?.upperBound else {
      throw UsageError(message: "\(name) holds no plan", hint: "write one with 'reconciler diff --out plan.json'")
    }
    return String(text[start...].prefix(while: \.isHexDigit))
  }
}
