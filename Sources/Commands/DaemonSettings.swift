import Daemon
import Publishing
import Alerting
import DesiredFiles
import Model
import Platform
import Probe
import Reconciler
import Upstream

/// The shape of what the settings say about the daemon in `reconciler.yaml`.
enum DaemonFields {
  static let all: [FieldSchema] = [
    FieldSchema(
      "source", .object(source), defaultValue: [:], "A repository that the daemon follows, instead of `desired`."),
    FieldSchema("watch", .object(watch), defaultValue: [:], "The daemon."),
    FieldSchema("health", .object(health), defaultValue: [:], "How the daemon watches destinations."),
    FieldSchema("slo", .object(slo), defaultValue: [:], "What hosts are expected to do in a week."),
    FieldSchema("events", .object(events), defaultValue: [:], "How long the log of events is kept."),
    FieldSchema("alerts", .object(AlertFields.all), defaultValue: [:], "Who is told of what."),
  ]

  private static let source: [FieldSchema] = [
    FieldSchema("git", .string(1...2048), defaultValue: "", "Address of the repository, as git takes it."),
    FieldSchema("branch", .string(1...250), defaultValue: "main", "The branch to follow."),
    FieldSchema("path", .string(1...1024), defaultValue: "desired", "Directory of the desired files in it."),
    FieldSchema("interval", .duration, defaultValue: "60s", "Time between fetches."),
    FieldSchema("ssh_key", .string(1...4096), defaultValue: "", "File with a private key for ssh."),
    FieldSchema("token", .string(1...4096), defaultValue: "", "For https; write ${env:NAME}."),
    FieldSchema(
      "allow_force_push", .bool, defaultValue: false,
      "Take a branch also where it no longer contains the commit that is in force."),
  ]
  private static let watch: [FieldSchema] = [
    FieldSchema(
      "interval", .duration, defaultValue: "60s", "Time between reconciliations when nothing else calls for one."),
    FieldSchema(
      "self_heal", .bool, defaultValue: true, "Repair what was changed in NPM; false: only report it."),
    FieldSchema(
      "windows", .list(window, key: "cron", shorthands: []), defaultValue: [],
      "Times in which the daemon checks, and writes nothing."),
  ]
  private static let window: [FieldSchema] = [
    FieldSchema(
      "cron", .string(1...200),
      "When it begins: minute, hour, day, month and day of the week, as cron has them; or @daily and the like."),
    FieldSchema("duration", .duration, "How long it lasts, at most 7d."),
    FieldSchema("zone", .string(1...100), defaultValue: "UTC", "Time zone, for example Europe/Berlin."),
    FieldSchema("reason", .string(0...200), defaultValue: "", "Why; it is shown with what waits."),
  ]
  private static let events: [FieldSchema] = [
    FieldSchema("keep", .duration, defaultValue: "90d", "Time after which an event is dropped."),
    FieldSchema(
      "max", .integer(100...10_000_000), defaultValue: 100_000, "Events beyond which the oldest are dropped."),
  ]
  private static let health: [FieldSchema] = [
    FieldSchema("interval", .duration, defaultValue: "5m", "Time between checks of one destination."),
    FieldSchema("failure_threshold", .integer(1...100), defaultValue: 3, "Failures in a row to unhealthy."),
    FieldSchema("success_threshold", .integer(1...100), defaultValue: 2, "Successes in a row to healthy."),
    FieldSchema(
      "connectivity", .texts, defaultValue: [],
      "Places such as 1.1.1.1:443: when none of them can be connected to, our own network is down, and nothing is blamed."
    ),
  ]
  private static let slo: [FieldSchema] =
    objective(availability: .double(99.5), latency: 200) + [
      FieldSchema(
        "restarts", .integer(1...10_000), defaultValue: 3,
        "Starts of the daemon in a week, beyond the first, that are too many."),
      FieldSchema(
        "by_label",
        .list(
          [FieldSchema("label", .string(3...200), "A label and its value, as team=media.")]
            + objective(availability: .null, latency: .null), key: "label", shorthands: []), defaultValue: [],
        "Other objectives for hosts with a label; the first that fits."),
    ]

  private static func objective(availability: JSONValue, latency: JSONValue) -> [FieldSchema] {
    [
      FieldSchema(
        "availability", .decimal(0...100), defaultValue: availability, "Percent of the checks of a week that succeed."),
      FieldSchema(
        "latency_ms", .integer(1...600_000), defaultValue: latency, "Milliseconds that 95 of 100 checks do not exceed."),
    ]
  }
}

