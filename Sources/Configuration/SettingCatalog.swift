package import Model
import Planning
import Probe
import Upstream

/// Whether a connection to NPM's API is used to detect that nginx reloaded.
package enum ReloadWitnessMode: String, CaseIterable, Sendable { case auto, off }

/// Every setting of `reconciler.yaml`. A new one is defined here, and read where its value is needed.
package enum SettingCatalog {
  // The types that use them know their defaults.
  private static let npm = UpstreamConfiguration(name: "NPM")
  private static let limits = SafetyLimits()
  private static let probe = ProbeSettings()

  static let owner = Setting.text(
    "owner", 1...100, default: "reconciler", "Goes into NPM's meta: which objects are ours.")
  static let policy = Setting.choice(
    "policy", default: Policy.upsertOnly, "Which changes are allowed.", flag: "policy")
  static let desired = Setting.text(
    "desired", 1...4096, default: "desired", "Directory of the desired files.", flag: "desired")
  static let state = Setting.text("state", 1...4096, default: ".reconciler/state.db", "The store.", flag: "state")
  static let status = Setting.text(
    "status", 1...4096, default: "status", "Directory of the status files.", flag: "status")

  static let npmURL = Setting.optional(
    "npm.url", 1...2048, "NPM's admin address, for example http://127.0.0.1:81.", flag: "npm-url",
    variables: ["NPM_URL"])
  static let npmIdentity = Setting.optional(
    "npm.identity", 1...255, "E-mail address of the account.", variables: ["NPM_IDENTITY", "NPM_EMAIL"])
  static let npmSecret = Setting.secret(
    "npm.secret", 1...4096, "Password of the account; write ${env:NPM_SECRET}.",
    variables: ["NPM_SECRET", "NPM_PASSWORD"])
  static let caFile = Setting.optional("npm.ca_file", 1...4096, "CA certificates (PEM) for an https address.")
  static let dataPlane = Setting.optional(
    "npm.data_plane", 1...300,
    "Where NPM serves its hosts, for example 10.0.0.2:80: each is then checked through NPM, too.")
  static let dataPlanePort = Setting.port(
    "npm.data_plane_tls_port", default: 443, "The port there for hosts with a certificate.")
  static let reloadWitness = Setting.choice(
    "npm.reload_witness", default: ReloadWitnessMode.auto,
    "Whether an idle connection to this address shows that nginx reloaded; off: something else stands in between.")
  static let proxy = Setting.secret(
    "npm.proxy", 1...4096, "Proxy on the way to NPM, for example http://proxy:3128.")
  static let connectTimeout = Setting.duration(
    "npm.connect_timeout", default: npm.connectTimeout, "For look-up, TCP and TLS.")
  static let firstByteTimeout = Setting.duration(
    "npm.first_byte_timeout", default: npm.firstByteTimeout, "For the first byte of the answer to a read.")
  static let readTimeout = Setting.duration("npm.read_timeout", default: npm.readTimeout, "For one attempt at a read.")
  static let writeTimeout = Setting.duration(
    "npm.write_timeout", default: npm.writeTimeout, "For a write, which is never repeated blindly.")

  static let maxDeletes = Setting.number(
    "safety.max_deletes", 0...100_000, default: limits.maxDeletes, "Deletes in one run.", flag: "max-deletes")
  static let maxDeletePercent = Setting.number(
    "safety.max_delete_percent", 0...100, default: limits.maxDeletePercent,
    "Deletes in percent of the owned hosts, from 10 hosts up.",
    flag: "max-delete-percent")
  static let maxUpdatePercent = Setting.number(
    "safety.max_update_percent", 0...100, default: limits.maxUpdatePercent,
    "Updates in percent of the owned hosts, from 10 hosts up.",
    flag: "max-update-percent")

  static let dnsTimeout = Setting.duration("probe.dns_timeout", default: probe.dnsTimeout, "For a name look-up.")
  static let tcpTimeout = Setting.duration("probe.tcp_timeout", default: probe.tcpTimeout, "For a connection.")
  static let httpTimeout = Setting.duration("probe.http_timeout", default: probe.httpTimeout, "For an answer.")
  static let concurrency = Setting.number(
    "probe.concurrency", 1...4096, default: probe.concurrency, "Checks under way at once.")

  static let allowedSecrets = Setting.list(
    "secrets.allow", .texts,
    "Secrets that `health.headers` may send to destinations: env:NAME, file:/path. Who may change the destinations can "
      + "then learn them.")
  static let historyKept = Setting.duration(
    "history.keep", default: 90 * 86400, "How long a run can be gone back to with rollback.")
  static let defaultCertificate = Setting.optional(
    "certificates.default", 1...255, "What `certificate: auto` means where no certificate fits.")
  static let letsEncryptEmail = Setting.optional(
    "certificates.letsencrypt_email", 1...255,
    "Address for what `auto_request` requests; NPM before 2.13.0 wants one.")
  static let warnDays = Setting.number(
    "certificates.warn_days", 0...365, default: 21, "Days before its end: a warning from then on.")
  static let errorDays = Setting.number(
    "certificates.error_days", 0...365, default: 7, "Days before its end: an error from then on.")

  private static let general: [SettingDefinition] =
    [
      owner.definition, policy.definition, npmURL.definition, npmIdentity.definition, npmSecret.definition,
      caFile.definition, dataPlane.definition, dataPlanePort.definition, reloadWitness.definition, proxy.definition,
      connectTimeout.definition, firstByteTimeout.definition, readTimeout.definition, writeTimeout.definition,
    ] + [
      desired.definition, state.definition, status.definition, maxDeletes.definition, maxDeletePercent.definition,
      maxUpdatePercent.definition, dnsTimeout.definition, tcpTimeout.definition, httpTimeout.definition,
      concurrency.definition, allowedSecrets.definition, historyKept.definition, defaultCertificate.definition,
      letsEncryptEmail.definition, warnDays.definition, errorDays.definition,
    ]

  /// In the order of the documentation.
  package static let all: [SettingDefinition] = general + daemon + api

  private static let sectionMeanings = [
    "npm": "Where NPM is, and the account for it.", "safety": "Bounds on what one run may destroy.",
    "probe": "Budgets of destination checks.", "secrets": "What desired files may do with secrets.",
    "history": "What the store remembers of earlier runs.", "certificates": "What is expected of certificates.",
    "source": "A repository that the daemon follows, instead of `desired`.", "watch": "The daemon.",
    "api": "The daemon's HTTP API.", "server": "A daemon that does what commands ask for.",
    "health": "How the daemon checks destinations.", "slo": "What hosts are expected to do in a week.",
    "events": "How long the log of events is kept.", "alerts": "Receivers and rules of alerts.",
  ]

  /// The schema of the file.
  package static let fields: [FieldSchema] = {
    var order: [String] = []
    var members: [String: [FieldSchema]] = [:]
    var top: [String: FieldSchema] = [:]
    for definition in all {
      let key = definition.section ?? definition.name
      if !order.contains(key) { order.append(key) }
      if definition.section == nil {
        top[key] = definition.field
      } else {
        members[key, default: []].append(definition.field)
      }
    }
    return order.map { key in
      top[key] ?? FieldSchema(key, .object(members[key] ?? []), defaultValue: [:], sectionMeanings[key] ?? "")
    }
  }()
}
