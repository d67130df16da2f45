import Model

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
    if let problem = problem(withPath: path) { return .failure(problem) }
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
    let name: String
    do {
      name = try HostName.normalised(String(host))
    } catch {
      return .failure(Problem(message: error.message, hint: error.hint ?? "write it as http://host:port"))
    }
    guard let portText else { return .success((name, standardPort)) }
    guard let port = Int(portText), (1...65535).contains(port), portText.allSatisfy(\.isNumber) else {
      return .failure(Problem(message: "the port must be 1 to 65535, this is '\(portText)'", isPort: true))
    }
    return .success((name, port))
  }

  /// Checks the text after the port, which nginx reads unquoted.
  static func problem(withPath path: String) -> Problem? {
    let isWhole = ["$request_uri", "$uri", "${request_uri}", "${uri}"].contains { path.hasPrefix($0) }
    if !path.isEmpty && !path.hasPrefix("/") && !isWhole {
      return Problem(message: "the path must begin with a slash", hint: "write '/\(path)'")
    }
    // By scalars: nginx works on bytes, so a combining mark does not hide a semicolon.
    let bad = withoutVariables(path).unicodeScalars.first {
      $0.properties.isWhitespace || $0.value < 0x20 || $0.value == 0x7f || ";{}\"'\\".unicodeScalars.contains($0)
    }
    guard let bad else { return nil }
    let shown =
      bad.properties.isWhitespace || bad.value < 0x20 || bad.value == 0x7f ? "a blank or control character" : "'\(bad)'"
    return Problem(message: "the path contains \(shown), which nginx would not take as part of it")
  }

  /// Without `${name}`, whose braces nginx accepts.
  private static func withoutVariables(_ path: String) -> String {
    var rest = path[...]
    var kept = ""
    while let start = rest.firstRange(of: "${") {
      let name = rest[start.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      guard !name.isEmpty, rest[name.endIndex...].hasPrefix("}") else { break }
      kept += rest[..<start.lowerBound]
      rest = rest[rest.index(after: name.endIndex)...]
    }
    return kept + rest
  }
}
