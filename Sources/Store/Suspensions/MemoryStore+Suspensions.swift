package import Model

extension MemoryStore: SuspensionStore {
  package func suspend(_ record: SuspensionRecord) { suspended[record.subject] = record }

  package func resume(_ subject: SuspensionSubject) -> Bool { suspended.removeValue(forKey: subject) != nil }

  package func suspensions(at now: Timestamp) -> [SuspensionRecord] {
    suspended.values.filter { record in record.until.map { now < $0 } ?? true }
      .sorted { $0.subject.text < $1.subject.text }
  }
}
