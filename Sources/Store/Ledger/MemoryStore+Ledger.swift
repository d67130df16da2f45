package import Model

extension MemoryStore: LedgerStore {
  package func entries() -> [LedgerEntry] { ledger.values.sorted { $0.key < $1.key } }

  package func remove(_ keys: [ResourceKey]) { for key in keys { ledger[key] = nil } }

  package func put(_ entries: [LedgerEntry]) { for entry in entries { ledger[entry.key] = entry } }

  package func recordRewrite(of object: ObjectRef, modifiedOn: String) {
    for (key, entry) in ledger where entry.ref == object { ledger[key]?.modifiedOn = modifiedOn }
  }

  package func begin(_ change: ChangeIntent, claim: LedgerUpdate) -> Int {
    journal.append(HistoryEntry(change))
    let number = journal.count
    intents[number] = Intent(number: number, run: change.run, key: change.key, action: change.action, at: change.at)
    update(change.key, claim)
    return number
  }

  package func complete(
    _ intent: Int, _ record: ChangeRecord, ledger: LedgerUpdate, event: Event, at: Timestamp
  ) {
    intents[intent] = nil
    if journal.indices.contains(intent - 1) { journal[intent - 1].outcome = record.status }
    update(record.key, ledger)
    append([event], at: at)
  }

  package func openIntents() -> [Intent] { intents.values.sorted { $0.number < $1.number } }

  package func abandon(_ intent: Int, at: Timestamp) { intents[intent] = nil }

  private func update(_ key: ResourceKey, _ update: LedgerUpdate) {
    switch update {
    case .keep: break
    case .put(let entry): ledger[key] = entry
    case .remove: ledger[key] = nil
    case .rename(let old, let entry):
      ledger[old] = nil
      ledger[entry.key] = entry
    }
  }
}
