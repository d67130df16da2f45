import Daemon
import DesiredFiles
import HTTPServer
import Model
import Planning
import Platform
import Probe
import Reconciler
import Reports
import Store

/// Writes into the desired files what requests ask for, after it was validated and planned, and has it applied by an
/// ordinary reconciliation.
actor WriteDesk {
  private let source: APISource
  private let destinations: DestinationDesk
  private var waiting = 0

  /// Writes that may wait for their turn.
  private static let capacity = 100

  init(_ source: APISource, _ destinations: DestinationDesk) {
    self.source = source
    self.destinations = destinations
  }

  /// What became of a write.
  enum Result: Sendable {
    case planned(PlanResult)
    case written(Written)
  }

  struct Written: Sendable {
    /// As the files said it; nil: it is new.
    var before: DesiredResource?
    var change: ChangeBody
  }

  /// - Throws: `Problem`: the files are as they were.
  func perform(_ order: WriteOrder, stop: ShutdownSignal) async throws -> Result {
    guard waiting < Self.capacity else {
      throw Problem(
        503, .apiBusy, "\(Self.capacity) writes wait already", hint: "come back when some have ended",
        headers: [("Retry-After", "5")])
    }
    waiting += 1
    defer { waiting -= 1 }
    let work = ReconcileOrder(correlation: order.correlation, stop: stop)
    let announced = AnnouncedChange(order.key, correlation: order.correlation)
    let seen = Lock<(before: DesiredResource?, planned: PlanResult?, isWritten: Bool)>((nil, nil, false))
    let edit = SourceEdit(
      note: CommitNote(author: order.author, message: order.commitMessage),
      propose: { edit, before in
        seen.withLock { $0 = (before.resources.first { $0.key == order.key }, nil, false) }
        return try order.propose(edit, before)
      },
      decide: { proposal in
        let before = seen.withLock { $0.before }
        let given = try await self.destinations.check(order.key, before, proposal.loaded.state)
        let planned = try await self.plan(proposal.loaded.state, order.key, work)
        seen.withLock { $0.planned = planned }
        guard !order.isDryRun, !stop.isRequested else { return false }
        // First: from the moment on in which the files say so, its checks are bound.
        try await self.destinations.remember(given, of: order.key)
        await self.source.orders.announce(announced)
        seen.withLock { $0.isWritten = true }
        return true
      })
    do {
      try await source.orders.source.edit(edit)
    } catch {
      _ = await source.orders.conclude(announced)
      throw Self.problem(error)
    }
    let (before, planned, isWritten) = seen.withLock { $0 }
    if order.isDryRun, let planned { return .planned(planned) }
    guard isWritten else { throw Problem(503, .interrupted, "it was cancelled before anything was written") }
    return .written(Written(before: before, change: await apply(order, announced, before, work)))
  }

  /// - Throws: `Problem`, where the plan shows that it would not be done.
  private func plan(_ desired: DesiredState, _ key: ResourceKey, _ order: ReconcileOrder) async throws -> PlanResult {
    let planned: PlanResult
    do {
      planned = try await source.orders.plan(proposed: desired, order)
    } catch {
      let diagnostic = Diagnostic(of: error)
      throw Problem(
        503, diagnostic.code, "it cannot be planned: \(diagnostic.message)", hint: diagnostic.hint,
        headers: [("Retry-After", "10")])
    }
    let blockedBefore = Set(
      source.snapshot().lastPlan?.plan.changes.filter(\.isBlocked).map(\.key) ?? [])
    try PlanVerdict(planned, key, blockedBefore: blockedBefore).check()
    return planned
  }

  private func apply(
    _ order: WriteOrder, _ announced: AnnouncedChange, _ before: DesiredResource?, _ work: ReconcileOrder
  ) async -> ChangeBody {
    if case .remove = order.verb { await source.orders.confirmRemoval(order.key) }
    let now = source.now()
    let verb = before == nil ? "added" : { if case .remove = order.verb { "removed" } else { "changed" } }()
    let event = Event(
      .info, source: "api", subject: order.key.path, reason: "DesiredChanged",
      "'\(order.key.name)' was \(verb) in the files (by \(order.author))", correlation: order.correlation,
      data: ["by": .string(order.author)])
    try? await source.stores.ask { try await $0.events.append(event, at: now) }
    let body: ChangeBody
    do {
      let report = try await source.orders.carryOut(work)
      await source.objects.received(report)
      body = ChangeBody(report, order.key)
    } catch {
      body = ChangeBody(outcome: "failed", error: Diagnostic(of: error))
    }
    // A reconciliation that was due anyway may have read the files first.
    let known = await source.orders.conclude(announced)
    guard body.outcome == "unchanged", let outcome = known?.outcome, outcome.status == .applied else { return body }
    return ChangeBody(outcome, run: known?.run)
  }

  private static func problem(_ error: any Error) -> any Error {
    switch error {
    case SourceEditProblem.invalid(let diagnostics):
      var problem = Problem(
        409, .desiredInvalid, "the desired files have mistakes: nothing is added to them",
        hint: "'reconciler validate' shows them")
      problem.diagnostics = diagnostics.filter { $0.severity == .error }
      return problem
    case SourceEditProblem.readOnly(let patch):
      var problem = Problem(
        409, .sourceReadOnly, "the desired files are in a repository that the daemon does not write to",
        hint: "commit 'patch', or set source.push: true")
      problem.patch = patch
      return problem
    case SourceEditProblem.failed(let diagnostic):
      return Problem(503, diagnostic.code, diagnostic.message, hint: diagnostic.hint, headers: [("Retry-After", "5")])
    case let edit as EntryEdit.Problem:
      var problem = Problem(409, .notEditable, edit.message, hint: "change it in the file")
      problem.diagnostics = [Diagnostic(.notEditable, edit.message, at: edit.location)]
      return problem
    default: return error
    }
  }
}

