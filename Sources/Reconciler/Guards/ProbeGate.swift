package import Model
import Planning
package import Probe

/// Which destinations a plan affects, and what a failed check means for it.
enum ProbeGate {
  /// New or changed destinations of enabled hosts that request a check.
  static func targets(
    _ plan: Plan, _ resources: [ResourceKey: DesiredResource]
  ) -> [(ResourceKey, ProbeTarget)] {
    plan.changes.flatMap { change -> [(ResourceKey, ProbeTarget)] in
      guard let spec = change.desired, spec.schema.isProbed, resources[change.key]?.validation != .off,
        spec["enabled"] != false, change.action == .create || change.changesValues
      else { return [] }
      let rule = resources[change.key]?.check
      let served = change.action == .create ? nil : change.observed?.spec
      let known = Set(served.map { ProbeTarget.all(of: change.key.name, spec: $0, rule).map(\.url) } ?? [])
      // The plan has domains in NPM's order; the first is the one listed first in the YAML.
      let domain = resources[change.key]?.spec.visitedDomain ?? spec.visitedDomain
      return ProbeTarget.all(of: change.key.name, spec: spec, rule).filter { !known.contains($0.url) }.map { target in
        var target = target
        target.domain = domain
        return (change.key, target)
      }
    }
  }

  /// Blocks changes whose destination failed under `enforce`; warns about the others.
  static func apply(
    _ results: [ResourceKey: [ProbeResult]], _ resources: [ResourceKey: DesiredResource], to plan: inout Plan
  ) -> [Diagnostic] {
    var warnings: [Diagnostic] = []
    for index in plan.changes.indices {
      let change = plan.changes[index]
      guard let result = results[change.key]?.first(where: { !$0.isOK }), let failed = result.failure else { continue }
      let place = result.target.location.map { "location '\($0)': " } ?? ""
      let message =
        "\(place)\(result.target.url) failed its check (\(failed.step.rawValue)): \(failed.error ?? "failed")"
      if resources[change.key]?.validation == .warn {
        warnings.append(
          Diagnostic(.destinationFailed, message, at: change.source, hint: failed.hint, severity: .warning))
      } else {
        plan.changes[index].action = .blocked(BlockReason(.destinationFailed, message, hint: failed.hint))
      }
    }
    return warnings
  }
}

extension ProbeTarget {
  /// The destination of a host.
  package init(name: String, spec: Spec, _ rule: HealthCheckSpec?) {
    self.init(
      name: name, scheme: spec["forward_scheme"].stringValue ?? "", host: spec["forward_host"].stringValue ?? "",
      port: spec["forward_port"].intValue ?? 0, path: rule?.path ?? "/", domain: spec.visitedDomain,
      check: rule ?? HealthCheckSpec())
  }

  /// The destinations of a host: its own, and those of its locations.
  package static func all(of name: String, spec: Spec, _ rule: HealthCheckSpec?) -> [ProbeTarget] {
    [ProbeTarget(name: name, spec: spec, rule)]
      + (spec["locations"].arrayValue ?? []).map { ProbeTarget(name: name, location: $0, domain: spec.visitedDomain) }
  }

  /// The destination of a location, probed with the path that a visitor of the location would be sent to.
  private init(name: String, location: JSONValue, domain: String?) {
    let path = location["path"].stringValue ?? ""
    let target = location["forward_path"].stringValue ?? ""
    let asked = target.isEmpty ? path : target
    // The paths that a pattern matches are unknown.
    let isPlain = asked.hasPrefix("/") && asked.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "$") }
    self.init(
      name: name, location: path, scheme: location["forward_scheme"].stringValue ?? "",
      host: location["forward_host"].stringValue ?? "", port: location["forward_port"].intValue ?? 0,
      path: isPlain ? asked : "/", domain: domain)
  }
}

extension Spec {
  /// A name that visitors may request: the first, with a substitute for a wildcard.
  fileprivate var visitedDomain: String? { claims.first.map { $0.replacing("*", with: "reconciler-probe") } }
}
