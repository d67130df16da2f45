import Model

/// Checks a configuration to the extent that the recordings of a real NPM need. It is not nginx: it knows directive
/// names, the context of some of them, braces, locations, and names that can never resolve.
enum NginxConfigCheck {
  /// nginx's error for a host; nil: accepted.
  static func complaint(
    _ kind: HostKind, id: Int, _ row: [String: JSONValue], badCertificates: Set<Int> = [], takenPorts: Set<String> = []
  ) -> String? {
    let found = problem(kind, row, badCertificates) ?? (kind == .stream ? stream(row, takenPorts) : nil)
    guard row["enabled"] != false, let words = found else { return nil }
    return """
      nginx: [emerg] \(words) in /data/nginx/\(kind.folder)/\(id).conf:37
      nginx: configuration file /etc/nginx/nginx.conf test failed

      """
  }

  private static func problem(_ kind: HostKind, _ row: [String: JSONValue], _ badCertificates: Set<Int>) -> String? {
    if badCertificates.contains(row["certificate_id"]?.intValue ?? 0) {
      return "SSL_CTX_use_PrivateKey() failed (SSL: error: key values mismatch)"
    }
    let names = (row["domain_names"]?.arrayValue ?? []).compactMap(\.stringValue)
    if let words = names.lazy.compactMap(serverName).first { return words }
    let host = row["forward_host"]?.stringValue ?? ""
    if let quote = host.firstIndex(of: "\"") { return "unexpected \"\(host[host.index(after: quote)...])\"" }
    if row["forward_domain_name"]?.stringValue?.contains(where: \.isWhitespace) == true {
      return "invalid number of arguments in \"return\" directive"
    }
    if let words = AdvancedConfig.problem(row["advanced_config"]?.stringValue ?? "", in: .server) { return words }
    return locations(row["locations"]?.arrayValue ?? [])
  }

  private static func serverName(_ name: String) -> String? {
    if name.contains("..") { return "invalid server name or wildcard \"\(name)\" on 0.0.0.0:80" }
    return name.hasPrefix("*") && !name.hasPrefix("*.") ? "server name \"\(name)\" is invalid" : nil
  }

  /// The ports of a stream, as `tcp/53`.
  static func ports(_ row: [String: JSONValue]) -> [String] {
    guard let port = row["incoming_port"]?.intValue else { return [] }
    return ["tcp", "udp"].filter { row["\($0)_forwarding"] == true }.map { "\($0)/\(port)" }
  }

  private static func stream(_ row: [String: JSONValue], _ takenPorts: Set<String>) -> String? {
    let host = row["forwarding_host"]?.stringValue ?? "", port = row["forwarding_port"]?.intValue ?? 0
    // A stream that forwards nothing has no server block.
    if !ports(row).isEmpty, let words = Upstream.problem(host, port) { return words }
    guard ports(row).contains(where: takenPorts.contains) else { return nil }
    return "duplicate listen options for 0.0.0.0:\(row["incoming_port"]?.intValue ?? 0)"
  }

  private static func locations(_ locations: [JSONValue]) -> String? {
    var seen: Set<String> = []
    for location in locations {
      let path = location["path"].stringValue ?? ""
      if let words = locationPath(path) { return words }
      if !seen.insert(path).inserted { return "duplicate location \"\(path)\"" }
      // A path in the host field becomes part of the URL.
      let host = (location["forward_host"].stringValue ?? "").split(separator: "/").first.map(String.init) ?? ""
      if let words = Upstream.problem(host, location["forward_port"].intValue ?? 80) { return words }
      if let words = proxyPath(location["forward_path"].stringValue ?? "", behind: path) { return words }
      if let words = AdvancedConfig.problem(location["advanced_config"].stringValue ?? "", in: .location) {
        return words
      }
    }
    return nil
  }

  /// Checks the text after the port in `proxy_pass`. nginx resolves its variables per request, but checks at start that
  /// the location allows a URI.
  private static func proxyPath(_ text: String, behind path: String) -> String? {
    if text.contains(where: { $0.isWhitespace || ";{}".contains($0) }) {
      return "invalid number of arguments in \"proxy_pass\" directive"
    }
    if !text.isEmpty && !text.hasPrefix("/") && !text.hasPrefix("?") { return "invalid port in upstream" }
    guard !text.isEmpty, !text.contains("$"), path.hasPrefix("~") || path.hasPrefix("@") else { return nil }
    return """
      "proxy_pass" cannot have URI part in location given by regular expression, or inside named location, or inside \
      "if" statement, or inside "limit_except" block
      """
  }

