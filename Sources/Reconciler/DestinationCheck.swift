package import Model
import Planning
package import Probe

/// Which destinations a plan touches, and what a failed one means for it.
enum DestinationCheck {
  private static let forwardFields: Set<String> = ["forward_scheme", "forward_host", "forward_port"]

  /// Destinations that are new or change, of enabled hosts that ask for a check.
  static func targets(
    _ plan: Plan, _ resources: [ResourceKey: DesiredResource]
  ) -> [(ResourceKey, ProbeTarget)] {
    plan.changes.compactMap { change in
      guard let spec = change.desired, spec.shape.isProbed, resources[change.key]?.validation != .off,
        spec["enabled"] != false
      else { return nil }
      let movesDestination = change.fields.contains { forwardFields.contains($0.path) }
      guard change.action == .create || (change.changesValues && movesDestination) else { return nil }
      return (change.key, ProbeTarget(name: change.key.name, spec: spec, resources[change.key]?.check))
    }
  }

  /// Blocks the changes whose destination failed under `enforce`; warns of the others.
  static func apply(
    _ results: [ResourceKey: ProbeResult], _ resources: [ResourceKey: DesiredResource], to plan: inout Plan
  ) -> [Diagnostic] {
    var warnings: [Diagnostic] = []
    for index in plan.changes.indices {
      let change = plan.changes[index]
      guard let result = results[change.key], let failed = result.failure else { continue }
      let message = "\(result.target.url) failed its check (\(failed.step.rawValue)): \(failed.error ?? "failed")"
      if resources[change.key]?.validation == .warn {
        warnings.append(
          Diagnostic(.destinationFailed, message, at: change.source, hint: failed.hint, severity: .warning))
      } else {
        plan.changes[index].action = .blocked(Obstacle(.destinationFailed, message, hint: failed.hint))
      }
    }
    return warnings
  }
}

extension ProbeTarget {
  /// The destination of a host.
  package init(name: String, spec: Spec, _ rule: CheckRule?) {
    var expectation = Expectation()
    if let rule {
      expectation.statuses = rule.statuses
      expectation.json = rule.json
      expectation.timeout = rule.timeout
    }
    self.init(
      name: name, scheme: spec["forward_scheme"].stringValue ?? "", host: spec["forward_host"].stringValue ?? "",
      port: spec["forward_port"].intValue ?? 0, path: rule?.path ?? "/", expectation: expectation)
  }
}
