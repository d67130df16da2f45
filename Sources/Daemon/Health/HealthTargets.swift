package import Configuration
import DesiredFiles
package import Model
import Platform
import Planning
package import Probe
import Reconciler
import Store

/// Passes the targets to the health monitor after each reconciliation: what is wanted, and what is still to be removed.
package actor HealthTargets: DaemonSubscriber {
  private let monitor: HealthMonitor
  private let configuration: HealthConfiguration
  private let instance: InstanceID
  /// What NPM served when it was last read.
  private var served: Set<ResourceKey> = []
  private var targets: [HealthTarget] = []

  package init(_ monitor: HealthMonitor, _ configuration: HealthConfiguration, instance: InstanceID) {
    self.monitor = monitor
    self.configuration = configuration
    self.instance = instance
  }

  package func receive(_ update: DaemonUpdate) async {
    guard let report = update.report, let desired = report.desired else { return }
    served = report.served ?? served
    let wanted = Set(desired.resources.map(\.key))
    let unremoved = report.unremoved
    let remaining = targets.filter { target in
      !wanted.contains(target.key.resource) && unremoved?.contains(target.key.resource) ?? true
    }
    targets = configuration.targets(report.serving(desired), served: served, instance: instance) + remaining
    await monitor.watch(targets)
  }
}

extension ReconcileReport {
  /// What is gone from the files, and not from NPM; nil: not known.
  fileprivate var unremoved: Set<ResourceKey>? {
    guard let planned else { return nil }
    let removals = (planned.plan.changes + planned.plan.withheld).filter { $0.cause == .removed }.map(\.key)
    let done = applied?.outcomes.filter { $0.status == .applied }.map(\.change.key) ?? []
    return Set(removals).subtracting(done)
  }

  /// The desired state, with what NPM goes on serving where a change is suspended or was undone.
  fileprivate func serving(_ desired: DesiredState) -> DesiredState {
    let held = (planned?.plan.withheld ?? []).filter { $0.suspension != nil && $0.action == .update }
    let observed = Dictionary(
      firstOf: held.compactMap { change in change.observed.map { (change.key, $0.normalised) } })
    guard !observed.isEmpty else { return desired }
    var serving = desired
    serving.resources = desired.resources.map { resource in
      observed[resource.key].map { resource.with(spec: $0) } ?? resource
    }
    return serving
  }
}

extension HealthConfiguration {
  /// The checks for a desired state.
  ///
  /// - Parameter served: what NPM is known to serve: for anything else it returns a default page.
  package func targets(
    _ desired: DesiredState, served: Set<ResourceKey>, instance: InstanceID = .default
  ) -> [HealthTarget] {
    let lists = Dictionary(
      firstOf: desired.resources.lazy.filter { $0.key.kind == .accessList }.map {
        ($0.key.name, $0.spec.requiresPassword)
      })
    return desired.resources.compactMap { resource in
      guard resource.spec.schema.isProbed, resource.spec["enabled"] != false,
        resource.validation != .off || resource.check != nil
      else { return nil }
      return HealthTarget(
        ProbeTarget(name: resource.key.name, spec: resource.spec, resource.check),
        key: TargetKey(instance, resource.key), interval: resource.check?.interval ?? interval,
        front: served.contains(resource.key) ? dataPlaneHost(resource, lists) : nil, objective: objective(resource))
    }
  }

  /// The first domain that is no wildcard: a wildcard cannot be requested.
  ///
  /// - Parameter lists: access lists of the YAML, and whether each requires a password from every client.
  private func dataPlaneHost(_ resource: DesiredResource, _ lists: [String: Bool]) -> DataPlaneHost? {
    guard dataPlane != nil, let name = resource.spec.claims.first(where: { !$0.contains("*") }) else { return nil }
    let list = resource.spec["access_list"].stringValue
    return DataPlaneHost(
      domain: name, usesTLS: !resource.spec["certificate"].isNull, isGuarded: list != nil,
      mustAsk: list.flatMap { lists[$0] } ?? false,
      isMarked: resource.spec["advanced_config"] == "" && resource.spec["locations"].arrayValue?.isEmpty != false)
  }

  private func objective(_ resource: DesiredResource) -> Objective {
    let own = objectives.first { resource.labels[$0.label.name] == $0.label.value }?.objective ?? objective
    return own.with(resource.objective)
  }
}
