package import Planning

/// What one lap is told to do.
package struct LapSettings: Sendable {
  /// NPM's address as written in the settings: the store belongs to it.
  package var npmURL: String
  package var owner: String
  package var policy: Policy
  package var limits: SafetyLimits
  /// Take objects with our marker for ours although the store does not know them.
  package var trustsMarkers: Bool
  /// The store may be bound to this NPM although it was another's.
  package var rebindsStore: Bool
  /// Keep to resources that carry all these labels; empty: all.
  package var selection: [String: String]
  package var probes: Bool

  package init(
    npmURL: String, owner: String, policy: Policy = .upsertOnly, limits: SafetyLimits = SafetyLimits(),
    trustsMarkers: Bool = false, rebindsStore: Bool = false, selection: [String: String] = [:], probes: Bool = true
  ) {
    self.npmURL = npmURL
    self.owner = owner
    self.policy = policy
    self.limits = limits
    self.trustsMarkers = trustsMarkers
    self.rebindsStore = rebindsStore
    self.selection = selection
    self.probes = probes
  }
}
