import DesiredFiles
import FoundationEssentials
import HTTPServer
import Model

/// The members of a request's JSON body.
struct JSONBody {
  let members: [String: JSONValue]

  /// - Parameters:
  ///   - known: members that it may have; nil: any.
  ///   - isOptional: no body is an empty one.
  /// - Throws: `Problem`.
  init(_ request: APIRequest, known: [String]?, isOptional: Bool = false) throws {
    if isOptional, request.http.body.isEmpty {
      try self.init([:], known: known)
      return
    }
    let type = request.header("content-type")?.lowercased() ?? ""
    guard type.hasPrefix("application/json") else {
      throw Problem(415, .apiRequest, "a body is JSON", hint: "send 'Content-Type: application/json'")
    }
    let value = try? JSONDecoder().decode(JSONValue.self, from: Data(request.http.body))
    guard let members = value?.objectValue else { throw Problem(400, .apiRequest, "the body is no JSON object") }
    if let problem = JSONKeys.problem(in: request.http.body) { throw Problem(400, .duplicateKey, problem) }
    try self.init(members, known: known)
  }

  private init(_ members: [String: JSONValue], known: [String]?) throws {
    if let known, let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
      throw Problem(
        422, .unknownKey, "'\(unknown.prefix(100))' has no place here",
        hint: Suggestion.nearest(to: unknown, among: known).map { "did you mean '\($0)'?" }
          ?? "it has \(known.joined(separator: ", "))")
    }
    self.members = members
  }

  func text(_ name: String, upTo limit: Int = 1000) throws -> String? {
    guard let value = members[name] else { return nil }
    guard let text = value.stringValue else { throw Problem(422, .wrongType, "'\(name)' is a text") }
    guard text.unicodeScalars.count <= limit else {
      throw Problem(422, .tooLarge, "'\(name)' has at most \(limit) characters")
    }
    return text
  }

  func flag(_ name: String) throws -> Bool? {
    guard let value = members[name] else { return nil }
    guard let flag = value.boolValue else { throw Problem(422, .wrongType, "'\(name)' is true or false") }
    return flag
  }

  /// A length such as `2h`, in seconds.
  func seconds(_ name: String) throws -> Double? {
    guard let text = try text(name) else { return nil }
    guard let seconds = DurationFormat.seconds(text), seconds > 0 else {
      throw Problem(422, .badValue, "'\(name)' is a duration", hint: "write 30m, 2h or 7d")
    }
    return seconds
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = members[name] else { return nil }
    guard let number = value.intValue, range.contains(number) else {
      throw Problem(
        422, .wrongType, "'\(name)' is a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A list of texts, or one text.
  func texts(_ name: String, upTo limit: Int) throws -> [String]? {
    guard let value = members[name] else { return nil }
    guard let items = value.stringValue == nil ? value.arrayValue : [value], items.count <= limit,
      items.allSatisfy({ ($0.stringValue?.unicodeScalars.count).map((1...300).contains) ?? false })
    else { throw Problem(422, .wrongType, "'\(name)' is a list of up to \(limit) texts") }
    return items.compactMap(\.stringValue)
  }

  /// - Parameter known: members that it may have.
  func object(_ name: String, known: [String]) throws -> JSONBody? {
    guard let value = members[name] else { return nil }
    guard let inner = value.objectValue else { throw Problem(422, .wrongType, "'\(name)' is an object") }
    return try JSONBody(inner, known: known)
  }
}
