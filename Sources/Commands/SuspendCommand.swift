import DesiredFiles
import Model
import Platform
import Reports
import Store

/// `reconciler suspend` and `resume`: stop managing something for a while, without changing the YAML.
enum SuspendCommand {
  private static let all = FlagDefinition("all", "Everything")
  private static let length = FlagDefinition("for", value: "DURATION", "How long, for example 2h or 7d")
  private static let until = FlagDefinition("until", value: "DAY", "Until that day begins, in UTC")
  private static let reason = FlagDefinition("reason", value: "TEXT", "Why; it is shown wherever something waits")

  static let suspension = CommandDefinition(
    name: "suspend", summary: "Leave a host, or everything, alone for a while",
    discussion: """
      Nothing is written to NPM for it, by watch or by apply, until the time is over or 'resume' is said; health is
      checked all the same. Without a NAME it shows what is suspended. The YAML can say the same with 'suspend'.
      """,
    arguments: [ArgumentDefinition(name: "NAME", isOptional: true, summary: "A name of the YAML, or kind/name")],
    flags: [all, length, until, reason], run: suspend)

  static let resumption = CommandDefinition(
    name: "resume", summary: "End what 'suspend' began",
    arguments: [ArgumentDefinition(name: "NAME", isOptional: true, summary: "What was suspended")], flags: [all],
    run: resume)

  @Sendable private static func suspend(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    if invocation.arguments.positional.isEmpty, !invocation.arguments.has(all) { return try await list(context) }
    let subject = try await subject(context)
    let end = try end(invocation)
    let stores = try context.stores(createsIt: true)
    let reason = invocation.arguments.value(reason) ?? ""
    let record = SuspensionRecord(subject, until: end, reason: reason, begunAt: .now)
    try await stores.suspensions.suspend(record)
    let message = "\(name(subject)) suspended until \(end?.iso8601 ?? "resumed")\(reason.isEmpty ? "" : ": \(reason)")"
    await context.append([event(subject, "Suspended", message, context)])
    guard invocation.console.format != .json else {
      try invocation.console.result(report: SuspensionListReport([record]))
      return .success
    }
    try invocation.console.result("\(message).")
    return .success
  }

  @Sendable private static func resume(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    let subject = try await subject(context)
    guard try await context.stores(createsIt: false).suspensions.resume(subject) else {
      throw CommandFailure(
        .invalid,
        [
          Diagnostic(
            .notSuspended, "\(name(subject)) is not suspended by the command line",
            hint: "'reconciler suspend' shows what is; 'suspend' in the YAML ends in the YAML")
        ])
    }
    await context.append([event(subject, "Resumed", "\(name(subject)) resumed", context)])
    guard invocation.console.format != .json else {
      try invocation.console.result(json: ["format_version": "1", "resumed": .string(subject.text)])
      return .success
    }
    try invocation.console.result("\(name(subject)) resumed: the next run manages it again.")
    return .success
  }

  private static func list(_ context: CommandContext) async throws -> ExitCode {
    let suspensions = try await context.stores(createsIt: false).suspensions.suspensions(at: .now)
    if context.invocation.console.format == .json {
      try context.invocation.console.result(report: SuspensionListReport(suspensions))
      return .success
    }
    let lines = suspensions.map { record -> TerminalText in
      let why = record.reason.isEmpty ? "" : ": \(record.reason)"
      return "\(name(record.subject)) until \(record.until?.iso8601 ?? "resumed")\(why)"
    }
    try context.invocation.console.result(lines.isEmpty ? "Nothing is suspended." : lines.joined(separator: "\n"))
    return .success
  }

  private static func subject(_ context: CommandContext) async throws -> SuspensionSubject {
    guard let typed = context.invocation.arguments.positional.first else {
      guard context.invocation.arguments.has(all) else {
        throw UsageError(message: "name what is meant, or give --all")
      }
      return .everything
    }
    // Resources in the store may be gone from the YAML, or come from a repository.
    let known = try await context.stores(createsIt: false).ledger.entries().map(\.key)
    let desired = context.loaded().state.resources.map(\.key)
    return .resource(try ResourceNameArgument.key(typed, among: Array(Set(known + desired)).sorted()))
  }

  private static func end(_ invocation: Invocation) throws -> Timestamp? {
    if let seconds = try invocation.arguments.length(length) {
      return Timestamp.now + seconds
    }
    guard let text = invocation.arguments.value(until) else { return nil }
    guard let end = DurationFormat.day(text), end > .now else {
      throw UsageError(message: "--until takes a day to come, such as 2026-12-31, not '\(text)'")
    }
    return end
  }

  private static func name(_ subject: SuspensionSubject) -> String {
    switch subject {
    case .everything: "everything"
    case .resource(let key): "'\(key.name)'"
    }
  }

  private static func event(
    _ subject: SuspensionSubject, _ reason: String, _ message: String, _ context: CommandContext
  )
    -> Event
  {
    Event(
      .info, source: "suspend", subject: subject.text, reason: reason, message, correlation: context.correlation)
  }
}
