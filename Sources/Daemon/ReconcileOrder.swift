import DesiredFiles
package import Model
import Planning
package import Platform
package import Reconciler
import Store

/// A reconciliation that someone asked for, out of turn. Nothing in it lifts a guard.
package struct ReconcileOrder: Sendable {
  /// Empty: everything.
  package var selection = ResourceSelection()
  /// Only this plan may be applied, or nothing; nil: whatever is planned.
  package var digest: String?
  /// In every event that it causes.
  package var correlation: String
  /// Ends it after the change in flight.
  package var stop: ShutdownSignal
  package var progress: @Sendable (ApplyStep) -> Void = { _ in }

  package init(correlation: String, stop: ShutdownSignal) {
    self.correlation = correlation
    self.stop = stop
  }

  /// Whether only a part of the desired state is looked at.
  package var isPartial: Bool { !selection.isEmpty }

  /// What matches nothing is a typing error, not a request to do nothing.
  ///
  /// - Throws: `OrderRefused`, and `StoreError`.
  func check(_ desired: DesiredState, _ stores: StoreSet) async throws {
    guard isPartial else { return }
    if !selection.labels.isEmpty, !desired.resources.contains(where: { $0.carries(selection.labels) }) {
      let wanted = selection.labels.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ", ")
      throw OrderRefused(.emptySelection, "no resource carries \(wanted)", "labels stand below 'labels:' in the YAML")
    }
    let keys = Set(desired.resources.map(\.key)).union(try await stores.ledger.entries().map(\.key))
    for name in selection.names.sorted() {
      let found = keys.filter { $0.name == name || $0.path == name }
      if found.count > 1 {
        let paths = found.map(\.path).sorted().joined(separator: " or ")
        throw OrderRefused(.badName, "'\(name)' is the name of several", "write \(paths)")
      }
      guard found.isEmpty else { continue }
      let near = Suggestion.nearest(to: name, among: keys.map(\.name))
      throw OrderRefused(.unknownName, "nothing is called '\(name)'", near.map { "is it '\($0)'?" })
    }
  }

  /// - Throws: `OrderRefused`, where it is not the plan that was ordered.
  func check(_ plan: Plan) throws {
    guard let digest else { return }
    let now = plan.digest
    guard !Plan.matches(now, digest) else { return }
    throw OrderRefused(
      .planStale, "the plan is now \(now.prefix(15)), not \(digest.prefix(15)): nothing was applied",
      "look at the new one, then apply that")
  }
}

/// Why an order was not carried out; nothing was written.
package struct OrderRefused: DiagnosableError {
  package var diagnostic: Diagnostic

  package init(_ code: DiagnosticCode, _ message: String, _ hint: String?) {
    diagnostic = Diagnostic(code, message, hint: hint)
  }

  /// The files give nothing that could be applied.
  init(_ reading: SourceReading) {
    if let mistakes = reading.mistakes {
      self.init(
        .desiredInvalid, "the desired files have mistakes: \(mistakes)", "'reconciler validate' shows all of them")
    } else if let problem = reading.problem {
      self.init(.desiredInvalid, "\(problem)", nil)
    } else {
      self.init(.desiredMissing, "there is no desired state yet", nil)
    }
  }
}
