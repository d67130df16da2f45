package import HTTPServer
import Model
import Platform
import Upstream

/// Finds the route of a request, asks the gate, and answers; every refusal is a `Problem`.
package struct Router: HTTPHandler {
  package let routes: [Route]
  private let byParts: [Int: [Route]]
  private let gate: Gate
  private let metrics: RequestMetrics

  package init(_ routes: [Route], gate: Gate, metrics: RequestMetrics) {
    self.routes = routes
    self.gate = gate
    self.metrics = metrics
    byParts = Dictionary(grouping: routes) { Self.parts($0.pattern.text).count }
      .mapValues { $0.sorted { $0.pattern.precedence > $1.pattern.precedence } }
  }

  private static func parts(_ path: some StringProtocol) -> [Substring] {
    Substring(path).split(separator: "/", omittingEmptySubsequences: false)
  }

  package func respond(to request: HTTPRequest) async -> HTTPResponse {
    let start = ContinuousClock.now
    let correlation = Self.correlation(request.headers["x-request-id"])
    var found: Route?
    var response: HTTPResponse
    do {
      let (route, path) = try find(request)
      found = route
      response = try await answer(request, route, path, correlation)
    } catch {
      var problem = Self.problem(error)
      if found == nil, let refusal = Self.refusal(of: { try gate.charge(request) }) { problem = refusal }
      response = problem.response(correlation)
    }
    response.headers += [
      ("X-Request-ID", correlation), ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"),
    ]
    metrics.note(
      method: request.method, route: found?.pattern.text ?? "none", status: response.status,
      seconds: (ContinuousClock.now - start) / .seconds(1))
    return response
  }

  package func refusal(_ refusal: HTTPRefusal) -> HTTPResponse {
    metrics.note(method: "none", route: "none", status: refusal.status, seconds: 0)
    return Problem(refusal.status, .apiRequest, refusal.reason).response(CorrelationID.random())
  }

  private func find(_ request: HTTPRequest) throws -> (Route, [String: String]) {
    let parts = Self.parts(request.path)
    let matching = (byParts[parts.count] ?? []).compactMap { route in
      route.pattern.match(parts).map { (route, $0) }
    }
    // A HEAD is answered as a GET; its body is not sent.
    let method = request.method == "HEAD" ? "GET" : request.method
    let precedence = matching.first?.0.pattern.precedence
    let best = matching.filter { $0.0.pattern.precedence == precedence }
    guard let (route, encoded) = best.first(where: { $0.0.method == method }) else {
      guard !best.isEmpty else {
        throw Problem(
          404, .apiNotFound, "there is nothing at this path", hint: "GET /api/openapi.json names what there is")
      }
      let allowed = Set(best.map(\.0.method) + (best.contains { $0.0.method == "GET" } ? ["HEAD"] : []))
      throw Problem(
        405, .apiMethod, "\(request.method) is not for this path",
        headers: [("Allow", allowed.sorted().joined(separator: ", "))])
    }
    let path = try encoded.mapValues { text in
      guard let decoded = PercentCoding.decoded(text) else {
        throw Problem(400, .apiRequest, "the path is not percent-encoded UTF-8")
      }
      return decoded
    }
    return (route, path)
  }

  private func answer(
    _ request: HTTPRequest, _ route: Route, _ path: [String: String], _ correlation: String
  ) async throws -> HTTPResponse {
    let principal = try await gate.admit(request, to: route.access)
    if request.isBodyTooLarge { throw Problem(413, .apiRequest, "the body is too large") }
    guard let query = PercentCoding.query(request.query) else {
      throw Problem(400, .apiRequest, "the query is not percent-encoded UTF-8")
    }
    if let unknown = query.keys.sorted().first(where: { name in !route.parameters.contains { $0.name == name } }) {
      throw Problem(
        400, .apiRequest, "this path takes no parameter '\(unknown)'",
        hint: route.parameters.isEmpty
          ? "it takes none" : "it takes \(route.parameters.map(\.name).joined(separator: ", "))")
    }
    var asked = APIRequest(http: request, path: path, query: query, principal: principal, correlation: correlation)
    asked.isStillAdmitted = { [gate] in await gate.stillAdmits(principal) }
    return try await route.respond(asked)
  }

  private static func refusal(of body: () throws -> Void) -> Problem? {
    do {
      try body()
      return nil
    } catch {
      return error as? Problem
    }
  }

  private static func problem(_ error: any Error) -> Problem {
    if let problem = error as? Problem { return problem }
    let diagnostic = Diagnostic(of: error)
    // A store that does not answer, and whatever else is no fault of the request.
    var problem = Problem(
      diagnostic.code.isStoreFailure ? 503 : 500, diagnostic.code, diagnostic.message, hint: diagnostic.hint)
    if problem.status == 503 { problem.headers = [("Retry-After", "5")] }
    return problem
  }

  /// What a caller says, where it is short and plain; it goes into logs and events.
  static func correlation(_ given: String?) -> String {
    guard let given, (1...128).contains(given.utf8.count),
      given.utf8.allSatisfy({ byte in
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
          || "-_.:".utf8.contains(byte)
      })
    else { return CorrelationID.random() }
    return given
  }
}
