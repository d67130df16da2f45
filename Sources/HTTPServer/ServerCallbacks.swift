import CLibMicroHTTPD
import Platform

/// A request in libmicrohttpd. The connection retains it from its URI callback to completion.
private final class PendingRequest: @unchecked Sendable {  // guard: `answer` by its lock; the rest by the MHD thread
  let target: String
  var headers: [(name: String, value: String)] = []
  var peer = ""
  var body: [UInt8] = []
  var isTooLarge = false
  var isFirstCall = true
  var isDispatched = false
  var stream: HTTPStream?
  let answer = Lock<HTTPResponse?>(nil)

  init(target: String) { self.target = target }

  static func from(_ context: UnsafeMutableRawPointer) -> PendingRequest {
    Unmanaged<PendingRequest>.fromOpaque(context).takeUnretainedValue()
  }
}

/// A suspended connection. libmicrohttpd never frees one, so the pointer stays valid until it is resumed.
private struct SuspendedConnection: @unchecked Sendable {  // guard: only `MHD_resume_connection` is called with it
  let pointer: OpaquePointer
}

enum ServerCallbacks {
  /// Receives the raw request target first and creates the request object.
  static let uri:
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer? = {
      _, raw, _ in
      Unmanaged.passRetained(PendingRequest(target: raw.map { String(cString: $0) } ?? "/")).toOpaque()
    }

  static let completed: MHD_RequestCompletedCallback = { core, connection, context, _ in
    if let core, let connection {
      Unmanaged<ServerCore>.fromOpaque(core).takeUnretainedValue().connections.isIdle(shim_mhd_socket(connection))
    }
    guard let raw = context?.pointee else { return }
    PendingRequest.from(raw).stream?.detach()
    Unmanaged<PendingRequest>.fromOpaque(raw).release()
    context?.pointee = nil
  }

  static let changed: MHD_NotifyConnectionCallback = { core, connection, _, what in
    guard let core, let connection else { return }
    let connections = Unmanaged<ServerCore>.fromOpaque(core).takeUnretainedValue().connections
    let socket = shim_mhd_socket(connection)
    if what.rawValue == 0 { connections.began(socket) } else { connections.ended(socket) }
  }

  static let access: MHD_AccessHandlerCallback = { core, connection, _, method, version, upload, uploadSize, context in
    guard let core, let connection, let method, let uploadSize, let raw = context?.pointee else { return .NO }
    let server = Unmanaged<ServerCore>.fromOpaque(core).takeUnretainedValue()
    let pending = PendingRequest.from(raw)
    if pending.isFirstCall {
      pending.isFirstCall = false
      return begin(pending, connection, String(cString: method), version.map { String(cString: $0) } ?? "", server)
    }
    if uploadSize.pointee > 0 {
      receive(upload, uploadSize, pending, limit: server.limits.maximumBody)
      return .YES
    }
    if let answer = pending.answer.withLock({ $0 }) { return queue(answer, pending, on: connection, server) }
    guard !pending.isDispatched else { return .YES }
    guard server.begin() else { return .NO }
    pending.isDispatched = true
    server.connections.isAnswered(shim_mhd_socket(connection))
    MHD_suspend_connection(connection)
    dispatch(pending, method: String(cString: method), SuspendedConnection(pointer: connection), server)
    return .YES
  }

  /// The head is complete. A refusal that is queued here closes the connection after it.
  private static func begin(
    _ pending: PendingRequest, _ connection: OpaquePointer, _ method: String, _ version: String, _ server: ServerCore
  ) -> MHD_Result {
    server.connections.receivesBody(shim_mhd_socket(connection))
    let found = headers(of: connection)
    pending.headers = found.values
    pending.peer = peer(of: connection)
    guard server.limits.isStrict else { return .YES }
    let head = RequestDoor.Head(
      method: method, target: pending.target, version: version, headers: found.values, isText: found.isText)
    guard let refusal = RequestDoor.refusal(head, maximumBody: server.limits.maximumBody) else { return .YES }
    var response = server.handler.refusal(refusal)
    response.headers.append(("Connection", "close"))
    return queue(response, pending, on: connection, server)
  }

  private static func receive(
    _ upload: UnsafePointer<CChar>?, _ size: UnsafeMutablePointer<Int>, _ pending: PendingRequest, limit: Int
  ) {
    if pending.body.count + size.pointee > limit { pending.isTooLarge = true }
    if !pending.isTooLarge, let upload {
      pending.body.append(contentsOf: UnsafeRawBufferPointer(start: upload, count: size.pointee))
    }
    size.pointee = 0
  }

