import DesiredFiles
import Planning

/// Flags of the commands that make and apply plans.
enum ApplyFlags {
  static let yes = FlagDefinition("yes", short: "y", "Do not ask; needed where stdin is no terminal")
  static let plan = FlagDefinition(
    "plan", value: "DIGEST|FILE", "Apply exactly this plan, or nothing: its digest, or a file that diff --out wrote")
  static let lockTimeout = FlagDefinition(
    "lock-timeout", value: "DURATION", "How long to wait for another run; default: 0s")
  static let policy = FlagDefinition(
    "policy", value: "POLICY", choices: Policy.allCases.map(\.rawValue),
    "Which changes are allowed; default: upsert-only")
  static let noProbe = FlagDefinition("no-probe", "Do not check destinations")
  static let maxDeletes = FlagDefinition("max-deletes", value: "N", "Let this run delete up to N hosts")
  static let maxDeletePercent = FlagDefinition(
    "max-delete-percent", value: "N", "Let this run delete up to N percent of the owned hosts")
  static let maxUpdatePercent = FlagDefinition(
    "max-update-percent", value: "N", "Let this run change up to N percent of the owned hosts")
  static let allowDeletes = FlagDefinition("allow-deletes", "Lift the limits on deletes for this run")
  static let rebuildLedger = FlagDefinition(
    "rebuild-ledger", "Trust the markers in NPM where the store does not know a host")
  static let rebindState = FlagDefinition("rebind-state", "The same NPM has a new address: bind the store to it")
  static let allowSelfLockout = FlagDefinition(
    "allow-self-lockout", "Let this run change the host through which NPM itself is reached")

  static let executing = [yes, plan, lockTimeout]
  static let planning = [
    policy, noProbe, maxDeletes, maxDeletePercent, maxUpdatePercent, allowDeletes, rebuildLedger, rebindState,
    allowSelfLockout,
  ]
}
