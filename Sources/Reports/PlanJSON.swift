import Store
package import Model
import Planning
package import Probe
package import Reconciler

/// A plan and its outcome, as JSON of the contract.
package enum PlanJSON {
  /// - Parameter report: adds `outcome` and `error` to each change.
  package static func plan(_ planned: PlanResult, _ report: ApplyResult?, _ diagnostics: [Diagnostic]) -> JSONValue {
    let outcomes = Dictionary((report?.outcomes ?? []).map { ($0.change.key, $0) }) { first, _ in first }
    var members: [String: JSONValue] = [
      "format_version": "1",
      "digest": .string(planned.plan.digest),
      "summary": summary(planned.plan),
      "changes": .array(planned.plan.changes.map { change($0, outcomes[$0.key], withOutcome: report != nil) }),
      "diagnostics": JSONOutput.diagnostics(diagnostics),
    ]
    if !planned.plan.withheld.isEmpty {
      members["withheld"] = .array(planned.plan.withheld.map { change($0, nil, withOutcome: false) })
    }
    if !planned.plan.adoptable.isEmpty {
      members["adoptable"] = .array(
        planned.plan.adoptable.map { ["kind": .string($0.kind.rawValue), "name": .string($0.name)] })
    }
    if !planned.probes.isEmpty {
      members["destinations"] = .array(
        planned.probes.sorted { $0.key < $1.key }.flatMap(\.value).map(destination))
    }
    if let run = report?.run { members["run"] = .int(run) }
    return .object(members)
  }

  /// Printed when there is no plan.
  package static func empty(_ diagnostics: [Diagnostic]) -> JSONValue {
    [
      "format_version": "1", "digest": .null, "summary": .null, "changes": [],
      "diagnostics": JSONOutput.diagnostics(diagnostics),
    ]
  }

  private static func summary(_ plan: Plan) -> JSONValue {
    var members: [String: JSONValue] = ["unchanged": .int(plan.unchanged.count)]
    for kind: Change.Kind in [.create, .update, .delete, .adopt, .blocked] {
      members[kind.rawValue] = .int(plan.count(kind))
    }
    if plan.count(.release) > 0 { members["release"] = .int(plan.count(.release)) }
    return .object(members)
  }

  private static func change(_ change: Change, _ outcome: ChangeOutcome?, withOutcome: Bool) -> JSONValue {
    var members: [String: JSONValue] = [
      "kind": .string(change.key.kind.rawValue), "name": .string(change.key.name),
      "action": .string(change.action.kind.rawValue), "cause": .string(change.cause.rawValue),
      "id": (outcome?.id ?? change.id).map { .int($0.number) } ?? .null,
      "fields": .array(
        change.fields.map {
          ["path": .string($0.path), "before": $0.before, "after": $0.after, "cause": .string($0.cause.rawValue)]
        }),
      "source": change.source.map { .object(JSONOutput.location($0)) } ?? .null,
    ]
    if let former = change.renamedFrom { members["renamed_from"] = .string(former.name) }
    if let suspension = change.suspension {
      members["suspended"] = ["until": .string(suspension.until), "reason": .string(suspension.reason)]
    }
    if let blockReason = change.blockReason { members["reason"] = reason(blockReason) }
    guard withOutcome else { return .object(members) }
    let blocked = change.blockReason.map { Diagnostic($0.code, $0.message, hint: $0.hint) }
    members["outcome"] = .string(outcome?.status.rawValue ?? ChangeOutcome.Status.notAttempted.rawValue)
    members["error"] = (outcome?.error ?? blocked).map(JSONOutput.diagnostic) ?? .null
    return .object(members)
  }

  private static func reason(_ blockReason: BlockReason) -> JSONValue {
    [
      "code": .string(blockReason.code.rawValue), "message": .string(blockReason.message),
      "hint": blockReason.hint.map { .string($0) } ?? .null,
    ]
  }

  /// One checked destination.
  package static func destination(_ result: ProbeResult) -> JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(result.target.name), "target": .string(result.target.url), "ok": .bool(result.isOK),
      "steps": .array(result.steps.map(\.json)),
    ]
    if let location = result.target.location { members["location"] = .string(location) }
    return .object(members)
  }
}
