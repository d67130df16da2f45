package import DesiredFiles
package import Model
package import Planning
package import Probe
package import Upstream

/// The settings in force, merged from file, environment and flags.
package struct Settings: Sendable {
  package var owner = "reconciler"
  package var policy = Policy.upsertOnly
  package var npmURL = ""
  package var npmIdentity = ""
  package var npmSecret = Secret("")
  /// Whether a connection to NPM's API is used to detect that nginx reloaded.
  package var usesReloadWitness = true
  package var npmContract = UpstreamConfiguration(name: "NPM")
  package var desired = "desired"
  package var state = ".reconciler/state.db"
  package var status = "status"
  package var limits = SafetyLimits()
  package var probe = ProbeSettings()
  /// Where the secrets of desired files come from, and which of them checks may send.
  package var secrets = SecretSource.live
  /// Seconds for which runs keep the state before their changes.
  package var historySeconds = 90 * 86400.0
  package var defaultCertificate: String?
  package var letsEncryptEmail: String?
  /// Days before the end of a certificate.
  package var certificateDays = (warning: 21, error: 7)
  /// Of events: seconds and number.
  package var eventRetention = (seconds: 90 * 86400.0, count: 100_000)
  package var daemon = DaemonConfiguration()
  /// Each setting with its value and the origin of the value.
  package var inForce: [SettingInForce] = []

  package init() {}
}
