import Model

/// A response before it is encoded.
struct SimulatorAnswer {
  enum Body {
    case json(JSONValue)
    case text([UInt8], type: String)
  }
  var status: Int
  var body: Body

  static func json(_ status: Int, _ value: JSONValue) -> SimulatorAnswer {
    SimulatorAnswer(status: status, body: .json(value))
  }
}

/// An error response: NPM's status and message.
struct NPMFault: Error {
  var status: Int
  var message: String
  var translation: JSONValue?
  /// Whether it concerns a login or a token: older releases have another status for it.
  var isAuth = false
  /// The output of a program that NPM ran.
  var trace: String?

  init(_ status: Int, _ message: String, translation: JSONValue? = nil, trace: String? = nil) {
    self.status = status
    self.message = message
    self.translation = translation
    self.trace = trace
  }

  static func auth(_ message: String, translation: JSONValue? = nil) -> NPMFault {
    var fault = NPMFault(400, message, translation: translation)
    fault.isAuth = true
    return fault
  }

  static let internalError = NPMFault(500, "Internal Error")
  static func notFound(_ id: String?) -> NPMFault { NPMFault(404, id.map { "Not Found - \($0)" } ?? "Not Found") }
  static func invalid(_ errors: [String]) -> NPMFault { NPMFault(400, errors.joined(separator: ", ")) }
  /// The caller may not do this. The form of NPM's response depends on the route: see `Router`.
  static let denied = NPMFault(-1, "denied")

  /// - Parameters:
  ///   - withDebug: routes below `/nginx/certificates` add it to every error.
  ///   - withCode: older releases leave it out of a 500.
  func json(withDebug: Bool, withCode: Bool = true) -> JSONValue {
    var error: [String: JSONValue] = ["message": .string(message)]
    if withCode { error["code"] = .int(status) }
    if let translation { error["message_i18n"] = translation }
    var body: [String: JSONValue] = ["error": .object(error)]
    if withDebug {
      body["debug"] =
        trace.map { ["stack": "simulated", "previous": ["message": .string($0)]] } ?? ["stack": "simulated"]
    }
    return .object(body)
  }
}

/// A request after the processing by NPM's web framework.
struct SimulatorCall {
  var method: String
  /// Without `/api`, as sent.
  var path: String
  var query: [String: String]
  /// nil: the body was missing or of a type that NPM does not parse.
  var body: JSONValue?
  var contentType: String
  var rawBody: [UInt8]
  var authorization: String?
  /// Whether a missing body is a separate error.
  var missesPayload = true

  var parts: [Substring] { path.split(separator: "/") }

  /// The body as coerced by the schema.
  ///
  /// - Throws: NPM's 400 if it does not match.
  func body(as schema: Schema) throws -> JSONValue {
    if body == nil && missesPayload { throw NPMFault(400, "Payload is undefined") }
    var value = body ?? [:]
    let errors = schema.check(&value)
    guard errors.isEmpty else { throw NPMFault.invalid(errors) }
    return value
  }
}
