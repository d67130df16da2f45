import DesiredFiles
import Model
import Platform
import Probe
import Upstream

extension SettingsLoader {
  mutating func daemon() -> DaemonConfiguration {
    var daemon = DaemonConfiguration()
    daemon.interval = reader.value(SettingCatalog.watchInterval)
    daemon.selfHeals = reader.value(SettingCatalog.selfHeal)
    daemon.settle = reader.value(SettingCatalog.settle)
    daemon.rollback = reader.value(SettingCatalog.rollback).map { members in
      RollbackConfiguration(
        unhealthyFor: members["unhealthy_for"].stringValue.flatMap { DurationFormat.seconds($0) } ?? 600,
        scoreBelow: members["score_below"].intValue)
    }
    let windows = reader.value(SettingCatalog.windows)
    daemon.windows = windows.indices.compactMap { window(windows[$0], $0) }
    daemon.health = health()
    daemon.git = git()
    daemon.maximumRestarts = reader.value(SettingCatalog.restarts)
    daemon.rules = alertRules()
    daemon.receivers = receivers()
    return daemon
  }

  private mutating func window(_ entry: JSONValue, _ index: Int) -> MaintenanceWindow? {
    func place(_ member: String) -> SourceLocation {
      reader.location("watch.windows[\(index)].\(member)", "watch.windows[\(index)].cron", "watch.windows")
    }
    let (text, name) = (entry["cron"].stringValue ?? "", entry["zone"].stringValue ?? "UTC")
    let duration = entry["duration"].stringValue.flatMap { DurationFormat.seconds($0) } ?? 0
    guard let cron = CronExpression(text) else {
      reader.decoder.report(
        .badValue, "'watch.windows': '\(text)' is no time of cron", at: place("cron"),
        hint: "write minute, hour, day, month and weekday, for example '0 2 * * sat', or @daily")
      return nil
    }
    guard let zone = TimeZoneRules(name) else {
      reader.decoder.report(
        .badValue, "'watch.windows': the system knows no time zone '\(name)'", at: place("zone"),
        hint: "write a name such as Europe/Berlin; on small systems the package tzdata is missing")
      return nil
    }
    guard (60...7 * 86400).contains(duration) else {
      reader.decoder.report(.badValue, "'watch.windows': a window lasts 1m to 7d", at: place("duration"))
      return nil
    }
    return MaintenanceWindow(
      cron: cron, duration: duration, zone: zone, reason: entry["reason"].stringValue ?? "")
  }

  private mutating func git() -> GitSettings? {
    guard let url = reader.value(SettingCatalog.git) else { return nil }
    var git = GitSettings(url: url)
    git.branch = reader.value(SettingCatalog.branch)
    git.path = reader.value(SettingCatalog.sourcePath)
    git.interval = reader.value(SettingCatalog.fetchInterval)
    git.sshKey = reader.value(SettingCatalog.sshKey)
    git.token = reader.value(SettingCatalog.token)
    git.pushes = reader.value(SettingCatalog.pushes)
    git.allowsForcePush = reader.value(SettingCatalog.allowsForcePush)
    if git.holdsPassword {
      reader.decoder.report(
        .badURL, "'source.git' holds a password or a key, which would stand in the arguments of git",
        at: reader.location("source.git", "source.path"), hint: "write it as token: ${env:NAME}, or use ssh_key")
    }
    // Neither an option of git nor a path out of the repository.
    let path = git.path.split(separator: "/", omittingEmptySubsequences: false)
    if git.url.hasPrefix("-") || git.branch.hasPrefix("-") || path.contains("..") || git.path.hasPrefix("/") {
      reader.decoder.report(
        .badValue, "'source' does not name a branch and a directory of a repository",
        at: reader.location("source.git", "source.path"),
        hint: "write git: https://host/repository.git, branch: main, path: desired")
    }
    return git
  }

  private mutating func health() -> HealthConfiguration {
    var health = HealthConfiguration()
    health.interval = reader.value(SettingCatalog.healthInterval)
    health.thresholds.failures = reader.value(SettingCatalog.failureThreshold)
    health.thresholds.successes = reader.value(SettingCatalog.successThreshold)
    let targets = reader.value(SettingCatalog.connectivity)
    health.connectivityTargets = targets.compactMap { entry in
      place(entry.stringValue ?? "", "health.connectivity").map {
        ProbeTarget(name: "connectivity", scheme: "http", host: $0.host, port: $0.port)
      }
    }
    let port = reader.value(SettingCatalog.dataPlanePort)
    if let text = reader.value(SettingCatalog.dataPlane), let found = place(text, "npm.data_plane") {
      health.dataPlane = DataPlane(address: found.host, port: found.port, tlsPort: port)
    }
    health.objective.availability = reader.value(SettingCatalog.availability) / 100
    health.objective.latency = Double(reader.value(SettingCatalog.latency))
    let labelled = reader.value(SettingCatalog.objectivesByLabel)
    health.objectives = labelled.indices.compactMap { index in
      let entry = labelled[index]
      let parts = (entry["label"].stringValue ?? "").split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        reader.decoder.report(
          .badValue, "'slo.by_label': '\(entry["label"].summary)' is no label",
          at: reader.location("slo.by_label[\(index)].label", "slo.by_label"), hint: "write it as name=value")
        return nil
      }
      return ((parts[0], parts[1]), health.objective.with(entry))
    }
    return health
  }

  /// `host:port`, or nil with a diagnostic.
  private mutating func place(_ text: String, _ path: String) -> (host: String, port: Int)? {
    if let origin = UpstreamOrigin("http://\(text)"), text.contains("]:") || text.count(where: { $0 == ":" }) == 1 {
      return (origin.host.filter { !"[]".contains($0) }, origin.port)
    }
    reader.decoder.report(
      .badValue, "'\(text)' is no address with a port", at: reader.location(path),
      hint: "write it as 10.0.0.2:80, or [2001:db8::2]:80")
    return nil
  }
}
