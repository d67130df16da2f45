import HTTPServer
import Model
import Platform
import Reports
package import Store

/// Sends events to streams as the store gets them, each event read and written once for all streams.
///
/// A stream first reads what it missed from the store, at the pace of its client; then it joins those that are up to date.
package actor EventHub {
  private struct Client {
    var stream: HTTPStream
    var filter: EventFilter
    /// It has everything up to here.
    var after: Int
    var isAdmitted: @Sendable () async -> Bool
  }

  private let stores: BudgetedStores
  private let patience: Double
  private var clients: [Int: Client] = [:]
  private var nextClient = 0
  /// The newest event that those who are up to date have.
  private var newest: Int?
  private var polling: Task<Void, Never>?
  private var isClosed = false

  /// Seconds between looks at the store: commands write events, too, and the store tells of no write.
  private static let pause = 0.05
  /// Seconds between looks whether streams may go on.
  private static let admission = 2.0
  /// Seconds between comments that keep a connection alive.
  private static let heartbeat = 15.0
  /// Events of one read.
  private static let pageSize = 500

  /// - Parameter patience: seconds for which one that is behind may take nothing.
  package init(_ stores: BudgetedStores, patience: Double = 30) {
    self.stores = stores
    self.patience = patience
  }

  /// - Parameter isAdmitted: whether it may go on, asked now and then.
  /// - Throws: `StoreError`; the stream is not begun then.
  func join(
    _ stream: HTTPStream, _ filter: EventFilter, isAdmitted: @escaping @Sendable () async -> Bool = { true }
  ) async throws {
    // A number beyond the log is of another store.
    let end = try await last()
    let client = Client(
      stream: stream, filter: filter, after: min(filter.after ?? end, end), isAdmitted: isAdmitted)
    _ = stream.push(Array("retry: 2000\n\n".utf8))
    Task { await self.catchUp(client) }
  }

  /// The number of the newest event.
  private func last() async throws -> Int {
    var filter = EventFilter()
    filter.limit = 1
    return try await stores.ask { [filter] in try await $0.events.events(filter) }.last?.number ?? 0
  }

  package func close() {
    isClosed = true
    polling?.cancel()
    for client in clients.values { client.stream.close() }
    clients = [:]
  }

  // MARK: What was missed

  private func catchUp(_ given: Client) async {
    var client = given
    var filter = client.filter
    (filter.takesOldest, filter.limit) = (true, Self.pageSize)
    while !isClosed, !client.stream.isOver {
      do {
        let end = try await last()
        filter.after = client.after
        let events = try await stores.ask { [filter] in try await $0.events.events(filter) }
        for event in events {
          guard await send(event, to: client.stream) else { return }
          client.after = event.number
        }
        guard events.count < Self.pageSize else { continue }
        client.after = max(client.after, end)
        if add(client) { return }
      } catch {
        // The client comes back, and goes on from what it has.
        return client.stream.close()
      }
    }
    client.stream.close()
  }

  /// - Returns: false: those that are up to date got more meanwhile.
  private func add(_ client: Client) -> Bool {
    if clients.isEmpty { newest = client.after }
    guard client.after >= newest ?? 0 else { return false }
    nextClient += 1
    let number = nextClient
    clients[number] = client
    client.stream.onEnd { [weak self] in Task { await self?.leave(number) } }
    if polling == nil { polling = Task { await self.poll() } }
    return true
  }

  private func leave(_ number: Int) { clients[number] = nil }

  /// Those that are up to date.
  var clientCount: Int { clients.count }

  /// Waits for a client that reads slowly; gives up one that does not read.
  private func send(_ event: RecordedEvent, to stream: HTTPStream) async -> Bool {
    let bytes = Self.bytes(event)
    for _ in 0..<max(1, Int(patience / 0.05)) {
      switch stream.push(bytes) {
      case .queued: return true
      case .gone: return false
      case .slow: try? await Task.sleep(for: .milliseconds(50))  // the pace of the client
      }
    }
    stream.abort()
    return false
  }

  // MARK: What is new

  private func poll() async {
    var (commented, admitted) = (ContinuousClock.now, ContinuousClock.now)
    while !Task.isCancelled, !clients.isEmpty {
      await forward()
      if ContinuousClock.now - commented > .seconds(Self.heartbeat) {
        for (number, client) in clients { deliver(Array(":\n\n".utf8), to: client, number) }
        commented = .now
      }
      if ContinuousClock.now - admitted > .seconds(Self.admission) {
        await dismiss()
        admitted = .now
      }
      try? await Task.sleep(for: .seconds(Self.pause))  // polling: other processes write, too
    }
    polling = nil
    // One may have joined between the last look and here.
    if !clients.isEmpty, !isClosed { polling = Task { await self.poll() } }
  }

  private func forward() async {
    guard let newest else { return }
    var filter = EventFilter()
    (filter.after, filter.takesOldest, filter.limit) = (newest, true, Self.pageSize)
    guard let events = try? await stores.ask({ [filter] in try await $0.events.events(filter) }) else { return }
    for event in events {
      self.newest = event.number
      let bytes = Self.bytes(event)
      for (number, client) in clients where client.after < event.number {
        if client.filter.takes(event), !deliver(bytes, to: client, number) { continue }
        clients[number]?.after = event.number
      }
    }
  }

  /// - Returns: false: it does not get it here.
  @discardableResult
  private func deliver(_ bytes: [UInt8], to client: Client, _ number: Int) -> Bool {
    switch client.stream.push(bytes) {
    case .queued: return true
    case .gone: clients[number] = nil
    case .slow:
      // It reads the rest from the store, at its own pace; one that does not read is given up there.
      clients[number] = nil
      Task { await self.catchUp(client) }
    }
    return false
  }

  /// Ends the streams of tokens that were revoked or have expired.
  private func dismiss() async {
    for (number, client) in clients where await !client.isAdmitted() {
      client.stream.close()
      clients[number] = nil
    }
  }

  private static func bytes(_ event: RecordedEvent) -> [UInt8] {
    let reason = String(event.event.reason.filter { !$0.isNewline })
    return Array("id: \(event.number)\nevent: \(reason)\ndata: \(JSONOutput.line(EventReport(event)))\n\n".utf8)
  }
}

extension EventFilter {
  /// Whether one that is new is selected.
  func takes(_ recorded: RecordedEvent) -> Bool {
    (since.map { recorded.at >= $0 } ?? true)
      && (severities.isEmpty || severities.contains(recorded.event.severity))
      && (sources.isEmpty || sources.contains(recorded.event.source))
      && (subjects.isEmpty || subjects.contains(recorded.event.subject))
  }
}