  private static func dispatch(
    _ pending: PendingRequest, method: String, _ connection: SuspendedConnection, _ server: ServerCore
  ) {
    let parts = pending.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var request = HTTPRequest(
      method: method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : nil,
      headers: Dictionary(pending.headers) { $1 }, body: pending.isTooLarge ? [] : pending.body)
    request.isBodyTooLarge = pending.isTooLarge
    request.peer = pending.peer
    Task { [request] in
      let response = await server.handler.respond(to: request)
      pending.answer.withLock { $0 = response }
      MHD_resume_connection(connection.pointer)
      server.ended()
    }
  }

  private static func headers(of connection: OpaquePointer) -> HeaderBox {
    let box = HeaderBox()
    MHD_get_connection_values_n(
      connection, .HEADER_KIND,
      { context, _, name, nameSize, value, valueSize in
        guard let context, let name else { return .YES }
        let box = Unmanaged<HeaderBox>.fromOpaque(context).takeUnretainedValue()
        let text = value.map { String(cString: $0) } ?? ""
        let key = String(cString: name)
        if key.utf8.count != nameSize || text.utf8.count != valueSize { box.isText = false }
        box.values.append((key.lowercased(), text))
        return .YES
      }, Unmanaged.passUnretained(box).toOpaque())
    return box
  }

  private final class HeaderBox {
    var values: [(name: String, value: String)] = []
    /// A replacement for a byte that is no UTF-8 is longer.
    var isText = true
  }

  private static func peer(of connection: OpaquePointer) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard let base = buffer.baseAddress else { return "" }
      shim_mhd_peer(connection, base, buffer.count)
      return String(cString: base)
    }
  }

  private static func queue(
    _ answer: HTTPResponse, _ pending: PendingRequest, on connection: OpaquePointer, _ server: ServerCore
  ) -> MHD_Result {
    if case .reset = answer.delivery {
      shim_reset_socket(shim_mhd_socket(connection))
      return .NO
    }
    if case .stream(let stream) = answer.delivery {
      stream.attach(connection)
      pending.stream = stream
      _ = server.streams.add(stream)
    }
    guard let response = makeResponse(answer, connection, server) else { return .NO }
    defer { MHD_destroy_response(response) }
    for header in answer.headers { MHD_add_response_header(response, header.name, header.value) }
    return MHD_queue_response(connection, UInt32(answer.status), response)
  }

  private static func makeResponse(
    _ answer: HTTPResponse, _ connection: OpaquePointer, _ server: ServerCore
  ) -> OpaquePointer? {
    if case .whole = answer.delivery {
      return answer.body.withUnsafeBytes {
        MHD_create_response_from_buffer(
          $0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress), .RESPMEM_MUST_COPY)
      }
    }
    if case .stream(let stream) = answer.delivery { return stream.makeResponse() }
    let body = SpoiledBody(answer, connection, server)
    return MHD_create_response_from_callback(
      UInt64(answer.body.count), 4096,
      { context, position, buffer, size in
        guard let context, let buffer else { return Int(shim_mhd_end_with_error) }
        let body = Unmanaged<SpoiledBody>.fromOpaque(context).takeUnretainedValue()
        return body.read(Int(position), buffer, size)
      }, Unmanaged.passRetained(body).toOpaque(),
      { context in if let context { Unmanaged<SpoiledBody>.fromOpaque(context).release() } })
  }
}

/// A body with a deliberate fault: cut short, or sent byte by byte.
private final class SpoiledBody: @unchecked Sendable {  // guard: `isReady` by its lock, the rest is constant
  private let bytes: [UInt8]
  private let delivery: HTTPResponse.Delivery
  private let connection: SuspendedConnection
  private let server: ServerCore
  private let isReady = Lock(true)

  init(_ answer: HTTPResponse, _ connection: OpaquePointer, _ server: ServerCore) {
    self.server = server
    bytes = answer.body
    delivery = answer.delivery
    self.connection = SuspendedConnection(pointer: connection)
  }

  func read(_ position: Int, _ buffer: UnsafeMutablePointer<CChar>, _ size: Int) -> Int {
    var end = bytes.count
    if case .cut(let after) = delivery { end = min(end, after) }
    if position >= end { return Int(end < bytes.count ? shim_mhd_end_with_error : shim_mhd_end_of_stream) }
    guard case .drip(let pause) = delivery else { return copy(position..<min(end, position + size), to: buffer) }
    guard isReady.withLock({ $0 }) else { return 0 }
    guard server.begin() else { return Int(shim_mhd_end_with_error) }
    isReady.withLock { $0 = false }
    MHD_suspend_connection(connection.pointer)
    Task {
      try? await Task.sleep(for: .seconds(pause))  // the fault itself: a deliberately slow server
      isReady.withLock { $0 = true }
      MHD_resume_connection(connection.pointer)
      server.ended()
    }
    return copy(position..<position + 1, to: buffer)
  }

  private func copy(_ range: Range<Int>, to buffer: UnsafeMutablePointer<CChar>) -> Int {
    for (offset, index) in range.enumerated() { buffer[offset] = CChar(bitPattern: bytes[index]) }
    return range.count
  }
}
