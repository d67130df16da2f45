extension MemoryStore: BindingStore {
  package func boundNPM() -> String? { npm }
  package func bind(npm: String) { self.npm = npm }
  package func fingerprintKey() -> [UInt8] { key }

  package func reloadWitness(of npm: String) -> Bool? { witnesses[npm] }
  package func setReloadWitness(_ counts: Bool, of npm: String) { witnesses[npm] = counts }
  package func unprovenChange(of npm: String) -> String? { unproven[npm] }
  package func setUnprovenChange(_ change: String?, of npm: String) { unproven[npm] = change }
}
