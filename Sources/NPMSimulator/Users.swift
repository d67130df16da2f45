import FoundationEssentials
import Model
import Platform

/// The caller of a request.
enum Principal {
  case anonymous
  case user(SimulatedUser)
  /// A token, once valid, of a user that is now disabled or deleted.
  case ghost
}

/// Tokens and logins.
struct Users {
  private struct Session {
    var user: Int
    var expires: Timestamp
  }
  private var sessions: [String: Session] = [:]

  /// The caller of an `Authorization` header. Only `Bearer` with a capital B is accepted.
  func caller(_ authorization: String?, _ state: SimulatorState, now: Timestamp) throws -> Principal {
    guard let token = bearer(authorization) else { return .anonymous }
    if token == "null" { throw NPMFault.auth("Empty token") }
    guard let session = sessions[token] else { throw NPMFault.internalError }
    guard session.expires > now else {
      throw NPMFault.auth(
        "Token has expired",
        translation: [
          "name": "TokenExpiredError", "message": "jwt expired", "expiredAt": .string(session.expires.iso8601),
        ])
    }
    guard let user = state.user(session.user), !user.isDisabled else { return .ghost }
    return .user(user)
  }

  private func bearer(_ authorization: String?) -> String? {
    guard let authorization, authorization.hasPrefix("Bearer ") else { return nil }
    let token = authorization.dropFirst(7).filter { $0 != " " }
    return token.isEmpty ? nil : String(token)
  }

  mutating func login(_ call: SimulatorCall, _ state: SimulatorState, now: Timestamp) throws -> SimulatorAnswer {
    let schema = Schema.object(
      [
        .init("identity", .string(lengths: 1...Int.max)),
        .init("scope", .string(lengths: 1...Int.max, choices: ["user"])),
        .init("secret", .string(lengths: 1...Int.max)),
      ], required: ["identity", "secret"])
    let body = try call.body(as: schema)
    let identity = (body["identity"].stringValue ?? "").lowercased().filter { !$0.isWhitespace }
    guard let user = state.users.first(where: { $0.email == identity && !$0.isDeleted && !$0.isDisabled }) else {
      throw NPMFault.auth("Invalid email or password")
    }
    guard let secret = user.secret else { throw NPMFault.auth("Invalid email or password") }
    guard body["secret"].stringValue == secret else {
      throw NPMFault.auth("Invalid email or password", translation: "error.invalid-auth")
    }
    return issue(user: user.id, seconds: 86400, now: now)
  }

  /// `GET /tokens`: works for disabled and deleted users too.
  mutating func refresh(_ call: SimulatorCall, _ state: SimulatorState, now: Timestamp) throws -> SimulatorAnswer {
    guard let token = bearer(call.authorization) else {
      throw call.missesPayload ? NPMFault.internalError : NPMFault(400, "Internal Error")
    }
    _ = try caller(call.authorization, state, now: now)
    guard let session = sessions[token] else { throw NPMFault.internalError }
    let expiry = call.query["expiry"] ?? "1d"
    guard let seconds = Self.seconds(expiry) else { throw NPMFault.auth("Invalid expiry time: \(expiry)") }
    return issue(user: session.user, seconds: seconds, now: now)
  }

  private mutating func issue(user: Int, seconds: Double, now: Timestamp) -> SimulatorAnswer {
    let token = "sim.\(user).\(UUID().uuidString)"
    let expires = now + seconds
    sessions[token] = Session(user: user, expires: expires)
    return .json(200, ["token": .string(token), "expires": .string(expires.iso8601)])
  }

  /// Parses lifetimes such as `1s`, `2d`, `10y`.
  private static func seconds(_ text: String) -> Double? {
    let digits = text.prefix { $0.isNumber }
    let units = [
      "y": 31_536_000.0, "Q": 7_884_000, "M": 2_628_000, "w": 604_800, "d": 86400, "h": 3600, "m": 60, "s": 1,
      "ms": 0.001,
    ]
    guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))] else { return nil }
    return number * unit
  }
}
