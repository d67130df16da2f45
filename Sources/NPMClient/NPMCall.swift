import FoundationEssentials
import Model
import Upstream

/// The parts of a call that login and everything else share.
enum NPMCall {
  private struct ErrorBody: Decodable {
    struct Inner: Decodable { var message: String? }
    var error: Inner?
  }

  /// Sends a request; what fails on the way becomes an `NPMError`.
  static func send(_ request: UpstreamRequest, by upstream: UpstreamClient) async throws -> UpstreamResponse {
    do {
      return try await upstream.send(request)
    } catch let failure as UpstreamFailure {
      let isAway = [.refused, .unresolved, .unreachable, .reset].contains(failure.reason)
      let hint = failure.hint ?? (isAway ? "check npm.url and whether NPM is running" : nil)
      let isOutcomeUnknown = !request.isIdempotent && failure.mayHaveBeenSent
      throw NPMError(
        failure.code, failure.message, hint: hint, isOutcomeUnknown: isOutcomeUnknown, callID: failure.callID)
    }
  }

  /// `error.message`, where the body is NPM's JSON. `error` may also be a text of its own.
  static func message(of result: UpstreamResponse) -> String? { message(in: result.body) }

  /// What the routes of certificates add to an error: certbot's words, where certbot was asked. Never shown.
  static func trace(of result: UpstreamResponse) -> String? {
    guard let body = try? JSONDecoder().decode(JSONValue.self, from: Data(result.body)), !body["debug"].isNull else {
      return nil
    }
    let debug = body["debug"]
    let words = [debug["stack"], debug["previous"]["message"], debug["previous"]["stack"]].compactMap(\.stringValue)
    return debug["previous"].isNull ? nil : words.joined(separator: "\n")
  }

  static func message(in bytes: [UInt8]) -> String? {
    let data = Data(bytes)
    if let body = try? JSONDecoder().decode(ErrorBody.self, from: data) { return body.error?.message }
    return (try? JSONDecoder().decode([String: String].self, from: data))?["error"]
  }
}
