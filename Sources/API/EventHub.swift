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
  }

  private let stores: BudgetedStores
  private var clients: [Int: Client] = [:]
  private var nextClient = 0
  /// The newest event that those who are up to date have.
  private var newest: Int?
  private var polling: Task<Void, Never>?
  private var isClosed = false

  /// Seconds between looks at the store: commands write events, too, and the store tells of no write.
  private static let pause = 0.05
  /// Seconds between comments that keep a connection alive.
  private static let heartbeat = 15.0
  /// Events of one read.
  private static let pageSize = 500

  package init(_ stores: BudgetedStores) { self.stores = stores }

  /// - Throws: `StoreError`; the stream is not begun then.
  func join(_ stream: HTTPStream, _ filter: EventFilter) async throws {
    let start = if let after = filter.after { after } else { try await last() }
    _ = stream.push(Array("retry: 2000\n\n".utf8))
    Task { await self.catchUp(stream, filter, from: start) }
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

  private func catchUp(_ stream: HTTPStream, _ filter: EventFilter, from start: Int) async {
    var filter = filter
    (filter.after, filter.takesOldest, filter.limit) = (start, true, Self.pageSize)
    while !isClosed {
      do {
        let end = try await last()
        let events = try await stores.ask { [filter] in try await $0.events.events(filter) }
        for event in events {
          guard await send(event, to: stream) else { return }
          filter.after = event.number
        }
        guard events.count < Self.pageSize else { continue }
        let has = max(filter.after ?? 0, end)
        filter.after = has
        if add(stream, filter, has) { return }
      } catch {
        // The client comes back, and goes on from what it has.
        return stream.close()
      }
    }
    stream.close()
  }

  /// - Returns: false: those that are up to date got more meanwhile.
  private func add(_ stream: HTTPStream, _ filter: EventFilter, _ has: Int) -> Bool {
    if clients.isEmpty { newest = has }
    guard has >= newest ?? 0 else { return false }
    nextClient += 1
    let number = nextClient
    clients[number] = Client(stream: stream, filter: filter, after: has)
    stream.onEnd { [weak self] in Task { await self?.leave(number) } }
    if polling == nil { polling = Task { await self.poll() } }
    return true
  }

  private func leave(_ number: Int) { clients[number] = nil }

  /// Those that are up to date.
  var clientCount: Int { clients.count }

  /// Waits for a client that reads slowly; gives up one that does not read.
  private func send(_ event: RecordedEvent, to stream: HTTPStream) async -> Bool {
    let bytes = Self.bytes(event)
    for _ in 0..<600 {
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
    var quietSince = ContinuousClock.now
    while !Task.isCancelled, !clients.isEmpty {
      if await forward() { quietSince = .now }
      if ContinuousClock.now - quietSince > .seconds(Self.heartbeat) {
        broadcast(Array(":\n\n".utf8)) { _ in true }
        quietSince = .now
      }
      try? await Task.sleep(for: .seconds(Self.pause))
    }
    polling = nil
  }

  /// - Returns: whether there was something.
  private func forward() async -> Bool {
    guard let newest else { return false }
    var filter = EventFilter()
    (filter.after, filter.takesOldest, filter.limit) = (newest, true, Self.pageSize)
    guard let events = try? await stores.ask({ [filter] in try await $0.events.events(filter) }), !events.isEmpty else {
      return false
    }
    for event in events {
      self.newest = event.number
      broadcast(Self.bytes(event)) { $0.after < event.number && $0.filter.takes(event) }
    }
    return true
  }

  private func broadcast(_ bytes: [UInt8], _ isFor: (Client) -> Bool) {
    for (number, client) in clients where isFor(client) {
      switch client.stream.push(bytes) {
      case .queued: break
      case .gone: clients[number] = nil
      case .slow:
        // It can resume from what it has.
        client.stream.abort()
        clients[number] = nil
      }
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
