/// The requests that an nginx location matches: the text that NPM writes between `location` and its brace. Source of
/// the rules: `ngx_http_core_location`.
package struct LocationMatch: Hashable, Sendable {
  package enum Way: String, Hashable, Sendable {
    /// Paths with this prefix; the longest prefix wins.
    case prefix = ""
    /// The same, and patterns are not tried.
    case prefixFirst = "^~"
    case exact = "="
    case pattern = "~"
    case patternIgnoringCase = "~*"
    /// Reached only by name, from directives such as `error_page`.
    case named = "@"
  }

  package var way: Way
  package var text: String

  package struct Problem: Error, Hashable, Sendable {
    package var message: String
    package var hint: String?

    package init(message: String, hint: String? = nil) {
      self.message = message
      self.hint = hint
    }
  }

  package var isPattern: Bool { way == .pattern || way == .patternIgnoringCase }

  /// - Throws: `Problem`.
  package init(_ path: String) throws {
    // The common case: nothing to parse, and nothing that nginx interprets.
    if path.hasPrefix("/"), path.utf8.allSatisfy({ $0.isAlphanumeric || "_-/".utf8.contains($0) }), !path.contains("//")
    {
      (way, text) = (.prefix, path)
      return
    }
    let words: [String]
    do {
      words = try NginxTokenizer.split(path)
    } catch let problem as NginxTokenizer.Problem {
      throw Problem(message: problem.message, hint: Self.hint(problem, path))
    }
    (way, text) = try Self.parts(words)
    if let problem = problem { throw problem }
  }

  private static func hint(_ problem: NginxTokenizer.Problem, _ path: String) -> String? {
    switch problem {
    case .ends where path.hasPrefix("~"): "put the pattern into double quotes: ~ \"^/a{2}$\""
    case .ends, .comment: "put it into double quotes"
    case .control: "a text of several lines ends with a line end: write it on one line, or with >-"
    default: nil
    }
  }

  private static func parts(_ words: [String]) throws -> (Way, String) {
    if words.count == 2 {
      guard let way = Way(rawValue: words[0]), way != .named, way != .prefix else {
        throw Problem(
          message: "has a blank in it", hint: "put it into double quotes; or begin it with =, ^~, ~ or ~* and a blank")
      }
      return (way, words[1])
    }
    guard let word = words.first, words.count == 1 else {
      let hasWay = words.first.flatMap { Way(rawValue: $0) } != nil
      throw Problem(
        message: words.isEmpty ? "is empty" : "has blanks in it",
        hint: hasWay ? "put what follows '\(words[0])' into double quotes" : "put it into double quotes")
    }
    let way = [Way.exact, .prefixFirst, .patternIgnoringCase, .pattern].first { word.hasPrefix($0.rawValue) }
    if let way { return (way, String(word.dropFirst(way.rawValue.count))) }
    return (word.hasPrefix("@") ? .named : .prefix, word)
  }

  /// A text that nginx refuses or never matches: it compares request paths decoded and without their query.
  private var problem: Problem? {
    switch way {
    case .pattern, .patternIgnoringCase: patternProblem
    case .named:
      text.utf8.dropFirst().allSatisfy { $0.isAlphanumeric || "_-.".utf8.contains($0) } && text.utf8.count > 1
        ? nil : Problem(message: "names no location", hint: "write @name")
    case .prefix, .prefixFirst, .exact: pathProblem
    }
  }

  private var patternProblem: Problem? {
    if text.isEmpty { return Problem(message: "has no pattern") }
    guard let first = text.first, " \"'".contains(first) else { return nil }
    return Problem(
      message: "would never match: the \(first == " " ? "blank" : "quote") is a part of the pattern",
      hint: "put a blank behind '\(way.rawValue)', and quotes around the pattern alone: \(way.rawValue) \"^/a$\"")
  }

  /// Another text in the notation of this location, for hints.
  private func written(_ text: String) -> String { way == .prefix ? text : "\(way.rawValue) \(text)" }

  private var pathProblem: Problem? {
    if let first = text.first, "\"'".contains(first) {
      return Problem(
        message: "would never match: the quote is a part of it", hint: "put a blank behind '\(way.rawValue)'")
    }
    if text.hasPrefix("^") {
      return Problem(message: "would never match: patterns begin with ~", hint: "write '~ \(text)'")
    }
    if !text.hasPrefix("/") {
      return Problem(
        message: "would never match: it does not begin with a slash", hint: "write '\(written("/" + text))'")
    }
    if text.contains("\\") {
      return Problem(
        message: "would never match: the backslash is a part of it", hint: "leave it away, or write a pattern with ~")
    }
    if text.contains("?") {
      return Problem(message: "would never match: nginx compares paths without their query", hint: "end it before '?'")
    }
    if text.contains("//") {
      return Problem(message: "would never match: nginx takes several slashes for one", hint: "write one")
    }
    let parts = text.split(separator: "/")
    if parts.contains(".") || parts.contains("..") {
      return Problem(message: "would never match: nginx resolves '.' and '..'", hint: "write the path they lead to")
    }
    if hasEscape {
      return Problem(
        message: "would never match: nginx compares paths decoded", hint: "write the characters themselves, in quotes")
    }
    if way == .prefixFirst && text == "/" {
      return Problem(message: "is there twice: NPM writes a location '/' of its own", hint: "write '/'")
    }
    return nil
  }

  /// A text that nginx accepts literally but that was probably meant as a pattern; nil: no doubt.
  package var doubt: Problem? {
    guard way == .prefix || way == .prefixFirst || way == .exact,
      text.contains("*") || text.contains("(.") || text.hasSuffix("$")
    else { return nil }
    return Problem(
      message: "matches just these characters: it is no pattern", hint: "a pattern begins with ~, as in '~ ^/a/'")
  }

  private var hasEscape: Bool {
    let bytes = Array(text.utf8)
    return bytes.indices.contains { index in
      bytes[index] == UInt8(ascii: "%") && index + 2 < bytes.count
        && bytes[(index + 1)...(index + 2)].allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }
  }
}
