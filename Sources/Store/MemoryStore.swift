package import Model
package import Platform

/// The store's twin for tests and for commands that must leave nothing behind.
package actor MemoryStore: StateStore {
  private var npm: String?
  private var entries: [ResourceKey: LedgerEntry] = [:]
  private var runList: [RunRecord] = []
  private var intents: [Int: Intent] = [:]
  private var past: [HistoryEntry] = []
  /// The place in `past` of each intent.
  private var pastOf: [Int: Int] = [:]
  private var writer: LeaseHolder?
  private var nextIntent = 1
  private var log: [RecordedEvent] = []

  package init(ledger: [LedgerEntry] = []) {
    entries = Dictionary(uniqueKeysWithValues: ledger.map { ($0.key, $0) })
  }

  private let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
  package func fingerprintKey() -> [UInt8] { key }

  package func boundNPM() -> String? { npm }
  package func bind(npm: String) { self.npm = npm }

  package func ledger() -> [LedgerEntry] { entries.values.sorted { $0.key < $1.key } }

  package func forget(_ keys: [ResourceKey]) { for key in keys { entries[key] = nil } }

  package func remember(_ list: [LedgerEntry]) { for entry in list { entries[entry.key] = entry } }

  package func noteRewrite(_ object: ObjectRef, modifiedOn: String) {
    for (key, entry) in entries where entry.ref == object { entries[key]?.modifiedOn = modifiedOn }
  }

  private var witnesses: [String: Bool] = [:]
  package func reloadWitness(of npm: String) -> Bool? { witnesses[npm] }
  package func setReloadWitness(_ counts: Bool, of npm: String) { witnesses[npm] = counts }
  private var unproven: [String: String] = [:]
  package func unprovenChange(of npm: String) -> String? { unproven[npm] }
  package func setUnprovenChange(_ change: String?, of npm: String) { unproven[npm] = change }

  package func beginRun(digest: String, commit: String?, at: Timestamp) -> Int {
    let number = (runList.last?.number ?? 0) + 1
    runList.append(
      RunRecord(
        number: number, startedAt: at, finishedAt: nil, digest: digest, applied: 0, failed: 0, commit: commit))
    return number
  }

  package func finishRun(_ number: Int, applied: Int, failed: Int, at: Timestamp) {
    guard let index = runList.firstIndex(where: { $0.number == number }) else { return }
    runList[index].finishedAt = at
    runList[index].applied = applied
    runList[index].failed = failed
  }

  package func runs(limit: Int) -> [RunRecord] { Array(runList.reversed().prefix(limit)) }

  package func history(after run: Int) -> [HistoryEntry] { past.reversed().filter { $0.draft.run > run } }

  package func dropHistory(before time: Timestamp) {
    let old = Set(runList.dropLast().filter { $0.startedAt < time }.map(\.number))
    runList.removeAll { old.contains($0.number) }
    past.removeAll { old.contains($0.draft.run) }
    pastOf = [:]
  }

  private var asked: [(names: [String], at: Timestamp)] = []
  private var open: [CertificateRequest] = []
  package func recordRequest(_ names: [String], at: Timestamp) -> Int {
    asked.append((names, at))
    open.append(CertificateRequest(number: asked.count, names: Set(names), at: at))
    return asked.count
  }
  package func closeRequest(_ number: Int) { open.removeAll { $0.number == number } }
  package func openRequests() -> [CertificateRequest] { open }
  package func requests(since: Timestamp) -> [[String]] { asked.filter { $0.at >= since }.map(\.names) }

  package func claim(_ newcomer: LeaseHolder) -> LeaseResult {
    let old = writer
    if let old, old.keepsOut(newcomer) { return .held(old) }
    writer = newcomer
    return old.map { .takenOver($0) } ?? .free
  }

  package func beat(_ writer: LeaseHolder, at: Timestamp) {
    if self.writer?.isSame(as: writer) == true { self.writer?.heartbeat = at }
  }

  package func release(_ writer: LeaseHolder) { if self.writer?.isSame(as: writer) == true { self.writer = nil } }

  package func begin(_ change: ChangeIntent, claim: LedgerUpdate) -> Int {
    let number = nextIntent
    nextIntent += 1
    intents[number] = Intent(
      number: number, run: change.run, key: change.key, action: change.action, at: change.at)
    pastOf[number] = past.count
    past.append(HistoryEntry(change))
    update(change.key, claim)
    return number
  }

  package func settle(_ intent: Int, _ record: ChangeRecord, ledger: LedgerUpdate, at: Timestamp) {
    intents[intent] = nil
    if let index = pastOf[intent] { past[index].outcome = record.status }
    update(record.key, ledger)
  }

  package func openIntents() -> [Intent] { intents.values.sorted { $0.number < $1.number } }

  package func abandon(_ intent: Int, at: Timestamp) { intents[intent] = nil }

  package func append(_ event: Event, at: Timestamp) {
    log.append(RecordedEvent(number: (log.last?.number ?? 0) + 1, at: at, event: event))
  }

  package func events(_ filter: EventFilter) -> [RecordedEvent] {
    log.filter { recorded in
      (filter.since.map { recorded.at >= $0 } ?? true)
        && (filter.severities.isEmpty || filter.severities.contains(recorded.event.severity))
        && (filter.sources.isEmpty || filter.sources.contains(recorded.event.source))
        && (filter.run.map { recorded.event.run == $0 } ?? true)
        && (filter.after.map { recorded.number > $0 } ?? true)
    }.suffix(filter.limit)
  }

  package func dropEvents(before time: Timestamp, keeping count: Int) {
    log = log.suffix(count).filter { $0.at >= time }
  }

  private var paused: [SuspensionSubject: SuspensionRecord] = [:]
  package func suspend(_ record: SuspensionRecord) { paused[record.subject] = record }
  package func resume(_ subject: SuspensionSubject) -> Bool { paused.removeValue(forKey: subject) != nil }
  package func suspensions(at now: Timestamp) -> [SuspensionRecord] {
    paused.values.filter { record in record.until.map { now < $0 } ?? true }.sorted {
      $0.subject.text < $1.subject.text
    }
  }

  private func update(_ key: ResourceKey, _ update: LedgerUpdate) {
    switch update {
    case .keep: break
    case .put(let entry): entries[key] = entry
    case .remove: entries[key] = nil
    case .rename(let old, let entry):
      entries[old] = nil
      entries[entry.key] = entry
    }
  }
}

extension StoreError {
  package static func otherNPM(bound: String, now: String) -> StoreError {
    StoreError(
      .storeOtherNPM, "this state belongs to NPM at \(bound), not to \(now)",
      hint: "name another file with --state; if it is the same NPM under a new address, run once with --rebind-state")
  }
}
