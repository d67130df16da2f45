package import Daemon
import Hashing
import Model
import Planning
import Platform
import Reconciler
import Reports
import Store

/// Every object that the files want or that NPM has, as the last reconciliation found them.
///
/// The snapshot of the daemon has no states of objects: they are most of the memory. This keeps what the API tells of them.
package final class ObjectBook: DaemonSubscriber {
  struct Entry: Sendable {
    var object: ObjectReport
    /// The fields that the files want, without secrets; of others, those that NPM has.
    var spec: JSONValue
    var drift: [DriftReport.Field]
    /// Changes with name, spec and source only.
    var etag: String
  }

  private let state = Lock<[Entry]?>(nil)

  package init() {}

  package func receive(_ update: DaemonUpdate) async {
    guard let report = update.report, let planned = report.planned else { return }
    let outcomes = Dictionary(firstOf: (report.applied?.outcomes ?? []).map { ($0.change.key, $0) })
    let drift = Dictionary(
      grouping: update.snapshot.document.drift?.drift ?? []
    ) { "\($0.kind)/\($0.name)" }
    let entries = Inventory(planned, nil).items.compactMap { item -> Entry? in
      let entry = Entry(item, drift["\(item.report.kind.rawValue)/\(item.report.name)"]?.first?.fields ?? [])
      return outcomes[ResourceKey(item.report.kind, item.report.name)].map { entry.after($0, planned.plan.owner) }
        ?? entry
    }
    state.withLock { $0 = entries }
  }

  /// In the order of their kinds and names; nil: there was no reconciliation yet.
  var entries: [Entry]? { state.withLock { $0 } }
}

extension ObjectBook.Entry {
  /// What a plan says of an object is over once the plan was applied; nil: the object is gone.
  func after(_ outcome: ChangeOutcome, _ owner: String) -> Self? {
    var entry = self
    guard outcome.status == .applied else {
      entry.object.reason = outcome.error?.message ?? object.reason
      return entry
    }
    entry.object.reason = nil
    switch outcome.change.action {
    case .delete: return nil
    case .release:
      (entry.object.sync, entry.object.managed, entry.object.owner) = (.none, .unmanaged, nil)
    default:
      (entry.object.sync, entry.object.managed, entry.object.owner) = (.inSync, .ours, owner)
      entry.object.id = outcome.id?.number ?? object.id
    }
    return entry
  }

  init(_ item: Inventory.Item, _ drift: [DriftReport.Field]) {
    object = item.report
    self.drift = drift
    let shown = (item.resource?.normalised ?? item.object?.normalised).map { $0.masked(beside: Spec($0.schema)) }
    spec = shown?.json ?? .null
    let place = item.report.source.map { "\($0.file):\($0.line)" } ?? ""
    let text = "\(item.report.name)\u{0}\(place)\u{0}\(JSONOutput.line(spec))"
    etag = "\"\(SHA256Digest.labelled(Array(text.utf8)).dropFirst(7).prefix(32))\""
  }
}
