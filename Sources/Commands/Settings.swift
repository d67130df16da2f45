import Daemon
import DesiredFiles
import Model
import Planning
import Probe
import Upstream

/// What the settings file, the environment and the flags say together.
struct Settings: Sendable {
  var owner = "reconciler"
  var policy = Policy.upsertOnly
  var npmURL = ""
  var npmIdentity = ""
  var npmSecret = Secret("")
  /// Whether a connection to NPM's API tells that nginx reloaded.
  var usesReloadWitness = true
  var npmContract = UpstreamConfiguration(name: "NPM")
  var desired = "desired"
  var state = ".reconciler/state.db"
  var status = "status"
  var limits = SafetyLimits()
  var probe = ProbeSettings()
  /// Where the secrets of desired files come from, and which of them checks may send.
  var secrets = SecretSource.live
  /// Seconds for which runs keep what was there before their changes.
  var historySeconds = 90 * 86400.0
  var defaultCertificate: String?
  var letsEncryptEmail: String?
  /// Days before the end of a certificate.
  var certificateDays = (warning: 21, error: 7)
  /// Of events: seconds and number.
  var eventRetention = (seconds: 90 * 86400.0, count: 100_000)
  var daemon = DaemonConfiguration()
}

/// The shape of `reconciler.yaml`: decoding, JSON Schema and docs read it here.
enum SettingsFields {
  static let all: [FieldSchema] =
    [
      FieldSchema(
        "owner", .string(1...100), defaultValue: "reconciler", "Goes into NPM's meta: which objects are ours."),
      FieldSchema(
        "policy", .choice(Policy.allCases.map(\.rawValue)), defaultValue: "upsert-only", "How far a run may go."),
      FieldSchema("npm", .object(npm), defaultValue: [:], "Where NPM is and who we are to it."),
      FieldSchema("desired", .string(1...4096), defaultValue: "desired", "Directory of the desired files."),
      FieldSchema("state", .string(1...4096), defaultValue: ".reconciler/state.db", "The store."),
      FieldSchema("status", .string(1...4096), defaultValue: "status", "Directory of the status files."),
      FieldSchema("safety", .object(safety), defaultValue: [:], "Bounds on what one run may destroy."),
      FieldSchema("probe", .object(probe), defaultValue: [:], "Budgets of destination checks."),
      FieldSchema("secrets", .object(secrets), defaultValue: [:], "What desired files may do with secrets."),
      FieldSchema("history", .object(history), defaultValue: [:], "What the store remembers of earlier runs."),
      FieldSchema("certificates", .object(certificates), defaultValue: [:], "What is expected of certificates."),
    ] + DaemonFields.all

  private static let npm: [FieldSchema] = [
    FieldSchema("url", .string(1...2048), defaultValue: "", "NPM's admin address, for example http://127.0.0.1:81."),
    FieldSchema("identity", .string(1...255), defaultValue: "", "E-mail address of the account."),
    FieldSchema("secret", .string(1...4096), defaultValue: "", "Password of the account; write ${env:NPM_SECRET}."),
    FieldSchema("ca_file", .string(1...4096), defaultValue: "", "CA certificates (PEM) for an https address."),
    FieldSchema(
      "data_plane", .string(1...300), defaultValue: "",
      "Where NPM serves its hosts, for example 10.0.0.2:80: each is then checked through NPM, too."),
    FieldSchema("data_plane_tls_port", .port, defaultValue: 443, "The port there for hosts with a certificate."),
    FieldSchema(
      "reload_witness", .choice(["auto", "off"]), defaultValue: "auto",
      "Whether nginx reloaded is told by an idle connection to this address; off: something else stands in between."),
    FieldSchema(
      "proxy", .string(1...4096), defaultValue: "", "Proxy on the way to NPM, for example http://proxy:3128."),
    FieldSchema("connect_timeout", .duration, defaultValue: "5s", "For look-up, TCP and TLS."),
    FieldSchema("first_byte_timeout", .duration, defaultValue: "10s", "For the first byte of the answer to a read."),
    FieldSchema("read_timeout", .duration, defaultValue: "15s", "For one attempt at a read."),
    FieldSchema("write_timeout", .duration, defaultValue: "60s", "For a write, which is never repeated blindly."),
  ]
  private static let safety: [FieldSchema] = [
    FieldSchema("max_deletes", .integer(0...100_000), defaultValue: 5, "Deletes in one run."),
    FieldSchema(
      "max_delete_percent", .integer(0...100), defaultValue: 20,
      "Deletes in percent of the owned hosts, from 10 hosts up."),
    FieldSchema(
      "max_update_percent", .integer(0...100), defaultValue: 50,
      "Updates in percent of the owned hosts, from 10 hosts up."),
  ]
  private static let probe: [FieldSchema] = [
    FieldSchema("dns_timeout", .duration, defaultValue: "5s", "For a name look-up."),
    FieldSchema("tcp_timeout", .duration, defaultValue: "5s", "For a connection."),
    FieldSchema("http_timeout", .duration, defaultValue: "10s", "For an answer."),
    FieldSchema("concurrency", .integer(1...4096), defaultValue: 64, "Checks under way at once."),
  ]
  private static let secrets: [FieldSchema] = [
    FieldSchema(
      "allow", .texts, defaultValue: [],
      "Secrets that `health.headers` may send to destinations: env:NAME, file:/path. Who may change the destinations can "
        + "then learn them.")
  ]
  private static let history: [FieldSchema] = [
    FieldSchema("keep", .duration, defaultValue: "90d", "How long a run can be gone back to with rollback.")
  ]
  private static let certificates: [FieldSchema] = [
    FieldSchema(
      "default", .string(1...255), defaultValue: "", "What `certificate: auto` means where no certificate fits."),
    FieldSchema(
      "letsencrypt_email", .string(1...255), defaultValue: "",
      "Address for what `auto_request` requests; NPM before 2.13.0 wants one."),
    FieldSchema("warn_days", .integer(0...365), defaultValue: 21, "Days before its end: a warning from then on."),
    FieldSchema("error_days", .integer(0...365), defaultValue: 7, "Days before its end: an error from then on."),
  ]
}
