package import DesiredFiles
package import Model
package import Planning
package import Probe

/// Options of one pass.
package struct ReconcileOptions: Sendable {
  /// NPM's address as in the settings: the store is bound to it.
  package var npmURL: String
  package var owner: String
  package var policy: Policy
  package var limits: SafetyLimits
  /// Treat objects with our marker as managed although the store does not know them.
  package var trustsMarkers = false
  /// The store may be bound to this NPM although it was bound to another.
  package var rebindsStore = false
  /// The host behind NPM's own address may be changed.
  package var allowsSelfLockout = false
  /// Only these resources.
  package var selection = ResourceSelection()
  package var probes = true
  /// The commit of the desired files; nil: they are not in a repository.
  package var commit: GitCommit?
  /// Why nothing may be written at a time, as in a maintenance window; nil: writes are allowed.
  package var maintenance: @Sendable (Timestamp) -> Suspension? = { _ in nil }
  /// The time of day, for everything that has an end: suspensions, windows, what is kept for a while.
  package var now: @Sendable () -> Timestamp = { .now }
  /// Which removals still have to wait, and for how many seconds; nil: all are carried out. Gets the names that are gone,
  /// and those that are there.
  package var removalDelay:
    @Sendable (_ removed: Set<ResourceKey>, _ desired: Set<ResourceKey>) -> (keys: Set<ResourceKey>, seconds: Double)? =
      {
        _, _ in nil
      }
  /// Whether a connection to NPM's API shows that nginx reloaded.
  package var usesReloadWitness = true
  /// Where NPM serves its hosts, to verify what was written; nil: not known.
  package var dataPlane: DataPlane?
  /// The meaning of `certificate: auto` where no certificate matches; nil: none.
  package var defaultCertificate: String?
  /// For requests to Let's Encrypt, in releases of NPM that require it.
  package var letsEncryptEmail: String?
  /// Days before expiry at which a certificate becomes a warning, and an error.
  package var certificateDays = (warning: 21, error: 7)
  /// The purpose of the pass.
  package var purpose = Purpose.converge
  /// Seconds for which runs keep the values before their changes.
  package var historySeconds = 90 * 86400.0
  /// Seconds and number of events to keep.
  package var eventRetention = (seconds: 90 * 86400.0, count: 100_000)
  /// Sent with every call to NPM and stored in every event.
  package var correlation = ""
  /// Of requests that had a resource changed: in the events of that resource instead.
  package var correlations: [ResourceKey: String] = [:]

  package enum Purpose: Sendable {
    /// Brings NPM to the state in the YAML.
    case converge
    /// Only takes over unmanaged hosts.
    case adopt(Adoption)
    /// Goes back to an earlier state: only its resources are considered.
    case rollBack(RollbackTarget)
  }

  package init(
    npmURL: String, owner: String, policy: Policy = .upsertOnly, limits: SafetyLimits = SafetyLimits()
  ) {
    self.npmURL = npmURL
    self.owner = owner
    self.policy = policy
    self.limits = limits
  }

  /// The host in NPM's address.
  var npmHost: String {
    guard let start = npmURL.firstRange(of: "://") else { return npmURL }
    let authority = npmURL[start.upperBound...].prefix { $0 != "/" }
    if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }.dropFirst()) }
    return String(authority.prefix { $0 != ":" })
  }
}
