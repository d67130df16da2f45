import Model
import Planning

/// Finds the line of YAML behind an nginx error by the token that the error names.
enum NginxErrorLocator {
  private struct Text {
    var path: String
    var value: String
  }

  /// - Parameter message: the first line of nginx's error.
  static func place(_ message: String, in change: Change) -> SourceLocation? {
    guard let spec = change.desired else { return change.source }
    let texts = self.texts(spec).filter { !$0.value.isEmpty && change.fieldSources[$0.path] != nil }
    if message.contains("SSL_") || message.contains("certificate"), let source = change.fieldSources["certificate"] {
      return source.location
    }
    let isDuplicate = message.hasPrefix("duplicate location")
    for token in quoted(message) where token.contains(where: { $0.isLetter || $0.isNumber || $0 == "/" }) {
      let candidates = isDuplicate ? texts.reversed().filter { $0.path.hasSuffix(".path") } : texts
      if let found = candidates.lazy.compactMap({ line(of: token, in: $0) }).first {
        return change.fieldSources[found.path]?.line(found.index, length: max(1, token.count))
      }
    }
    let config = texts.first { $0.path.hasSuffix("advanced_config") }
    return config.flatMap { change.fieldSources[$0.path]?.line(0) } ?? change.source
  }

  /// User-written text that ends up in nginx's configuration.
  private static func texts(_ spec: Spec) -> [Text] {
    var found = [Text(path: "advanced_config", value: spec["advanced_config"].stringValue ?? "")]
    let locations = spec["locations"].arrayValue ?? []
    for name in ["advanced_config", "path", "forward_host", "forward_path"] {
      for (index, location) in locations.enumerated() {
        found.append(Text(path: "locations[\(index)].\(name)", value: location[name].stringValue ?? ""))
      }
    }
    found.append(Text(path: "forward_host", value: spec["forward_host"].stringValue ?? ""))
    return found
  }

  /// The line that contains a token, preferably at its beginning: that is where directives are.
  private static func line(of token: String, in text: Text) -> (path: String, index: Int)? {
    let lines = text.value.split(separator: "\n", omittingEmptySubsequences: false)
    let index =
      lines.firstIndex { tokens($0).first == token[...] } ?? lines.firstIndex { tokens($0).contains(token[...]) }
      ?? (text.value == token ? 0 : nil)
    return index.map { (text.path, $0) }
  }

  private static func tokens(_ line: Substring) -> [Substring] {
    line.split { $0.isWhitespace || ";{}\"'".contains($0) }
  }

  /// The texts between double quotes.
  private static func quoted(_ message: String) -> [String] {
    message.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      .map { String($0.element) }
  }
}
