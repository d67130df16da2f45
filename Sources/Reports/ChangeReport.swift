package import Model
package import Planning
package import Reconciler
import Store

/// A change of a plan and its outcome, as JSON of the contract.
package struct ChangeReport: Codable, Hashable, Sendable {
  package struct Field: Codable, Hashable, Sendable {
    package var path: String
    package var before: JSONValue
    package var after: JSONValue
    package var cause: String
  }
  package struct Suspended: Codable, Hashable, Sendable {
    package var until: String
    package var reason: String
  }
  package struct Reason: Codable, Hashable, Sendable {
    package var code: String
    package var message: String
    @Nullable package var hint: String?
  }

  package var kind: String
  package var name: String
  package var action: Change.Kind
  package var cause: String
  @Nullable package var id: Int?
  package var fields: [Field]
  @Nullable package var source: LocationReport?
  package var renamedFrom: String?
  package var suspended: Suspended?
  /// Why it waits, of those that are held back.
  package var held: String?
  /// Why it is blocked.
  package var reason: Reason?
  /// Only of an apply: `applied`, `failed`, `unproven` or `not_attempted`.
  package var outcome: String?
  /// Only of an apply, and null where nothing failed.
  package var error: Nullable<DiagnosticReport>?

  private enum CodingKeys: String, CodingKey {
    case kind, name, action, cause, id, fields, source, suspended, held, reason, outcome, error
    case renamedFrom = "renamed_from"
  }

  /// - Parameter outcome: of an apply; nil: it was not attempted.
  package init(_ change: Change, _ outcome: ChangeOutcome? = nil, isApplied: Bool = false) {
    kind = change.key.kind.rawValue
    name = change.key.name
    action = change.action.kind
    cause = change.cause.rawValue
    _id = Nullable(wrappedValue: (outcome?.id ?? change.id)?.number)
    fields = change.fields.map { Field(path: $0.path, before: $0.before, after: $0.after, cause: $0.cause.rawValue) }
    _source = Nullable(wrappedValue: change.source.map(LocationReport.init))
    renamedFrom = change.renamedFrom?.name
    suspended = change.suspension.map { Suspended(until: $0.until, reason: $0.reason) }
    reason = change.blockReason.map { Reason(code: $0.code.rawValue, message: $0.message, hint: $0.hint) }
    guard isApplied else { return }
    let blocked = change.blockReason.map { Diagnostic($0.code, $0.message, hint: $0.hint) }
    self.outcome = (outcome?.status ?? .notAttempted).rawValue
    error = Nullable(wrappedValue: (outcome?.error ?? blocked).map(DiagnosticReport.init))
  }
}