/// What a plan says of one object, before it is written.
struct PlanVerdict {
  private let planned: PlanResult
  private let key: ResourceKey
  private let blockedBefore: Set<ResourceKey>

  /// - Parameter blockedBefore: what could not be done anyway.
  init(_ planned: PlanResult, _ key: ResourceKey, blockedBefore: Set<ResourceKey>) {
    self.planned = planned
    self.key = key
    self.blockedBefore = blockedBefore
  }

  /// - Throws: `Problem`.
  func check() throws {
    if let refusal = planned.refusals.first {
      var problem = Problem(403, .refusedBySafety, refusal.message, hint: refusal.hint)
      problem.diagnostics = planned.refusals
      throw problem
    }
    let plan = planned.plan
    if let change = plan.changes.first(where: { $0.key == key }), let reason = change.blockReason {
      throw Self.problem(reason)
    }
    if let change = plan.withheld.first(where: { $0.key == key }), change.hold == nil, change.suspension == nil {
      throw Problem(
        403, .refusedBySafety, "it would never be done: \(plan.holdReason(change))",
        hint: "the daemon's policy says what may be changed")
    }
    let others = plan.changes.filter { $0.key != key && $0.isBlocked && !blockedBefore.contains($0.key) }
    if let other = others.first, let reason = other.blockReason {
      throw Problem(
        409, reason.code, "then '\(other.key.name)' could not be as the files say: \(reason.message)", hint: reason.hint
      )
    }
  }

  static func problem(_ reason: BlockReason) -> Problem {
    switch reason.code {
    case .domainTaken: Problem(409, .duplicateDomain, reason.message, hint: reason.hint)
    case .portTaken: Problem(409, .duplicatePort, reason.message, hint: reason.hint)
    case .nameTaken, .stillInUse, .domainCycle, .takerBlocked, .dependencyFailed:
      Problem(409, reason.code, reason.message, hint: reason.hint)
    case .destinationFailed, .unknownReference, .ambiguousReference, .noCertificate, .secretMissing, .requestBudget,
      .unsupportedByNPM, .unchangeable:
      Problem(422, reason.code, reason.message, hint: reason.hint)
    default:
      {
        var problem = Problem(403, .refusedBySafety, reason.message, hint: reason.hint)
        problem.diagnostics = [Diagnostic(reason.code, reason.message, hint: reason.hint)]
        return problem
      }()
    }
  }
}

/// What a reconciliation made of one object.
struct ChangeBody: Encodable, Sendable {
  var outcome: String
  @Nullable var error: DiagnosticReport?
  @Nullable var run: Int?
  @Nullable var note: String?

  init(outcome: String, error: Diagnostic? = nil) {
    self.outcome = outcome
    _error = Nullable(wrappedValue: error.map(DiagnosticReport.init))
    _run = Nullable(wrappedValue: nil)
    _note = Nullable(wrappedValue: nil)
  }

  init(_ outcome: ChangeOutcome, run: Int?) {
    self.init(outcome: outcome.status.rawValue, error: outcome.error)
    self.run = run
    note = outcome.note.isEmpty ? nil : outcome.note
  }

  init(_ report: ReconcileReport, _ key: ResourceKey) {
    switch report.outcome {
    case .noDesiredState: self.init(outcome: "failed", error: Diagnostic(.desiredMissing, "there is no desired state"))
    case .failed(let problem, _): self.init(outcome: "failed", error: problem)
    case .refused(let planned): self.init(outcome: "withheld", error: planned.refusals.first)
    case .applied(let planned, let result):
      if let found = result.outcomes.first(where: { $0.change.key == key }) {
        self.init(found, run: result.run)
      } else if let change = planned.plan.withheld.first(where: { $0.key == key }) {
        self.init(outcome: "withheld", error: Diagnostic(.suspended, planned.plan.holdReason(change)))
      } else if let reason = planned.plan.changes.first(where: { $0.key == key })?.blockReason {
        self.init(outcome: "withheld", error: Diagnostic(reason.code, reason.message, hint: reason.hint))
      } else {
        self.init(outcome: "unchanged")
      }
    }
  }
}
