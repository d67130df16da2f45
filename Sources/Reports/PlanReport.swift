package import Model
import Planning
package import Reconciler

/// A plan and its outcome, as JSON of the configuration: what `diff` and `apply` print.
package struct PlanReport: Codable, Hashable, Sendable {
  package struct Name: Codable, Hashable, Sendable {
    package var kind: String
    package var name: String
  }

  package var formatVersion = "1"
  @Nullable package var digest: String?
  /// Changes by action, and what is unchanged.
  @Nullable package var summary: [String: Int]?
  package var changes: [ChangeReport] = []
  /// Changes that the policy or a suspension holds back; absent: there are none.
  package var withheld: [ChangeReport]?
  package var adoptable: [Name]?
  package var destinations: [DestinationReport]?
  /// The run that applied it.
  package var run: Int?
  package var diagnostics: [DiagnosticReport]

  private enum CodingKeys: String, CodingKey {
    case digest, summary, changes, withheld, adoptable, destinations, run, diagnostics
    case formatVersion = "format_version"
  }

  /// There is no plan.
  package init(_ diagnostics: [Diagnostic]) {
    _digest = Nullable(wrappedValue: nil)
    _summary = Nullable(wrappedValue: nil)
    self.diagnostics = diagnostics.map(DiagnosticReport.init)
  }

  /// - Parameter result: adds `outcome` and `error` to each change; nil: nothing was applied.
  package init(_ planned: PlanResult, _ result: ApplyResult?, _ diagnostics: [Diagnostic]) {
    self.init(diagnostics)
    let plan = planned.plan
    let outcomes = Dictionary(firstOf: (result?.outcomes ?? []).map { ($0.change.key, $0) })
    digest = plan.digest
    summary = Self.summary(plan)
    changes = plan.changes.map { ChangeReport($0, outcomes[$0.key], isApplied: result != nil) }
    if !plan.withheld.isEmpty {
      withheld = plan.withheld.map { change in
        var report = ChangeReport(change)
        report.held = plan.holdReason(change)
        return report
      }
    }
    if !plan.adoptable.isEmpty { adoptable = plan.adoptable.map { Name(kind: $0.kind.rawValue, name: $0.name) } }
    let checked = planned.probes.sorted { $0.key < $1.key }.flatMap(\.value)
    if !checked.isEmpty { destinations = checked.map(DestinationReport.init) }
    run = result?.run
  }

  private static func summary(_ plan: Plan) -> [String: Int] {
    var counts = ["unchanged": plan.unchanged.count]
    for kind: Change.Kind in [.create, .update, .delete, .adopt, .blocked] { counts[kind.rawValue] = plan.count(kind) }
    if plan.count(.release) > 0 { counts["release"] = plan.count(.release) }
    return counts
  }
}
