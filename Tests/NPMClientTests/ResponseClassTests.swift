import Model
import Testing

@testable import NPMClient

/// The tables of observed responses: NPM 2.12.6, and 2.13 and later.
@Suite struct ResponseClassTests {
  private enum Expected { case success, token, suspect, failure(DiagnosticCode, unclear: Bool) }

  private func check(_ status: Int, _ message: String?, write: Bool = false, _ expected: Expected) {
    let found = ResponseClass.of(status: status, message: message, isWrite: write)
    switch (found, expected) {
    case (.success, .success), (.tokenRejected, .token), (.suspect, .suspect): break
    case (.failure(let error), .failure(let code, let unclear)):
      #expect(error.code == code)
      #expect(error.isOutcomeUnknown == unclear)
    default: Issue.record("\(status) \(message ?? "nil") is \(found)")
    }
  }

  @Test func `an expired token is 400 in new releases and 401 in old ones`() {
    check(400, "Token has expired", .token)
    check(401, "Token has expired", .token)
    check(400, "Empty token", .token)
  }

  @Test func `a path in a 404 means not allowed, an id means gone`() {
    check(404, "Not Found - /nginx/proxy-hosts/1", .token)
    check(404, "Not Found - 999", .failure(.npmNotFound, unclear: false))
    check(404, "Item Not Found - 999", .failure(.npmNotFound, unclear: false))
    check(404, "Item Not Found - /nginx/nope", .failure(.npmNotFound, unclear: false))
    check(404, nil, .failure(.npmNotNPM, unclear: false))
  }

  @Test func `permission denied of old releases is final`() {
    check(403, "Permission Denied", .failure(.npmForbidden, unclear: false))
  }

  @Test func `a 500 on a read may be the token, on a write it leaves the outcome open`() {
    check(500, "Internal Error", .suspect)
    check(500, "Internal Error", write: true, .failure(.npmServerError, unclear: true))
    check(502, nil, write: true, .failure(.npmServerError, unclear: true))
    check(502, nil, .failure(.npmServerError, unclear: false))
  }

  @Test func `a refusal keeps NPM's words`() throws {
    check(400, "a.test is already in use", write: true, .failure(.npmDomainInUse, unclear: false))
    let found = ResponseClass.of(status: 400, message: "data/forward_port must be >= 1", isWrite: true)
    guard case .failure(let error) = found else {
      Issue.record("not a failure")
      return
    }
    #expect(error.code == .npmRejected)
    #expect(error.message.contains("data/forward_port must be >= 1"))
  }
}
