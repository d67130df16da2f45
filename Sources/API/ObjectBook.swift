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
    /// Changes with name, spec and file only; those of others do not change by us.
    var etag: String
  }

  private struct State {
    /// nil: there was no reconciliation yet.
    var entries: [Entry]?
    /// When the newest reconciliation began that is known here.
    var newest: ContinuousClock.Instant?
    var waiters: [(began: ContinuousClock.Instant, promise: Promise<Void>)] = []
  }

  private let state = Lock(State())

  package init() {}

  package func receive(_ update: DaemonUpdate) async {
    guard let report = update.report else { return }
    let entries = entries(report, update.snapshot.document.drift)
    let waiters = state.withLock { state in
      state.entries = entries ?? state.entries
      state.newest = report.beganAt
      defer { state.waiters.removeAll { $0.began <= report.beganAt } }
      return state.waiters.filter { $0.began <= report.beganAt }
    }
    for waiter in waiters { waiter.promise.keep(()) }
  }

  /// Returns when what a reconciliation found is known here.
  func received(_ report: ReconcileReport) async {
    let promise = Promise<Void>()
    let isKnown = state.withLock { state in
      if let newest = state.newest, newest >= report.beganAt { return true }
      state.waiters.append((report.beganAt, promise))
      return false
    }
    // A daemon that ends tells nothing more.
    if !isKnown { _ = await Task { await promise.value }.value(within: Self.patience) }
  }

  private static let patience = 5.0

  /// nil: there was no plan.
  private func entries(_ report: ReconcileReport, _ found: DriftReport?) -> [Entry]? {
    guard let planned = report.planned else { return nil }
    let wanted = Dictionary(firstOf: (report.desired?.resources ?? []).map { ($0.key, $0) })
    let outcomes = Dictionary(firstOf: (report.applied?.outcomes ?? []).map { ($0.change.key, $0) })
    let drift = Dictionary(
      grouping: found?.drift ?? []
    ) { "\($0.kind)/\($0.name)" }
    return Inventory(planned, nil).items.compactMap { item -> Entry? in
      let key = ResourceKey(item.report.kind, item.report.name)
      let entry = Entry(
        item, wanted[key], drift["\(item.report.kind.rawValue)/\(item.report.name)"]?.first?.fields ?? [])
      return outcomes[key].map { entry.after($0, planned.plan.owner) }
        ?? entry
    }
  }

  /// In the order of their kinds and names; nil: there was no reconciliation yet.
  var entries: [Entry]? { state.withLock { $0.entries } }
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

  /// - Parameter wanted: as the files say it, where it is ours.
  init(_ item: Inventory.Item, _ wanted: DesiredResource?, _ drift: [DriftReport.Field]) {
    object = item.report
    self.drift = drift
    if let wanted {
      spec = .object(wanted.writable)
      etag = ObjectBook.etag(wanted)
    } else {
      spec = item.object?.normalised.masked(beside: item.object?.normalised ?? Spec(.proxyHost)).json ?? .null
      etag = ObjectBook.etag(item.report.name, spec, "")
    }
  }
}

extension ObjectBook {
  /// Changes with the name, the fields and the file of a resource.
  static func etag(_ resource: DesiredResource) -> String {
    let file = resource.source.file.split(separator: "/").last.map(String.init) ?? ""
    return etag(resource.key.name, .object(resource.writable), file)
  }

  static func etag(_ name: String, _ spec: JSONValue, _ file: String) -> String {
    let text = "\(name)\u{0}\(file)\u{0}\(CanonicalJSON.text(spec))"
    return "\"\(SHA256Digest.labelled(Array(text.utf8)).dropFirst(7).prefix(32))\""
  }
}
