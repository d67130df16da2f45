/// Where a redirection host sends requests: what NPM writes, unquoted, behind the scheme in `return 301 …`.
package enum RedirectTarget {
  package struct Problem: Hashable, Sendable {
    package var message: String
    package var hint: String?
  }

  /// NPM's own pattern is `^(?:[^.*]+\\.?)+[^.]$`: no star, no two dots, no dot at either end, two characters or more.
  package static func problem(with text: String) -> Problem? {
    if text.contains("://") || text.hasPrefix("//") {
      return Problem(message: "'\(text)' carries a scheme", hint: "write it into 'forward_scheme', and the domain here")
    }
    let scalars = text.unicodeScalars
    if let bad = scalars.first(where: { $0.value <= 0x20 || $0.value == 0x7f || $0.properties.isWhitespace }) {
      let what = bad == " " ? "a blank" : "a blank or control character"
      return Problem(message: "it contains \(what)")
    }
    if let bad = scalars.first(where: { "*;{}\"'\\<>^`|".unicodeScalars.contains($0) }) {
      return Problem(message: "it contains '\(bad)', which \(bad == "*" ? "NPM" : "nginx") does not take")
    }
    if let bad = scalars.first(where: { $0.value >= 0x80 }) {
      return Problem(message: "it contains '\(bad)'", hint: "write it as Punycode or percent-encoded")
    }
    if text.contains("..") || text.hasPrefix(".") || text.hasSuffix(".") || text.utf8.count < 2 {
      return Problem(
        message: "'\(text)' is no domain that NPM takes", hint: "two characters or more, no '..', no dot at its ends")
    }
    if text.hasPrefix("/") || text.hasPrefix(":") || text.hasPrefix("?") || text.hasPrefix("#") {
      return Problem(message: "'\(text)' names no host", hint: "write the domain first: example.com/path")
    }
    if text.contains("@") { return Problem(message: "a redirection carries no user name") }
    if let name = NginxVariables.unknown(in: text) { return Problem(message: "nginx knows no variable '\(name)'") }
    return nil
  }

  /// The host in it, without port and path, in lower case.
  package static func host(of text: String) -> String {
    let authority = text.prefix { !"/?#".contains($0) }.lowercased()
    guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return authority }
    return String(authority[..<colon])
  }
}
