import Model

/// The text that NPM's database sorts and searches hosts by.
enum DomainText {
  static func of(_ row: [String: JSONValue]) -> String {
    let names = (row["domain_names"]?.arrayValue ?? []).map { "\"\($0.stringValue ?? "")\"" }
    return "[" + names.joined(separator: ",") + "]"
  }

  /// SQL LIKE `%pattern%`: letter case is ignored, `%` and `_` are wildcards.
  static func matches(_ text: String, like pattern: String) -> Bool {
    like(Array(text.lowercased().unicodeScalars)[...], Array("%\(pattern.lowercased())%".unicodeScalars)[...])
  }

  private static func like(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
    var text = text, pattern = pattern
    var retry: (text: ArraySlice<Unicode.Scalar>, pattern: ArraySlice<Unicode.Scalar>)?
    while let character = text.first {
      if let expected = pattern.first, expected == "_" || (expected != "%" && expected == character) {
        text.removeFirst()
        pattern.removeFirst()
      } else if pattern.first == "%" {
        pattern.removeFirst()
        retry = (text, pattern)
      } else if let last = retry {
        retry = (last.text.dropFirst(), last.pattern)
        text = last.text.dropFirst()
        pattern = last.pattern
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == "%" }
  }
}
