/// `$NAME`, `${NAME}`, `${NAME:-default}` and `$$` of compose files.
struct ComposeVariables {
  let value: (String) -> String?

  /// - Parameter unset: gets the names of variables that have neither value nor default.
  func fill(_ text: String, _ unset: inout Set<String>) -> String {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.hasPrefix("$") {
        result += "$"
        rest = rest.dropFirst()
      } else if rest.hasPrefix("{"), let end = rest.firstIndex(of: "}") {
        result += expand(String(rest[rest.index(after: rest.startIndex)..<end]), &unset)
        rest = rest[rest.index(after: end)...]
      } else {
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        result += name.isEmpty ? "$" : expand(String(name), &unset)
        rest = rest[name.endIndex...]
      }
    }
    return result + rest
  }

  private func expand(_ text: String, _ unset: inout Set<String>) -> String {
    let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    let rest = text[name.endIndex...]
    let isEmptyUnset = rest.hasPrefix(":")
    let operation = rest.drop { $0 == ":" }
    let found = value(String(name)).flatMap { isEmptyUnset && $0.isEmpty ? nil : $0 }
    switch operation.first {
    case "-": return found ?? String(operation.dropFirst())
    case "+": return found == nil ? "" : String(operation.dropFirst())
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
      if value.count > 1, quote == "\"" || quote == "'", value.last == quote { value = value.dropFirst().dropLast() }
      result[name] = String(value)
    }
    return result
  }
}
