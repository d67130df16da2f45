import DesiredFiles
package import Model
import Planning
import Platform
package import Reconciler

/// `status.json`: what the last reconciliation found, and since when conditions hold.
package struct StatusReport: Codable, Hashable, Sendable {
  package struct Server: Codable, Hashable, Sendable {
    package var url: String
    @Nullable package var version: String?
  }
  package struct Commit: Codable, Hashable, Sendable {
    package var hash: String
    package var author: String
    package var subject: String
  }
  package struct Reconcile: Codable, Hashable, Sendable {
    package var at: ReportTime
    /// `apply`, or `diff` where nothing was applied.
    package var command: String
    /// The run that wrote.
    @Nullable package var run: Int?
    /// How long writing took.
    @Nullable package var seconds: Double?
  }
  /// A change that was not applied.
  package struct OpenChange: Codable, Hashable, Sendable {
    package var kind: String
    package var name: String
    package var action: String
    /// Paths of the fields that differ.
    package var fields: [String]
    /// Why it is blocked, or why it failed.
    @Nullable package var message: String?
    @Nullable package var hint: String?

    init(_ change: Change, _ message: String?, hint: String? = nil) {
      kind = change.key.kind.rawValue
      name = change.key.name
      action = change.action.kind.rawValue
      fields = change.fields.map(\.path)
      _message = Nullable(wrappedValue: message)
      _hint = Nullable(wrappedValue: hint)
    }
  }

  /// The daemon that keeps the files up to date.
  package struct Daemon: Codable, Hashable, Sendable {
    package var process: Int
    package var host: String
    package var startedAt: ReportTime
    package var writtenAt: ReportTime
    /// It writes before then; later the files say nothing about the present.
    package var validUntil: ReportTime

    private enum CodingKeys: String, CodingKey {
      case process, host
      case startedAt = "started_at"
      case writtenAt = "written_at"
      case validUntil = "valid_until"
    }

    /// - Parameter interval: seconds between two writes.
    package init(startedAt: Timestamp, writtenAt: Timestamp, interval: Double) {
      process = Int(CurrentProcess.identifier)
      host = CurrentProcess.hostName
      self.startedAt = ReportTime(startedAt)
      self.writtenAt = ReportTime(writtenAt)
      validUntil = ReportTime(writtenAt + 2 * interval + Self.allowance)
    }

    /// Seconds that a write may take.
    private static let allowance = 5.0
  }

  package var formatVersion = "1"
  /// null: no daemon has written the files.
  @Nullable package var daemon: Daemon?
  package var owner: String
  package var policy: String
  package var npm: Server
  @Nullable package var digest: String?
  @Nullable package var commit: Commit?
  /// null: none ended since the files were first written.
  @Nullable package var lastReconcile: Reconcile?
  package var counts: [ObjectState: Int] = [:]
  package var conditions: [ConditionReport] = []
  package var open: [OpenChange] = []
  /// Changes that are not to be applied now; `message` is the reason.
  package var withheld: [OpenChange] = []

  private enum CodingKeys: String, CodingKey {
    case daemon, owner, policy, npm, digest, commit, counts, conditions, open, withheld
    case formatVersion = "format_version"
    case lastReconcile = "last_reconcile"
  }

  /// Nothing is known yet.
  package init(_ options: ReconcileOptions) {
    owner = options.owner
    policy = options.policy.rawValue
    npm = Server(url: options.npmURL, version: nil)
    _daemon = Nullable(wrappedValue: nil)
    _digest = Nullable(wrappedValue: nil)
    _commit = Nullable(
      wrappedValue: options.commit.map { Commit(hash: $0.hash, author: $0.author, subject: $0.subject) })
    _lastReconcile = Nullable(wrappedValue: nil)
  }

  /// - Parameter result: nil: nothing was applied.
  package init(
    _ planned: PlanResult, _ result: ApplyResult?, _ summary: ReconcileSummary, _ options: ReconcileOptions,
    at now: Timestamp
  ) {
    self.init(options)
    npm.version = planned.observed.version.description
    digest = planned.plan.digest
    let seconds = result.map { ($0.seconds * 1000).rounded() / 1000 }
    lastReconcile = Reconcile(
      at: ReportTime(now), command: result == nil ? "diff" : "apply", run: result?.run, seconds: seconds)
    counts = summary.counts
    conditions = summary.conditions(at: now)
    open = summary.open.map { change in
      let error = summary.errors[change.key]
      return OpenChange(
        change, change.blockReason?.message ?? error?.message, hint: change.blockReason?.hint ?? error?.hint)
    }
    withheld = summary.withheld.flatMap { reason, changes in changes.map { OpenChange($0, reason) } }
  }

  package subscript(_ type: ConditionReport.Kind) -> ConditionReport? { conditions.first { $0.type == type } }

  /// Replaces a condition. Its time is kept while its status is.
  package mutating func set(_ condition: ConditionReport) {
    guard let index = conditions.firstIndex(where: { $0.type == condition.type }) else {
      return conditions.append(condition)
    }
    conditions[index] = condition.keepingTime(of: conditions[index])
  }

  /// What was known of some conditions is not known any more.
  package mutating func forget(
    _ reason: String, _ message: String, since: Timestamp, where isMeant: (ConditionReport.Kind) -> Bool = { _ in true }
  ) {
    for condition in conditions where condition.status != .unknown && isMeant(condition.type) {
      set(.init(condition.type, .unknown, reason, message, since: since))
    }
  }

  package mutating func remove(_ type: ConditionReport.Kind) { conditions.removeAll { $0.type == type } }

  /// Whether a daemon has written the files and is gone, or is stuck.
  package func isAbandoned(at now: Timestamp) -> Bool { daemon.map { $0.validUntil.timestamp < now } ?? false }

  /// Conditions whose status is as before keep their time, and health stays as it was: no reconciliation sees it.
  package func keepingTimes(of before: StatusReport) -> StatusReport {
    var report = self
    report.conditions = conditions.map { $0.keepingTime(of: before[$0.type]) }
    if report[.healthy] == nil, let health = before[.healthy] { report.conditions.append(health) }
    return report
  }
}
