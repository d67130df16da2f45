/// A destination written as a URL.
package struct ForwardURL: Equatable {
  package struct Problem: Error, Equatable {
    package var message: String
    package var hint: String?
    package var isPort = false
  }

  package var scheme: String
  /// A name, an IPv4 address, or an IPv6 address in brackets.
  package var host: String
  package var port: Int
  /// Empty, or from the first slash on.
  package var path: String

  package static func parse(_ text: String, allowsPath: Bool) -> Result<ForwardURL, Problem> {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[colon...].hasPrefix("://") else {
      return .failure(Problem(message: "'\(text)' is no URL", hint: "write it as http://host:port"))
    }
    let scheme = text[..<colon].lowercased()
    guard scheme == "http" || scheme == "https" else {
      return .failure(Problem(message: "'\(scheme)' is no scheme that NPM forwards to", hint: "use http or https"))
    }
    let rest = text[text.utf8.index(colon, offsetBy: 3)...]
    let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    let authority = rest[..<slash]
    let path = String(rest[slash...])
    if !allowsPath && path.utf8.count > 1 {
      let hint = "a path belongs into an entry of 'locations'"
      return .failure(
        Problem(message: "a proxy host forwards to a host and port, not to the path '\(path)'", hint: hint))
    }
    // nginx knows no characters of several parts: a mark on a semicolon does not make it another one.
    if let bad = path.unicodeScalars.first(where: {
      $0.properties.isWhitespace || ";{}\"'\\".unicodeScalars.contains($0)
    }) {
      return .failure(Problem(message: "the path contains '\(bad)', which nginx would not take as part of it"))
    }
    if authority.utf8.contains(UInt8(ascii: "@")) {
      return .failure(Problem(message: "a destination carries no user name", hint: "remove what stands before '@'"))
    }
    return hostAndPort(authority, standardPort: scheme == "https" ? 443 : 80).map {
      ForwardURL(scheme: scheme, host: $0.host, port: $0.port, path: allowsPath ? path : "")
    }
  }

  private static func hostAndPort(_ text: Substring, standardPort: Int) -> Result<(host: String, port: Int), Problem> {
    var host = text
    var portText: Substring?
    if text.first == "[" {
      guard let close = text.firstIndex(of: "]") else {
        return .failure(Problem(message: "the bracket in '\(text)' is not closed"))
      }
      host = text[...close]
      let after = text[text.index(after: close)...]
      if after.first == ":" { portText = after.dropFirst() } else if !after.isEmpty { portText = "?" }
    } else if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) {
      host = text[..<colon]
      portText = text[text.utf8.index(after: colon)...]
      if host.utf8.contains(UInt8(ascii: ":")) {
        return .failure(Problem(message: "'\(text)' is ambiguous", hint: "put an IPv6 address into brackets: [::1]"))
      }
    }
    if let problem = problem(withHost: host) { return .failure(problem) }
    guard let portText else { return .success((String(host), standardPort)) }
    guard let port = Int(portText), (1...65535).contains(port), portText.allSatisfy(\.isNumber) else {
      return .failure(Problem(message: "the port must be 1 to 65535, this is '\(portText)'", isPort: true))
    }
    return .success((String(host), port))
  }

  /// What is wrong with a host, in a URL or alone.
  static func problem(withHost host: Substring) -> Problem? {
    if host.isEmpty { return Problem(message: "the URL names no host", hint: "write it as http://host:port") }
    if host.count > 255 { return Problem(message: "the host has more than 255 characters") }
    let isPlain: (UInt8) -> Bool = { $0 >= 0x61 && $0 <= 0x7a || $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2e || $0 == 0x2d }
    if host.utf8.allSatisfy(isPlain) { return nil }
    let allowed: (Character) -> Bool = { $0.isLetter || $0.isNumber || "-._[]:%".contains($0) }
    if let bad = host.first(where: { !allowed($0) }) { return Problem(message: "the host contains '\(bad)'") }
    return nil
  }
}
