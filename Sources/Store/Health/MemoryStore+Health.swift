package import Model

extension MemoryStore: HealthStore {
  package func record(_ samples: [HealthSample], health: [ResourceKey: PersistedHealth]) {
    self.samples += samples
    self.health.merge(health) { _, new in new }
  }

  package func persistedHealth() -> [ResourceKey: PersistedHealth] { health }

  package func summarise(at now: Timestamp) {
    let oldest = now - HealthRetention.longest
    samples.removeAll { $0.at < oldest }
  }

  package func checkStatistics(at now: Timestamp) -> [ResourceKey: CheckStatistics] {
    var found: [ResourceKey: CheckStatistics] = [:]
    for sample in samples {
      let age = now.seconds - sample.at.seconds
      guard age <= 30 * 86400 else { continue }
      var statistics = found[sample.key] ?? CheckStatistics()
      if age <= 86400 { statistics.day.note(isOK: sample.isOK, milliseconds: sample.milliseconds) }
      if age <= 7 * 86400 { statistics.week.note(isOK: sample.isOK, milliseconds: sample.milliseconds) }
      statistics.month.checks += 1
      statistics.month.failures += sample.isOK ? 0 : 1
      found[sample.key] = statistics
    }
    return found
  }
}
