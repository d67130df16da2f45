package import Model
package import Probe

/// Names that nginx must resolve to start: those of locations and streams. The destination of the host itself is only
/// resolved on a visitor's request.
package enum StartupDNSCheck {
  private struct Use {
    var name: String
    var place: SourceLocation?
    var owner: ResourceKey
  }

  /// A warning for each name that does not resolve.
  package static func warnings(_ resources: [DesiredResource], _ prober: Prober) async -> [Diagnostic] {
    let uses = resources.filter { $0.spec["enabled"] != false }.flatMap(uses)
    let unresolved = await prober.unresolved(uses.map(\.name))
    return uses.filter { unresolved.contains($0.name) }.map { use in
      Diagnostic(
        .nameUnresolved, "'\(use.name)' of \(use.owner) does not resolve", at: use.place,
        hint:
          "nginx does not start with a location or stream whose name it cannot find; use an address where it may vanish",
        severity: .warning)
    }
  }

  private static func uses(_ resource: DesiredResource) -> [Use] {
    let spec = resource.spec
    var found: [Use] = []
    if let name = spec["forwarding_host"].stringValue {
      found.append(
        Use(
          name: name, place: resource.fieldSources["forwarding_host"]?.location ?? resource.source, owner: resource.key)
      )
    }
    for (index, location) in (spec["locations"].arrayValue ?? []).enumerated() {
      guard let name = location["forward_host"].stringValue, !name.isEmpty else { continue }
      let place = resource.fieldSources["locations[\(index)].forward_host"]?.location ?? resource.source
      found.append(Use(name: name, place: place, owner: resource.key))
    }
    return found
  }
}
