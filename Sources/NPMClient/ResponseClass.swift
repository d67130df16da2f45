import Model
import Upstream

/// The meaning of a response of NPM.
///
/// The rules are those observed on NPM 2.12.6 to 2.15.1. From 2.13 on NPM reports "not allowed" as 404 with the route's
/// path in the message, and only `Not Found - <id>` means gone; 2.12 returns 401 and 403.
enum ResponseClass: Equatable, Sendable {
  case success
  /// The token is not accepted: log in again and repeat once. The call was not executed.
  case tokenRejected(NPMError)
  /// Either the token or the server is at fault: a read may try one new login.
  case suspect(NPMError)
  case failure(NPMError)

  /// - Parameters:
  ///   - message: `error.message` of the response; nil: the body was not NPM's JSON.
  ///   - isWrite: whether the request may have changed something.
  static func of(status: Int, message: String?, isWrite: Bool) -> ResponseClass {
    switch status {
    case 200..<300: return .success
    case 401: return .tokenRejected(auth(message, status))
    case 403:
      return .failure(
        NPMError(
          .npmForbidden, "NPM does not allow this: \(message ?? "Permission Denied")", hint: permissionHint, status: 403
        ))
    case 400 where message == "Token has expired" || message == "Empty token":
      return .tokenRejected(auth(message, status))
    case 404: return notFound(message)
    case 400..<500: return .failure(rejected(status, message))
    default: return serverError(status, message, isWrite: isWrite)
    }
  }

  static func of(_ response: UpstreamResponse, isWrite: Bool) -> ResponseClass {
    if response.isSuccess { return .success }
    var found = of(status: response.status, message: NPMCall.message(of: response), isWrite: isWrite)
    if case .failure(var error) = found, error.code == .npmServerError,
      let hint = CertbotHint.of(NPMCall.trace(of: response))
    {
      error.hint = hint
      found = .failure(error)
    }
    return found.named(response.callID)
  }

  private func named(_ callID: String) -> ResponseClass {
    func name(_ error: NPMError) -> NPMError {
      var named = error
      named.callID = callID
      return named
    }
    return switch self {
    case .success: .success
    case .tokenRejected(let error): .tokenRejected(name(error))
    case .suspect(let error): .suspect(name(error))
    case .failure(let error): .failure(name(error))
    }
  }

  private static let permissionHint = "give the account the permission in NPM under Users, or use another account"

  private static func auth(_ message: String?, _ status: Int) -> NPMError {
    NPMError(.upstreamAuth, "NPM does not accept the login: \(message ?? "status \(status)")", status: status)
  }

  private static func notFound(_ message: String?) -> ResponseClass {
    let text = message ?? ""
    // A path without "Item ": "not allowed" in NPM 2.13 and later.
    if text.hasPrefix("Not Found - /") {
      return .tokenRejected(
        NPMError(
          .npmForbidden, "this account may not do that in NPM (\(text))", hint: permissionHint, status: 404))
    }
    if text.contains("Not Found") {
      return .failure(NPMError(.npmNotFound, "NPM has no such object: \(text)", status: 404))
    }
    return .failure(
      NPMError(
        .npmNotNPM, "the answer is not NPM's (404)", hint: "npm.url must be NPM's admin address, usually port 81",
        status: 404))
  }

  private static func rejected(_ status: Int, _ message: String?) -> NPMError {
    guard let message else {
      return NPMError(
        .npmNotNPM, "the answer is not NPM's (\(status))", hint: "npm.url must be NPM's admin address, usually port 81",
        status: status)
    }
    if message.hasSuffix("is already in use") {
      return NPMError(.npmDomainInUse, "NPM says: \(message)", status: status)
    }
    return NPMError(.npmRejected, "NPM refuses the request: \(message)", status: status)
  }

  private static func serverError(_ status: Int, _ message: String?, isWrite: Bool) -> ResponseClass {
    let detail = message.map { ": \($0)" } ?? ""
    var error = NPMError(.npmServerError, "NPM answers \(status)\(detail)", status: status, isOutcomeUnknown: isWrite)
    // A proxy in front of NPM returns its own error pages, and NPM may still be working behind it.
    error.isOver = status == 500 && message != nil
    // A forged token, or one signed with old keys, gives 500 in every version.
    return status == 500 && !isWrite ? .suspect(error) : .failure(error)
  }
}
