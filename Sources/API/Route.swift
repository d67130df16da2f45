package import HTTPServer
package import Model

/// Who asks.
package struct Principal: Hashable, Sendable {
  /// The token's name; nil: none was given, on a way that only this machine has.
  package var name: String?
  package var role: Role
  /// Of the token; nil: it has none.
  package var digest: String?
}

/// A request that may be answered.
package struct APIRequest: Sendable {
  package var http: HTTPRequest
  /// Parts of the path, decoded, by the names in the route's pattern.
  package var path: [String: String] = [:]
  /// Decoded; of several with one name, the last.
  package var query: [String: String] = [:]
  package var principal: Principal?
  /// Whether what it began may go on.
  package var isStillAdmitted: @Sendable () async -> Bool = { true }
  /// In every event and answer that this request causes.
  package var correlation: String

  /// A header by its name in lower case.
  package func header(_ name: String) -> String? { http.headers[name] }

  /// A parameter that is true or false.
  ///
  /// - Throws: `Problem`.
  func flag(_ name: String) throws -> Bool {
    guard let text = query[name] else { return false }
    guard ["true", "false"].contains(text) else { throw Problem(400, .apiRequest, "'\(name)' is true or false") }
    return text == "true"
  }

  /// An event that says who caused it.
  func event(_ source: String, _ subject: String, _ reason: String, _ message: String) -> Event {
    let by = principal?.name ?? "this machine"
    return Event(
      .info, source: source, subject: subject, reason: reason, "\(message) (by \(by))",
      correlation: correlation, data: ["by": .string(by)])
  }
}

/// One thing that can be asked for. The router serves these, and the OpenAPI document describes them.
package struct Route: Sendable {
  package enum Access: Sendable, Equatable {
    /// For everyone who reaches the address.
    case open
    case role(Role)
  }

  package struct Parameter: Sendable {
    package var name: String
    package var meaning: String
    package var schema: JSONValue

    package init(_ name: String, _ meaning: String, _ schema: JSONValue) {
      self.name = name
      self.meaning = meaning
      self.schema = schema
    }
  }

  /// An answer, for the description.
  package struct Answer: Sendable {
    package var status: Int
    package var meaning: String
    /// By media type.
    package var content: [String: JSONValue]

    package init(_ status: Int, _ meaning: String, _ content: [String: JSONValue] = [:]) {
      self.status = status
      self.meaning = meaning
      self.content = content
    }
  }

  package var method: String
  package var pattern: PathPattern
  /// Unique, for clients that are generated.
  package var id: String
  package var summary: String
  package var access: Access
  package var parameters: [Parameter]
  /// The shape of its JSON body; nil: it has none.
  package var body: JSONValue?
  /// Whether no body is as good as an empty object.
  package var isBodyOptional = false
  package var answers: [Answer]
  package var respond: @Sendable (APIRequest) async throws -> HTTPResponse

  package init(
    _ method: String, _ pattern: String, _ id: String, _ summary: String, access: Access = .role(.read),
    parameters: [Parameter] = [], body: JSONValue? = nil, answers: [Answer],
    respond: @escaping @Sendable (APIRequest) async throws -> HTTPResponse
  ) {
    self.method = method
    self.pattern = PathPattern(pattern)
    self.id = id
    self.summary = summary
    self.access = access
    self.parameters = parameters
    self.body = body
    self.answers = answers
    self.respond = respond
  }
}

/// A path with variable parts: `/api/proxies/{name}`, `/api/badges/{name}.svg`.
package struct PathPattern: Hashable, Sendable {
  package let text: String
  private let parts: [Part]

  private enum Part: Hashable {
    case literal(String)
    case variable(String, suffix: String)
  }

  init(_ text: String) {
    self.text = text
    parts = text.split(separator: "/", omittingEmptySubsequences: false).map { part in
      guard part.hasPrefix("{"), let end = part.firstIndex(of: "}") else { return .literal(String(part)) }
      return .variable(
        String(part[part.index(after: part.startIndex)..<end]), suffix: String(part[part.index(after: end)...]))
    }
  }

  /// Names of the variable parts.
  package var variables: [String] {
    parts.compactMap { if case .variable(let name, _) = $0 { name } else { nil } }
  }

  /// Literal parts are matched before variable ones.
  var precedence: Int { parts.count { if case .literal = $0 { true } else { false } } }

  /// The variable parts of a path, still encoded; nil: it is another path.
  func match(_ path: [Substring]) -> [String: Substring]? {
    guard path.count == parts.count else { return nil }
    var found: [String: Substring] = [:]
    for (part, text) in zip(parts, path) {
      switch part {
      case .literal(let literal): if literal != text { return nil }
      case .variable(let name, let suffix):
        guard text.hasSuffix(suffix), text.utf8.count > suffix.utf8.count else { return nil }
        found[name] = text.dropLast(suffix.count)
      }
    }
    return found
  }
}

/// Percent-encoding (RFC 3986).
enum PercentCoding {
  /// nil: no such encoding, or no text.
  static func decoded(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) || (plusIsBlank && text.utf8.contains(UInt8(ascii: "+"))) else {
      return String(text)
    }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "+"), plusIsBlank {
        bytes.append(0x20)
      } else if byte == UInt8(ascii: "%") {
        guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
        bytes.append(high << 4 | low)
      } else {
        bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  /// The members of a query; nil: it cannot be read.
  static func query(_ text: String?) -> [String: String]? {
    var found: [String: String] = [:]
    for pair in (text ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decoded(parts[0], plusIsBlank: true),
        let value = decoded(parts.count > 1 ? parts[1] : "", plusIsBlank: true)
      else { return nil }
      found[name] = value
    }
    return found
  }
}
