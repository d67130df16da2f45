package import DesiredFiles
package import Model
package import Planning
package import Probe

/// What one pass is told to do.
package struct ReconcileOptions: Sendable {
  /// NPM's address as written in the settings: the store belongs to it.
  package var npmURL: String
  package var owner: String
  package var policy: Policy
  package var limits: SafetyLimits
  /// Take objects with our marker for ours although the store does not know them.
  package var trustsMarkers = false
  /// The store may be bound to this NPM although it was another's.
  package var rebindsStore = false
  /// The host that NPM's own address leads through may be changed.
  package var allowsSelfLockout = false
  /// Keep to resources that carry all these labels; empty: all.
  package var selection: [String: String] = [:]
  package var probes = true
  /// The commit that the desired files are of; nil: of none.
  package var commit: GitCommit?
  /// Why nothing is written at a time, as in a maintenance window; nil: it may be.
  package var maintenance: @Sendable (Timestamp) -> Suspension? = { _ in nil }
  /// Whether a connection to NPM's API tells that nginx reloaded.
  package var usesReloadWitness = true
  /// Where NPM serves its hosts, to look at what was written; nil: not known.
  package var dataPlane: DataPlane?
  /// What `certificate: auto` means where no certificate fits; nil: nothing.
  package var defaultCertificate: String?
  /// For requests to Let's Encrypt that releases of NPM want it for.
  package var letsEncryptEmail: String?
  /// Days before its end from which a certificate is a warning, and an error.
  package var certificateDays = (warning: 21, error: 7)
  /// What the pass is for.
  package var purpose = Purpose.converge
  /// Seconds for which runs keep what was there before their changes.
  package var historySeconds = 90 * 86400.0
  /// Seconds and number of events that are kept.
  package var eventRetention = (seconds: 90 * 86400.0, count: 100_000)
  /// Goes with every call to NPM and into every event.
  package var correlation = ""

  package enum Purpose: Sendable {
    /// To make NPM as the YAML says.
    case converge
    /// To take over hosts that nobody owns, and nothing else.
    case adopt(Adoption)
    /// To go back to an earlier state: its resources are the only ones looked at.
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
