import Alerting
import DesiredFiles
import Model
import Publishing

extension SettingCatalog {
  private static let repository = GitSettings(url: "")
  private static let thresholds = HealthTracker.Thresholds()
  private static let objective = Objective()

  static let git = Setting.optional("source.git", 1...2048, "Address of the repository, as git takes it.")
  static let branch = Setting.text("source.branch", 1...250, default: repository.branch, "The branch to follow.")
  static let sourcePath = Setting.text(
    "source.path", 1...1024, default: repository.path, "Directory of the desired files in it.")
  static let fetchInterval = Setting.duration("source.interval", default: repository.interval, "Time between fetches.")
  static let sshKey = Setting.optional("source.ssh_key", 1...4096, "File with a private key for ssh.")
  static let token = Setting.secret("source.token", 1...4096, "For https; write ${env:NAME}.")
  static let allowsForcePush = Setting.toggle(
    "source.allow_force_push", default: repository.allowsForcePush,
    "Take a branch also where it no longer contains the commit that is in force.")

  static let pushes = Setting.toggle(
    "source.push", default: repository.pushes,
    "Push what is written through the API to the branch; false: it is refused with the patch to commit.")

  static let watchInterval = Setting.duration(
    "watch.interval", default: 60, "Time between reconciliations when nothing else calls for one.")
  static let selfHeal = Setting.toggle(
    "watch.self_heal", default: true, "Repair what was changed in NPM; false: only report it.")
  static let settle = Setting.duration(
    "watch.settle", default: 10,
    "How long files of a directory must be unchanged before what is gone from them is removed from NPM.", atLeast: 0)
  static let rollback = Setting.object(
    "watch.rollback",
    [
      FieldSchema("unhealthy_for", .duration, defaultValue: "10m", "How long after a change a host's health counts."),
      FieldSchema(
        "score_below", .integer(1...100), defaultValue: .null, "Undo it, too, when the score of all falls below this."),
    ], "Undo changes after which hosts that they changed become unhealthy; not set: never.")
  static let windows = Setting.list(
    "watch.windows", .list(window, key: "cron", shorthands: []),
    "Times in which the daemon checks, and writes nothing.")

  static let healthInterval = Setting.duration(
    "health.interval", default: 300, "Time between checks of one destination.")
  static let failureThreshold = Setting.number(
    "health.failure_threshold", 1...100, default: thresholds.failures, "Failures in a row to unhealthy.")
  static let successThreshold = Setting.number(
    "health.success_threshold", 1...100, default: thresholds.successes, "Successes in a row to healthy.")
  static let connectivity = Setting.list(
    "health.connectivity", .texts,
    "Places such as 1.1.1.1:443: when none of them can be connected to, our own network is down, and nothing is blamed."
  )

  static let availability = Setting.decimal(
    "slo.availability", 0...100, default: objective.availability * 100, "Percent of the checks of a week that succeed.")
  static let latency = Setting.number(
    "slo.latency_ms", 1...600_000, default: Int(objective.latency), "Milliseconds that 95 of 100 checks do not exceed.")
  static let restarts = Setting.number(
    "slo.restarts", 1...10_000, default: 3, "Starts of the daemon in a week, beyond the first, that are too many.")
  static let objectivesByLabel = Setting.list(
    "slo.by_label", .list(labelledObjective, key: "label", shorthands: []),
    "Other objectives for hosts with a label; the first that fits.")

  static let eventsKept = Setting.duration("events.keep", default: 90 * 86400, "Time after which an event is dropped.")
  static let maximumEvents = Setting.number(
    "events.max", 100...10_000_000, default: 100_000, "Events beyond which the oldest are dropped.")
  static let sinks = Setting.list("alerts.sinks", .list(sink, key: "name", shorthands: []), "Receivers.")
  static let rules = Setting.list(
    "alerts.rules", .list(rule, key: "rule", shorthands: []), "Rules that are not as they are by default.")

  static let daemon: [SettingDefinition] =
    [
      git.definition, branch.definition, sourcePath.definition, fetchInterval.definition, sshKey.definition,
      token.definition, allowsForcePush.definition, pushes.definition, watchInterval.definition, selfHeal.definition,
      settle.definition,
      rollback.definition,
      windows.definition,
    ] + [
      healthInterval.definition, failureThreshold.definition, successThreshold.definition, connectivity.definition,
      availability.definition, latency.definition, restarts.definition, objectivesByLabel.definition,
      eventsKept.definition, maximumEvents.definition, sinks.definition, rules.definition,
    ]

  private static let window: [FieldSchema] = [
    FieldSchema(
      "cron", .string(1...200),
      "When it begins: minute, hour, day, month and day of the week, as cron has them; or @daily and the like."),
    FieldSchema("duration", .duration, "How long it lasts, at most 7d."),
    FieldSchema("zone", .string(1...100), defaultValue: "UTC", "Time zone, for example Europe/Berlin."),
    FieldSchema("reason", .string(0...200), defaultValue: "", "Why; it is shown with what waits."),
  ]

  private static let labelledObjective: [FieldSchema] = [
    FieldSchema("label", .string(3...200), "A label and its value, as team=media."),
    FieldSchema(
      "availability", .decimal(0...100), defaultValue: .null, "Percent of the checks of a week that succeed."),
    FieldSchema(
      "latency_ms", .integer(1...600_000), defaultValue: .null, "Milliseconds that 95 of 100 checks do not exceed."),
  ]

  private static let severities = AlertSeverity.allCases.map(\.rawValue)

  private static let sink: [FieldSchema] = [
    FieldSchema("name", .string(1...100), "What it is called here."),
    FieldSchema("type", .choice(ReceiverConfiguration.Kind.allCases.map(\.rawValue)), "How it is notified."),
    FieldSchema(
      "url", .string(1...4096), defaultValue: "",
      "Where it listens: http or https; for email smtp://host:25 or smtps://host:465; for ntfy with the topic."),
    FieldSchema("token", .string(1...4096), defaultValue: "", "Bearer token; write ${env:NAME}."),
    FieldSchema("from", .string(3...320), defaultValue: "", "Sender of mails."),
    FieldSchema("to", .texts, defaultValue: [], "Recipients of mails."),
    FieldSchema("user", .string(1...320), defaultValue: "", "Account at the mail server."),
    FieldSchema("password", .string(1...4096), defaultValue: "", "Its password; it is only sent over TLS."),
    FieldSchema(
      "command", .texts, defaultValue: [],
      "A program and its arguments; it gets the notification as JSON on its standard input, and has 30 s."),
    FieldSchema("min_severity", .choice(severities), defaultValue: "info", "It is not notified of less."),
    FieldSchema("resolved", .bool, defaultValue: true, "Whether it is notified when an alert is over."),
  ]

  private static let rule: [FieldSchema] = [
    FieldSchema("rule", .choice(AlertRule.allCases.map(\.rawValue)), "Which one."),
    FieldSchema("enabled", .bool, defaultValue: true, "Whether it is evaluated."),
    FieldSchema("severity", .choice(severities), defaultValue: .null, "How bad it is."),
    FieldSchema("cooldown", .duration, defaultValue: .null, "Time before the same alert is notified again."),
    FieldSchema("after", .duration, defaultValue: .null, "Time for which it must last before it is notified."),
  ]
}