extension SettingsLoader {
  mutating func daemon() -> DaemonConfiguration {
    var daemon = DaemonConfiguration()
    daemon.interval = seconds("watch", "interval") ?? daemon.interval
    daemon.selfHeals = file["watch"]?.value["self_heal"].boolValue ?? daemon.selfHeals
    let windows = file["watch"]?.value["windows"].arrayValue ?? []
    daemon.windows = windows.indices.compactMap { window(windows[$0], $0) }
    daemon.health = health()
    daemon.git = git()
    daemon.maximumRestarts = number("slo", "restarts") ?? daemon.maximumRestarts
    daemon.rules = alertRules()
    daemon.receivers = alertSinks()
    return daemon
  }

  private mutating func window(_ entry: JSONValue, _ index: Int) -> MaintenanceWindow? {
    let place = position("watch", ".windows[\(index)].cron")
    let (text, name) = (entry["cron"].stringValue ?? "", entry["zone"].stringValue ?? "UTC")
    let duration = entry["duration"].stringValue.flatMap { DurationFormat.seconds($0) } ?? 0
    guard let cron = CronExpression(text) else {
      decoder.report(
        .badValue, "'watch.windows': '\(text)' is no time of cron", at: place,
        hint: "write minute, hour, day, month and weekday, for example '0 2 * * sat', or @daily")
      return nil
    }
    guard let zone = TimeZoneRules(name) else {
      decoder.report(
        .badValue, "'watch.windows': the system knows no time zone '\(name)'", at: place,
        hint: "write a name such as Europe/Berlin; on small systems the package tzdata is missing")
      return nil
    }
    guard (60...7 * 86400).contains(duration) else {
      decoder.report(.badValue, "'watch.windows': a window lasts 1m to 7d", at: place)
      return nil
    }
    return MaintenanceWindow(
      cron: cron, duration: duration, zone: zone, reason: entry["reason"].stringValue ?? "")
  }

  private mutating func git() -> GitSettings? {
    guard let url = text("source", "git") else { return nil }
    var git = GitSettings(url: url)
    git.branch = text("source", "branch") ?? git.branch
    git.path = text("source", "path") ?? "desired"
    git.interval = max(1, seconds("source", "interval") ?? git.interval)
    git.sshKey = text("source", "ssh_key")
    git.token = text("source", "token").map { Secret($0) }
    git.allowsForcePush = file["source"]?.value["allow_force_push"].boolValue ?? false
    if git.holdsPassword {
      decoder.report(
        .badURL, "'source.git' holds a password or a key, which would stand in the arguments of git",
        at: file["source"]?.location ?? decoder.start, hint: "write it as token: ${env:NAME}, or use ssh_key")
    }
    // Neither an option of git nor a way out of the repository.
    let path = git.path.split(separator: "/", omittingEmptySubsequences: false)
    if git.url.hasPrefix("-") || git.branch.hasPrefix("-") || path.contains("..") || git.path.hasPrefix("/") {
      decoder.report(
        .badValue, "'source' does not name a branch and a directory of a repository",
        at: file["source"]?.location ?? decoder.start,
        hint: "write git: https://host/repository.git, branch: main, path: desired")
    }
    return git
  }

  private mutating func health() -> HealthConfiguration {
    var health = HealthConfiguration()
    health.interval = max(1, seconds("health", "interval") ?? health.interval)
    health.thresholds.failures = number("health", "failure_threshold") ?? health.thresholds.failures
    health.thresholds.successes = number("health", "success_threshold") ?? health.thresholds.successes
    health.connectivityTargets = (file["health"]?.value["connectivity"].arrayValue ?? []).compactMap { entry in
      place(entry.stringValue ?? "", "health").map {
        ProbeTarget(name: "connectivity", scheme: "http", host: $0.host, port: $0.port)
      }
    }
    if let text = text("npm", "data_plane"), let found = place(text, "npm") {
      health.dataPlane = DataPlane(
        address: found.host, port: found.port, tlsPort: number("npm", "data_plane_tls_port") ?? 443)
    }
    let slo = file["slo"]?.value ?? [:]
    health.objective = health.objective.with(slo)
    health.objectives = (slo["by_label"].arrayValue ?? []).compactMap { entry in
      let parts = (entry["label"].stringValue ?? "").split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        decoder.report(
          .badValue, "'slo.by_label': '\(entry["label"].summary)' is no label",
          at: file["slo"]?.location ?? decoder.start,
          hint: "write it as name=value")
        return nil
      }
      return ((parts[0], parts[1]), health.objective.with(entry))
    }
    return health
  }

  /// `host:port`, or nil with a diagnostic.
  private mutating func place(_ text: String, _ section: String) -> (host: String, port: Int)? {
    if let origin = UpstreamOrigin("http://\(text)"), text.contains("]:") || text.count(where: { $0 == ":" }) == 1 {
      return (origin.host.filter { !"[]".contains($0) }, origin.port)
    }
    decoder.report(
      .badValue, "'\(text)' is no address with a port", at: file[section]?.location ?? decoder.start,
      hint: "write it as 10.0.0.2:80, or [2001:db8::2]:80")
    return nil
  }
}
