/// The target of a redirection host: NPM writes it unquoted after the scheme in `return 301 …`.
package enum RedirectTarget {
  package struct Problem: Hashable, Sendable {
    package var message: String
    package var hint: String?
  }

  /// NPM's own pattern is `^(?:[^.*]+\\.?)+[^.]$`: no star, no two dots, no dot at either end, two characters or more.
  package static func problem(with text: String) -> Problem? {
    if hasScheme(text) || text.hasPrefix("//") {
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
    if authority(of: text).contains("@") { return Problem(message: "a redirection carries no user name") }
    if let problem = problem(withAuthority: authority(of: text)) { return problem }
    if let name = NginxVariables.unknown(in: text) { return Problem(message: "nginx knows no variable '\(name)'") }
    return nil
  }

  private static func hasScheme(_ text: String) -> Bool {
    guard let mark = text.firstRange(of: "://") else { return false }
    return text[..<mark.lowerBound].utf8.allSatisfy { $0.isAlphanumeric || "+-.".utf8.contains($0) }
  }

  private static func authority(of text: String) -> Substring { text.prefix { !"/?#".contains($0) } }

  private static func problem(withAuthority text: Substring) -> Problem? {
    let isBracketed = text.hasPrefix("[")
    if isBracketed != text.contains("]") { return Problem(message: "the brackets in '\(text)' do not match") }
    guard let port = port(in: text), !port.contains("$") else { return nil }
    let isPort =
      port.utf8.allSatisfy { (0x30...0x39).contains($0) } && Int(port).map { (1...65535).contains($0) } == true
    return isPort ? nil : Problem(message: "the port must be 1 to 65535, this is '\(port)'")
  }

  /// The text after the colon of a port; nil: none.
  private static func port(in authority: Substring) -> Substring? {
    let start = authority.lastIndex(of: "]") ?? authority.startIndex
    return authority[start...].firstIndex(of: ":").map { authority[authority.index(after: $0)...] }
  }

  /// The host of the target on the ports of NPM's hosts, in lower case; nil: the target has another port.
  package static func host(of text: String) -> String? {
    let authority = authority(of: text)
    guard let port = port(in: authority) else { return authority.lowercased() }
    return ["80", "443"].contains(port) ? authority.dropLast(port.count + 1).lowercased() : nil
  }
}
