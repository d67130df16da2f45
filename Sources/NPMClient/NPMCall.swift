import FoundationEssentials
import Model
import Upstream

/// The parts of a call that login and all other requests share.
enum NPMCall {
  private struct ErrorBody: Decodable {
    struct Inner: Decodable { var message: String? }
    var error: Inner?
  }

  /// Sends a request; a failed transfer becomes an `NPMError`.
  static func send(_ request: UpstreamRequest, by upstream: UpstreamClient) async throws(NPMError) -> UpstreamResponse {
    do {
      return try await upstream.send(request)
    } catch {
      let failure = error
      let isAway = [.refused, .unresolved, .unreachable, .reset].contains(failure.reason)
      let hint = failure.hint ?? (isAway ? "check npm.url and whether NPM is running" : nil)
      let isOutcomeUnknown = !request.isIdempotent && failure.mayHaveBeenSent
      throw NPMError(
        failure.code, failure.message, hint: hint, isOutcomeUnknown: isOutcomeUnknown, callID: failure.callID)
    }
  }

  /// `error.message` if the body is NPM's JSON. `error` may also be a string itself.
  static func message(of result: UpstreamResponse) -> String? { message(in: result.body) }

  /// The certbot output that certificate routes add to an error. Never shown.
  static func trace(of result: UpstreamResponse) -> String? {
    guard let body = try? JSONDecoder().decode(JSONValue.self, from: Data(result.body)), !body["debug"].isNull else {
      return nil
    }
    let debug = body["debug"]
    let texts = [debug["stack"], debug["previous"]["message"], debug["previous"]["stack"]].compactMap(\.stringValue)
    return debug["previous"].isNull ? nil : texts.joined(separator: "\n")
  }

  static func message(in bytes: [UInt8]) -> String? {
    let data = Data(bytes)
    if let body = try? JSONDecoder().decode(ErrorBody.self, from: data) { return body.error?.message }
    return (try? JSONDecoder().decode([String: String].self, from: data))?["error"]
  }
}
