package import Model
package import Probe

/// A host and a port to which an object of NPM sends requests or connections.
package struct Destination: Hashable, Sendable {
  package var host: String
  package var port: Int

  /// `10.0.0.1:80`.
  package var text: String { DestinationPolicy.text(host, port) }
}

extension Spec {
  /// Its own destination, and those of its locations.
  package var destinations: [Destination] {
    let names = Set(schema.fields.map(\.name))
    func destination(_ host: JSONValue, _ port: JSONValue) -> Destination? {
      guard let host = host.stringValue, let port = port.intValue else { return nil }
      return Destination(host: host, port: port)
    }
    let own = [("forward_host", "forward_port"), ("forwarding_host", "forwarding_port")].compactMap { host, port in
      names.isSuperset(of: [host, port]) ? destination(self[host], self[port]) : nil
    }
    let locations = names.contains("locations") ? self["locations"].arrayValue ?? [] : []
    return own + locations.compactMap { destination($0["forward_host"], $0["forward_port"]) }
  }
}

extension DestinationPolicy {
  /// Destinations that the files lead to, whatever the API said.
  package static func listed(
    _ resources: some Sequence<DesiredResource>, given: [ResourceKey: [String]]
  ) -> Set<String> {
    Set(
      resources.flatMap { resource in
        resource.spec.destinations.map(\.text).filter { given[resource.key]?.contains($0) != true }
      })
  }

  /// Binds the checks of what the API gave, as the store remembers it.
  package func update(_ desired: DesiredState, given: [ResourceKey: [String]]) {
    var byName: [String: Set<String>] = [:]
    for (key, destinations) in given { byName[key.name, default: []].formUnion(destinations) }
    update(given: byName, listed: Self.listed(desired.resources, given: given))
  }
}
