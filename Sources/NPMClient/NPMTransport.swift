import FoundationEssentials
import Model
import Upstream

/// Calls with a token, and what their answers mean.
struct NPMTransport: Sendable {
  let upstream: UpstreamClient
  let session: NPMSession

  /// Makes one call with a token; repeats it once with a new token if NPM rejected the first.
  func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws(NPMError) -> UpstreamResponse {
    var request = UpstreamRequest(method, path)
    if let body { request.body = try Self.encoded(body) }
    return try await call(request, contentType: "application/json")
  }

  /// Encodes a body as compactly as possible. NPM answers a body above its limit with "Internal Error".
  static func encoded(_ body: JSONValue) throws(NPMError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let data = try? encoder.encode(body) else { throw NPMError(.internalError, "a request cannot be encoded") }
    let bytes = Array(data)
    guard bytes.count > RequestSize.limit else { return bytes }
    throw NPMError(
      .tooLarge, "it has \(bytes.count) bytes as JSON, NPM takes \(RequestSize.limit)",
      hint: "part of it may be 'meta' that others wrote")
  }

  func call(_ request: UpstreamRequest, contentType: String) async throws(NPMError) -> UpstreamResponse {
    let isWrite = !request.isIdempotent
    let token = try await session.token()
    let first = try await send(request, contentType, token)
    switch ResponseClass.of(first, isWrite: isWrite) {
    case .success: return first
    case .failure(let error): throw error
    case .tokenRejected, .suspect: break
    }
    let second = try await send(request, contentType, session.replace(token))
    switch ResponseClass.of(second, isWrite: isWrite) {
    case .success: return second
    case .tokenRejected(let error), .suspect(let error), .failure(let error): throw error
    }
  }

  func send(
    _ request: UpstreamRequest, _ contentType: String, _ token: Secret
  ) async throws(NPMError) -> UpstreamResponse {
    var request = request
    request.headers = [("Authorization", "Bearer \(token.reveal())")]
    if request.body != nil { request.headers.append(("Content-Type", contentType)) }
    return try await NPMCall.send(request, by: upstream)
  }

  func decode<Value: Decodable>(_ result: UpstreamResponse, as: Value.Type = Value.self) throws(NPMError) -> Value {
    try readable(result.status) { try JSONDecoder().decode(Value.self, from: Data(result.body)) }
  }

  func readable<Value>(_ status: Int, _ body: () throws -> Value) throws(NPMError) -> Value {
    do {
      return try body()
    } catch {
      throw NPMError(
        .npmNotNPM, "NPM's answer cannot be read: it is not the JSON that its API promises",
        hint: "if something stands between us and NPM, npm.url must reach NPM itself", status: status)
    }
  }
}
