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
  var npmContract = UpstreamContract(name: "NPM")
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
  var daemon = DaemonSettings()
}

/// The shape of `reconciler.yaml`: decoding, JSON Schema and docs read it here.
enum SettingsFields {
  static let all: [FieldDescription] =
    [
      FieldDescription(
        "owner", .string(1...100), standard: "reconciler", "Goes into NPM's meta: which objects are ours."),
      FieldDescription(
        "policy", .choice(Policy.allCases.map(\.rawValue)), standard: "upsert-only", "How far a run may go."),
      FieldDescription("npm", .object(npm), standard: [:], "Where NPM is and who we are to it."),
      FieldDescription("desired", .string(1...4096), standard: "desired", "Directory of the desired files."),
      FieldDescription("state", .string(1...4096), standard: ".reconciler/state.db", "The store."),
      FieldDescription("status", .string(1...4096), standard: "status", "Directory of the status files."),
      FieldDescription("safety", .object(safety), standard: [:], "Bounds on what one run may destroy."),
      FieldDescription("probe", .object(probe), standard: [:], "Budgets of destination checks."),
      FieldDescription("secrets", .object(secrets), standard: [:], "What desired files may do with secrets."),
      FieldDescription("history", .object(history), standard: [:], "What the store remembers of earlier runs."),
      FieldDescription("certificates", .object(certificates), standard: [:], "What is expected of certificates."),
    ] + DaemonFields.all

  private static let npm: [FieldDescription] = [
    FieldDescription("url", .string(1...2048), standard: "", "NPM's admin address, for example http://127.0.0.1:81."),
    FieldDescription("identity", .string(1...255), standard: "", "E-mail address of the account."),
    FieldDescription("secret", .string(1...4096), standard: "", "Password of the account; write ${env:NPM_SECRET}."),
    FieldDescription("ca_file", .string(1...4096), standard: "", "CA certificates (PEM) for an https address."),
    FieldDescription(
      "data_plane", .string(1...300), standard: "",
      "Where NPM serves its hosts, for example 10.0.0.2:80: each is then checked through NPM, too."),
    FieldDescription("data_plane_tls_port", .port, standard: 443, "The port there for hosts with a certificate."),
    FieldDescription(
      "reload_witness", .choice(["auto", "off"]), standard: "auto",
      "Whether nginx reloaded is told by an idle connection to this address; off: something else stands in between."),
    FieldDescription(
      "proxy", .string(1...4096), standard: "", "Proxy on the way to NPM, for example http://proxy:3128."),
    FieldDescription("connect_timeout", .duration, standard: "5s", "For look-up, TCP and TLS."),
    FieldDescription("first_byte_timeout", .duration, standard: "10s", "For the first byte of the answer to a read."),
    FieldDescription("read_timeout", .duration, standard: "15s", "For one attempt at a read."),
    FieldDescription("write_timeout", .duration, standard: "60s", "For a write, which is never repeated blindly."),
  ]
  private static let safety: [FieldDescription] = [
    FieldDescription("max_deletes", .integer(0...100_000), standard: 5, "Deletes in one run."),
    FieldDescription(
      "max_delete_percent", .integer(0...100), standard: 20, "Deletes in percent of the owned hosts, from 10 hosts up."),
    FieldDescription(
      "max_update_percent", .integer(0...100), standard: 50, "Updates in percent of the owned hosts, from 10 hosts up."),
  ]
  private static let probe: [FieldDescription] = [
    FieldDescription("dns_timeout", .duration, standard: "5s", "For a name look-up."),
    FieldDescription("tcp_timeout", .duration, standard: "5s", "For a connection."),
    FieldDescription("http_timeout", .duration, standard: "10s", "For an answer."),
    FieldDescription("concurrency", .integer(1...4096), standard: 64, "Checks under way at once."),
  ]
  private static let secrets: [FieldDescription] = [
    FieldDescription(
      "allow", .texts, standard: [],
      "Secrets that `health.headers` may send to destinations: env:NAME, file:/path. Who may change the destinations can "
        + "then learn them.")
  ]
  private static let history: [FieldDescription] = [
    FieldDescription("keep", .duration, standard: "90d", "How long a run can be gone back to with rollback.")
  ]
  private static let certificates: [FieldDescription] = [
    FieldDescription(
      "default", .string(1...255), standard: "", "What `certificate: auto` means where no certificate fits."),
    FieldDescription(
      "letsencrypt_email", .string(1...255), standard: "",
      "Address for what `auto_request` requests; NPM before 2.13.0 wants one."),
    FieldDescription("warn_days", .integer(0...365), standard: 21, "Days before its end: a warning from then on."),
    FieldDescription("error_days", .integer(0...365), standard: 7, "Days before its end: an error from then on."),
  ]
}