  /// Paths are inserted into the configuration unquoted, with an optional modifier in front.
  private static func locationPath(_ path: String) -> String? {
    let words = path.split(whereSeparator: \.isWhitespace)
    let hasModifier = words.first.map { ["=", "~", "~*", "^~"].contains($0) } == true
    if words.count != (hasModifier ? 2 : 1) { return "invalid number of arguments in \"location\" directive" }
    if path.contains(where: { ";{}".contains($0) }) { return "unexpected \";\"" }
    let isPattern = hasModifier && words[0].hasPrefix("~")
    if isPattern, (try? Regex(String(words[1]))) == nil { return "pcre2_compile() failed in \"\(words[1])\"" }
    return nil
  }
}

/// nginx's error for an upstream address.
enum Upstream {
  static func problem(_ host: String, _ port: Int) -> String? {
    if host.isEmpty { return "no host in upstream \":\(port)\"" }
    if host.contains(where: \.isWhitespace) { return "invalid number of arguments in \"proxy_pass\" directive" }
    if let variable = host.firstIndex(of: "$") { return "unknown \"\(host[host.index(after: variable)...])\" variable" }
    if host.contains(":") && !host.hasPrefix("[") { return "invalid port in upstream \"\(host):\(port)\"" }
    return resolves(host) ? nil : "host not found in upstream \"\(host)\""
  }

  /// Sends no DNS query: a valid host name (RFC 1123) counts as resolvable, except names below a reserved top-level
  /// domain that never exist.
  static func resolves(_ host: String) -> Bool {
    let name = host.lowercased()
    if name.hasPrefix("[") { return true }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let isName = labels.allSatisfy { label in
      !label.isEmpty && label.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
    return isName && !["invalid", "test"].contains(labels.last)
  }
}

/// Parses the text of "advanced config".
enum AdvancedConfig {
  enum Context { case server, location, other }

  static func problem(_ text: String, in context: Context) -> String? {
    var stack = [context]
    var words: [String] = []
    var variables = Variables()
    var seen: [Set<String>] = [[]]
    for token in Tokens(text) {
      switch token {
      case .word(let word): words.append(word)
      case .end:
        if let problem = Directives.problem(words, in: stack.last ?? .other) { return problem }
        if let name = words.first, !Directives.isRepeatable(name) {
          if seen.last?.contains(name) == true { return "\"\(name)\" directive is duplicate" }
          seen[max(0, seen.count - 1)].insert(name)
        }
        variables.note(words)
        words = []
      case .open:
        if let problem = Directives.problem(words, in: stack.last ?? .other, isBlock: true) { return problem }
        variables.note(words)
        stack.append(words.first == "location" ? .location : words.first == "server" ? .server : .other)
        seen.append([])
        words = []
      case .close:
        if !words.isEmpty { return "unexpected \"}\"" }
        // Closing the server block that NPM opened is accepted: nginx checks only the depth at the end.
        if stack.popLast() == nil { return "unexpected \"}\"" }
        if seen.count > 1 { seen.removeLast() }
      case .unfinished: return "unexpected end of file, expecting \";\" or \"}\""
      }
    }
    if !words.isEmpty { return "invalid number of arguments in \"\(words[0])\" directive" }
    if stack.count == 1 { return variables.unknown.map { "unknown \"\($0)\" variable" } }
    if stack.isEmpty { return "unexpected \"}\"" }
    return stack.last == .location ? "location \"/\" is outside location" : "unexpected end of file, expecting \"}\""
  }

  private enum Token { case word(String), end, open, close, unfinished }

  /// Words, quoted strings, `;`, `{`, `}`; comments are skipped.
  private struct Tokens: Sequence, IteratorProtocol {
    private var rest: Substring
    init(_ text: String) { rest = Substring(text) }

    mutating func next() -> Token? {
      while let first = rest.first {
        if first.isWhitespace {
          rest.removeFirst()
        } else if first == "#" {
          rest = rest.drop { !$0.isNewline }
        } else {
          return token(first)
        }
      }
      return nil
    }

    private mutating func token(_ first: Character) -> Token {
      switch first {
      case ";", "{", "}":
        rest.removeFirst()
        return first == ";" ? .end : first == "{" ? .open : .close
      case "\"", "'":
        rest.removeFirst()
        guard let close = rest.firstIndex(of: first) else { return .unfinished }
        defer { rest = rest[rest.index(after: close)...] }
        return .word(String(rest[..<close]))
      default: return word()
      }
    }

    /// An unquoted word; `${name}` keeps its braces.
    private mutating func word() -> Token {
      var word = ""
      var isVariable = false
      while let next = rest.first, !next.isWhitespace, next != ";" {
        if next == "{" && word.last != "$" && !isVariable { break }
        if next == "{" { isVariable = true }
        if next == "}" {
          if !isVariable { break }
          isVariable = false
        }
        word.append(next)
        rest.removeFirst()
      }
      return .word(word)
    }
  }
}
