/// A rule of a Traefik router, such as ``Host(`a.example.com`) && PathPrefix(`/api`)``.
enum TraefikRule {
  struct Match: Equatable {
    var domains: [String] = []
    /// In nginx's notation of a location; nil: everything.
    var path: String?
  }

  struct Problem: Error {
    var message: String
  }

  /// - Throws: `Problem`, if nginx cannot express the rule by server names and locations.
  static func matches(_ rule: String) throws(Problem) -> [Match] {
    var parser = Parser(rest: Array(rule)[...])
    let alternatives = try parser.alternatives()
    guard parser.isAtEnd else { throw Problem(message: "its rule cannot be read") }
    var result: [Match] = []
    for terms in alternatives { result += try self.matches(terms) }
    return result
  }

  /// Domains that a rule is about, as far as they can be seen in one that cannot be expressed; nil: it may be any.
  static func domains(in rule: String) -> Set<String>? {
    let plain = rule.lowercased()
    guard !plain.contains("!"), !plain.contains("hostregexp"), !plain.contains("||") || !plain.contains("path") else {
      return nil
    }
    let found = plain.matches(of: /host(?:header)?\s*\(([^)]*)\)/).flatMap { match in
      match.output.1.split(separator: ",").map { $0.filter { !"`\"' ".contains($0) } }
    }
    return found.isEmpty ? nil : Set(found)
  }

  private struct Term {
    var name: String
    var values: [String]
  }

  private static func matches(_ terms: [Term]) throws(Problem) -> [Match] {
    var domains: [String] = []
    var paths: [String] = []
    for term in terms {
      switch term.name.lowercased() {
      case "host" where domains.isEmpty, "hostheader" where domains.isEmpty: domains = term.values
      case "pathprefix" where paths.isEmpty: paths = term.values
      case "path" where paths.isEmpty: paths = term.values.map { "= \($0)" }
      default: throw Problem(message: "a part of its rule has no counterpart in NPM")
      }
    }
    guard !domains.isEmpty else { throw Problem(message: "its rule names no Host") }
    if paths.isEmpty || paths.contains("/") { return [Match(domains: domains)] }
    return paths.map { Match(domains: domains, path: $0) }
  }

  /// Brings a rule to alternatives, each of terms that all hold.
  private struct Parser {
    var rest: ArraySlice<Character>
    private var depth = 0

    init(rest: ArraySlice<Character>) { self.rest = rest }

    var isAtEnd: Bool { rest.allSatisfy(\.isWhitespace) }

    mutating func alternatives() throws(Problem) -> [[Term]] {
      var result = try conjunction()
      while take("||") { result += try conjunction() }
      return result
    }

    private mutating func conjunction() throws(Problem) -> [[Term]] {
      var result = try factor()
      while take("&&") {
        let right = try factor()
        guard result.count * right.count <= 100 else { throw Problem(message: "its rule has too many alternatives") }
        result = result.flatMap { left in right.map { left + $0 } }
      }
      return result
    }

    private mutating func factor() throws(Problem) -> [[Term]] {
      if take("(") {
        depth += 1
        defer { depth -= 1 }
        guard depth < 50 else { throw Problem(message: "its rule is nested too deeply") }
        let inner = try alternatives()
        guard take(")") else { throw Problem(message: "its rule lacks a ')'") }
        return inner
      }
      if take("!") { throw Problem(message: "'!' of its rule has no counterpart in NPM") }
      skipBlanks()
      let name = String(rest.prefix { $0.isLetter })
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty, take("(") else { throw Problem(message: "its rule cannot be read") }
      var values: [String] = []
      repeat { values.append(try value()) } while take(",")
      guard take(")") else { throw Problem(message: "its rule lacks a ')'") }
      return [[Term(name: name, values: values)]]
    }

    private mutating func value() throws(Problem) -> String {
      skipBlanks()
      guard let quote = rest.first, "`\"'".contains(quote), let end = rest.dropFirst().firstIndex(of: quote) else {
        throw Problem(message: "its rule has a value without quotes")
      }
      let text = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[(end + 1)...]
      return text
    }

    private mutating func take(_ text: String) -> Bool {
      skipBlanks()
      guard rest.starts(with: text) else { return false }
      rest = rest.dropFirst(text.count)
      return true
    }

    private mutating func skipBlanks() { rest = rest.drop { $0.isWhitespace } }
  }
}
