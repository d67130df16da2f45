import HTTPServer
package import Model
import Reports

/// A refusal, as `application/problem+json` (RFC 9457) with a code of ours.
package struct Problem: Error {
  package var status: Int
  package var diagnostic: Diagnostic
  package var headers: [(name: String, value: String)]
  /// All that is wrong, where that is more than one thing.
  var diagnostics: [Diagnostic] = []
  /// What would have to be committed.
  var patch: String?

  package init(
    _ status: Int, _ code: DiagnosticCode, _ detail: String, hint: String? = nil,
    headers: [(name: String, value: String)] = []
  ) {
    self.status = status
    diagnostic = Diagnostic(code, detail, hint: hint)
    self.headers = headers
  }

  static let mediaType = "application/problem+json"

  private struct Body: Encodable {
    var type: String
    var title: String
    var status: Int
    var detail: String
    var hint: String?
    var code: String
    var correlation: String
    var diagnostics: [DiagnosticReport]?
    var patch: String?

    private enum CodingKeys: String, CodingKey {
      case type, title, status, detail, hint, code, diagnostics, patch
      case correlation = "correlation_id"
    }
  }

  func response(_ correlation: String) -> HTTPResponse {
    let body = Body(
      type: "about:blank", title: Self.titles[status] ?? "Error", status: status, detail: diagnostic.message,
      hint: diagnostic.hint, code: diagnostic.code.rawValue, correlation: correlation,
      diagnostics: diagnostics.isEmpty ? nil : diagnostics.map(DiagnosticReport.init), patch: patch)
    return HTTPResponse(
      status: status, headers: [("Content-Type", Self.mediaType)] + headers,
      body: Array((JSONOutput.pretty(body) + "\n").utf8))
  }

  private static let titles = [
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 409: "Conflict", 412: "Precondition Failed", 413: "Content Too Large",
    415: "Unsupported Media Type",
    417: "Expectation Failed", 421: "Misdirected Request", 422: "Unprocessable Content", 429: "Too Many Requests",
    500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable",
    505: "HTTP Version Not Supported",
  ]

  /// Its shape, for the description.
  static let schema: JSONValue = [
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "correlation_id"],
    "properties": [
      "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
      "detail": ["type": "string"], "hint": ["type": "string"],
      "code": ["type": "string", "description": "A code of the error manual: `reconciler explain CODE`."],
      "correlation_id": ["type": "string"],
      "diagnostics": ["type": "array", "items": ["type": "object"]],
      "patch": ["type": "string", "description": "What would have to be committed."],
    ],
  ]
}

extension HTTPResponse {
  static func json(_ value: some Encodable, status: Int = 200, headers: [(name: String, value: String)] = [])
    -> HTTPResponse
  {
    HTTPResponse(
      status: status, headers: [("Content-Type", "application/json")] + headers,
      body: Array((JSONOutput.pretty(value) + "\n").utf8))
  }

  static func text(_ text: String, type: String = "text/plain; charset=utf-8", status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
  }
}
