import Alerting
package import Model

/// The stores in memory, for tests and for commands that must not write to disk. The state of each store is declared
/// here and used beside its protocol.
package actor MemoryStore {
  // Ledger and runs.
  var ledger: [ResourceKey: LedgerEntry]
  /// Every change; the number of an intent is its position, from 1.
  var journal: [HistoryEntry] = []
  var intents: [Int: Intent] = [:]
  var runList: [RunRecord] = []
  /// The newest run whose changes were dropped.
  var droppedRun = 0
  // Binding.
  var npm: String?
  let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
  var witnesses: [String: Bool] = [:]
  var unproven: [String: String] = [:]
  // Events.
  var log: [RecordedEvent] = []
  private var events = 0
  // Suspensions, requests, lease.
  var suspended: [SuspensionSubject: SuspensionRecord] = [:]
  var requested: [(names: [String], at: Timestamp)] = []
  var open: [CertificateRequest] = []
  var leaseHolder: LeaseHolder?
  // Health.
  var samples: [HealthSample] = []
  var health: [ResourceKey: PersistedHealth] = [:]
  // Alerts.
  var firing: [Alert] = []
  var outbox: [OutboxEntry] = []
  var silenced: [Silence] = []
  var starts: [Timestamp] = []
  // The HTTP API.
  var accessTokens: [String: AccessToken] = [:]
  var workflowList: [WorkflowRecord] = []
  var destinationsGiven: [ResourceKey: [String]] = [:]
  private var numbers = 0

  package init(ledger: [LedgerEntry] = []) {
    self.ledger = Dictionary(uniqueKeysWithValues: ledger.map { ($0.key, $0) })
  }

  func nextEvent() -> Int {
    events += 1
    return events
  }

  func nextNumber() -> Int {
    numbers += 1
    return numbers
  }
}
