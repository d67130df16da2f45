/// `$NAME`, `${NAME}`, `${NAME:-default}` and `$$` of compose files.
struct ComposeVariables {
  let value: (String) -> String?

  /// - Parameter unset: gets the names of variables that have neither value nor default.
  func fill(_ text: String, _ unset: inout Set<String>, depth: Int = 0) -> String {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.hasPrefix("$") {
        result += "$"
        rest = rest.dropFirst()
      } else if rest.hasPrefix("{"), let end = Self.end(of: rest), depth < 10 {
        result += expand(String(rest[rest.index(after: rest.startIndex)..<end]), &unset, depth)
        rest = rest[rest.index(after: end)...]
      } else {
        let name = rest.prefix(while: Self.isOfName)
        result += name.isEmpty ? "$" : expand(String(name), &unset, depth)
        rest = rest[name.endIndex...]
      }
    }
    return result + rest
  }

  /// Whether it has a variable; `$$` is none.
  static func holdsVariable(_ text: String) -> Bool {
    text.replacing("$$", with: "").firstMatch(of: /\$[A-Za-z_{]/) != nil
  }

  /// The brace that closes the first one; defaults may hold others.
  private static func end(of text: Substring) -> Substring.Index? {
    var depth = 0
    for index in text.indices {
      if text[index] == "{" { depth += 1 }
      if text[index] == "}" {
        depth -= 1
        if depth == 0 { return index }
      }
    }
    return nil
  }

  private static func isOfName(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }

  private func expand(_ text: String, _ unset: inout Set<String>, _ depth: Int) -> String {
    let name = text.prefix(while: Self.isOfName)
    let rest = text[name.endIndex...]
    let operation = rest.hasPrefix(":") ? rest.dropFirst() : rest
    let found = value(String(name)).flatMap { rest.hasPrefix(":") && $0.isEmpty ? nil : $0 }
    func other() -> String { fill(String(operation.dropFirst()), &unset, depth: depth + 1) }
    switch operation.first {
    case "-": return found ?? other()
    case "+": return found == nil ? "" : other()
    default:
      if let found { return found }
      unset.insert(String(name))
      return ""
    }
  }

  /// The variables of a `.env` file.
  static func variables(of text: String) -> [String: String] {
    var result: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.drop { $0 == " " }
      guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
      let name = line[..<equals].split(separator: " ").last.map(String.init) ?? ""
      var value = line[line.index(after: equals)...].drop { $0 == " " }
      while value.last == " " { value.removeLast() }
      let quote = value.first
      if let quote, quote == "\"" || quote == "'", let end = value.dropFirst().firstIndex(of: quote) {
        value = value[value.index(after: value.startIndex)..<end]
      } else if let comment = value.firstRange(of: " #") {
        value = value[..<comment.lowerBound]
        while value.last == " " { value.removeLast() }
      }
      result[name] = String(value)
    }
    return result
  }
}
