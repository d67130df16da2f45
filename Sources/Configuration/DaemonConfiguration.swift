package import Alerting
package import DesiredFiles
package import Model
package import Probe
package import Publishing

/// The settings of the daemon.
package struct DaemonConfiguration: Sendable {
  /// Seconds between reconciliations.
  package var interval = SettingCatalog.watchInterval.defaultValue
  /// Whether it repairs drift in NPM.
  package var selfHeals = SettingCatalog.selfHeal.defaultValue
  /// Seconds for which files must be unchanged before a removal is carried out.
  package var settle = SettingCatalog.settle.defaultValue
  package var windows: [MaintenanceWindow] = []
  /// nil: changes are not undone by health.
  package var rollback: RollbackConfiguration?
  package var health = HealthConfiguration()
  /// nil: the desired files are a directory.
  package var git: GitSettings?
  /// Rules that differ from their defaults.
  package var rules: [AlertRule: AlertRuleSettings] = [:]
  package var receivers: [ReceiverConfiguration] = []
  /// The number of restarts in a week that is too many.
  package var maximumRestarts = SettingCatalog.restarts.defaultValue

  package init() {}
}

/// When changes are undone because hosts became unhealthy after them.
package struct RollbackConfiguration: Hashable, Sendable {
  /// Seconds after a change within which it counts.
  package var unhealthyFor: Double
  /// Of the whole; nil: only hosts that were changed count.
  package var scoreBelow: Int?

  package init(unhealthyFor: Double, scoreBelow: Int? = nil) {
    self.unhealthyFor = unhealthyFor
    self.scoreBelow = scoreBelow
  }
}

/// How destinations are checked.
package struct HealthConfiguration: Sendable {
  /// Seconds between checks of one destination.
  package var interval = SettingCatalog.healthInterval.defaultValue
  package var thresholds = HealthTracker.Thresholds()
  /// Where NPM serves its hosts; nil: not known.
  package var dataPlane: DataPlane?
  /// Endpoints that always respond; empty: our own network is assumed to be up.
  package var connectivityTargets: [ProbeTarget] = []
  package var objective = Objective()
  /// By label; the first match counts.
  package var objectives: [(label: (name: String, value: String), objective: Objective)] = []

  package init() {}
}
