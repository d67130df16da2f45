package import Alerting
package import Model

extension MemoryStore: AlertStore {
  package func alerts() -> [Alert] { firing }

  @discardableResult
  package func save(
    _ alerts: [Alert], notify: [(receiver: String, notification: AlertNotification)], at now: Timestamp
  ) -> [Int] {
    firing = alerts
    let entries = notify.map { receiver, notification in
      OutboxEntry(
        number: nextNumber(), receiver: receiver, notification: notification, createdAt: now, attempts: 0, nextAt: now)
    }
    outbox += entries
    return entries.map(\.number)
  }

  package func outbox(for receiver: String) -> [OutboxEntry] { outbox.filter { $0.receiver == receiver } }

  package func pending() -> [String: Int] { Dictionary(outbox.map { ($0.receiver, 1) }, uniquingKeysWith: +) }

  package func markDelivered(_ number: Int) { outbox.removeAll { $0.number == number } }

  package func deferDelivery(_ number: Int, until next: Timestamp) {
    guard let index = outbox.firstIndex(where: { $0.number == number }) else { return }
    outbox[index].attempts += 1
    outbox[index].nextAt = next
  }

  package func keepOutbox(of receivers: [String]) { outbox.removeAll { !receivers.contains($0.receiver) } }

  package func addSilence(_ match: String, until: Timestamp, reason: String) -> Int {
    silenced.append(Silence(number: nextNumber(), match: match, until: until, reason: reason))
    return silenced.last?.number ?? 0
  }

  package func expireSilence(_ number: Int) -> Bool {
    let count = silenced.count
    silenced.removeAll { $0.number == number }
    return silenced.count < count
  }

  package func silences(at now: Timestamp) -> [Silence] { silenced.filter { now < $0.until } }

  package func recordStart(at now: Timestamp) -> [Timestamp] {
    let newest = starts.max()
    starts.removeAll { $0.seconds < now.seconds - 7 * 86400 && $0 != newest }
    starts.append(now)
    return starts.sorted()
  }
}
