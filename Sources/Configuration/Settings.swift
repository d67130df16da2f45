package import DesiredFiles
package import Model
package import Planning
package import Probe
package import Upstream

/// The settings in force, merged from file, environment and flags.
package struct Settings: Sendable {
  package var owner = SettingCatalog.owner.defaultValue
  package var policy = SettingCatalog.policy.defaultValue
  package var npmURL = ""
  package var npmIdentity = ""
  package var npmSecret = Secret("")
  /// Whether a connection to NPM's API is used to detect that nginx reloaded.
  package var usesReloadWitness = true
  package var npmConfiguration = UpstreamConfiguration(name: "NPM")
  package var desired = SettingCatalog.desired.defaultValue
  package var state = SettingCatalog.state.defaultValue
  package var status = SettingCatalog.status.defaultValue
  package var limits = SafetyLimits()
  package var probe = ProbeSettings()
  /// Where the secrets of desired files come from, and which of them checks may send.
  package var secrets = SecretSource.live
  /// Seconds for which runs keep the state before their changes.
  package var historySeconds = SettingCatalog.historyKept.defaultValue
  package var defaultCertificate: String?
  package var letsEncryptEmail: String?
  /// Days before the end of a certificate.
  package var certificateDays = (
    warning: SettingCatalog.warnDays.defaultValue, error: SettingCatalog.errorDays.defaultValue
  )
  /// Of events: seconds and number.
  package var eventRetention = (
    seconds: SettingCatalog.eventsKept.defaultValue, count: SettingCatalog.maximumEvents.defaultValue
  )
  package var daemon = DaemonConfiguration()
  /// nil: the daemon has no HTTP API.
  package var api: APIConfiguration?
  /// A daemon that commands ask; nil: they do the work themselves.
  package var server: ServerConfiguration?
  /// Where destinations that came through the API may lead; nil: private networks, and what the files lead to.
  package var allowedDestinations: [IPNetwork]?
  /// Each setting with its value and the origin of the value.
  package var inForce: [SettingInForce] = []

  package init() {}
}
