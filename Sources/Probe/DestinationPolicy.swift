import Platform

/// Which checks are bound by a rule: those of destinations that the HTTP API gave, for as long as a host leads there.
package final class DestinationPolicy: Sendable {
  private let rule: DestinationRule
  private let state = Lock<(given: [String: Set<String>], listed: Set<String>)>(([:], []))
  private let resolver: HostResolver

  package init(
    _ rule: DestinationRule, lookUp: @escaping @Sendable (String) -> HostResolver.Outcome = HostResolver.ask
  ) {
    self.rule = rule
    resolver = HostResolver(lookUp: lookUp)
  }

  /// - Parameters:
  ///   - given: destinations by the names of hosts.
  ///   - listed: destinations that the files lead to, whatever the API said.
  package func update(given: [String: Set<String>], listed: Set<String>) {
    state.withLock { $0 = (given, listed) }
  }

  /// From now on; what was given to the host before counts as well until the next `update`.
  package func give(_ destinations: [String], to name: String) {
    state.withLock { $0.given[name, default: []].formUnion(destinations) }
  }

  /// `10.0.0.1:80`.
  package static func text(_ host: String, _ port: Int) -> String { "\(host.withoutBrackets.lowercased()):\(port)" }

  /// Why a check must not connect; nil: it may.
  ///
  /// - Parameter addresses: where it would.
  func problem(_ target: ProbeTarget, _ addresses: [String]) -> ProbeStep? {
    let text = Self.text(target.host, target.port)
    let (isGiven, isListed) = state.withLock {
      ($0.given[target.name]?.contains(text) == true, $0.listed.contains(text))
    }
    guard isGiven, let bad = forbidden(addresses, isListed: isListed) else { return nil }
    return ProbeStep(.tcp, .failed, error: Self.message(bad), hint: Self.hint)
  }

  /// Why a destination may not be given; nil: it may. A name that does not resolve is no problem yet.
  package func problem(host: String, port: Int, isListed: Bool) async -> String? {
    let bare = host.withoutBrackets
    // Names are looked up anew: what was found before may be old.
    let addresses: [String] =
      if HostResolver.isAddress(bare) { [bare] } else if case .addresses(let found) = await lookUp(bare) { found } else
      { [] }
    return forbidden(addresses, isListed: isListed).map(Self.message)
  }

  private func lookUp(_ name: String) async -> HostResolver.Outcome {
    await HostResolver(lookUp: resolver.find).resolve(name, timeout: 5)
  }

  package static let hint = "api.allowed_destinations says which networks the API may lead to"

  private static func message(_ address: String) -> String { "\(address) is not an address that the API may lead to" }

  private func forbidden(_ addresses: [String], isListed: Bool) -> String? {
    addresses.first { text in IPAddress(text).map { !rule.allows($0, isListed: isListed) } ?? true }
  }
}
