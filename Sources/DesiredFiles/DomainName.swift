import Model

/// NPM's rule for domains is `^[^&| @!#%^();:/\\}{=+?<>,~`'"]+$` in its API schema. In addition, white space and
/// control characters are refused, which NPM accepts but nginx cannot parse.
package enum DomainName {
  private static let refused = Set("&| @!#%^();:/\\}{=+?<>,~`'\"".unicodeScalars)

  package static func problem(with name: String) -> (message: String, hint: String?)? {
    if !name.isEmpty && name.utf8.allSatisfy(isPlain) { return refusedByNginx(name) }
    if name.isEmpty { return ("a domain is empty", nil) }
    if name.contains("://") { return ("'\(name)' is a URL, not a domain", "write the host name alone") }
    // By scalars, like NPM: a combining mark does not hide the character before it.
    let bad = name.unicodeScalars.first { refused.contains($0) || $0.properties.isWhitespace || isControl($0) }
    guard let bad else { return refusedByNginx(name) }
    let shown = isControl(bad) || bad.properties.isWhitespace ? "a space or control character" : "'\(bad)'"
    let hint = bad == ":" ? "a domain has no port: NPM listens on 80 and 443" : nil
    return (
      "'\(name)' is no domain that NPM accepts: it contains \(shown)",
      hint
    )
  }

  /// Names that NPM accepts but nginx does not: `ngx_hash_add_key`.
  private static func refusedByNginx(_ name: String) -> (message: String, hint: String?)? {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    if labels.dropFirst().dropLast().contains("") || name == "." { return ("'\(name)' has an empty part", nil) }
    if labels.first == "" {
      return ("'\(name)' stands for a domain and all below it", "write both: [\(name.dropFirst()), '*\(name)']")
    }
    if labels.last == "" {
      return ("'\(name)' would never match: nginx compares names without the last dot", "write it without")
    }
    let stars = labels.indices.filter { labels[$0].contains("*") }
    guard let star = stars.first else {
      return name.utf8.count > 253 ? ("'\(name.prefix(20))...' has more than the 253 characters of a name", nil) : nil
    }
    let isAtEnd = labels[star] == "*" && (star == 0 || star == labels.count - 1)
    return stars.count == 1 && isAtEnd && labels.count > 1
      ? nil
      : ("nginx takes '*' only as the whole first or last part of a name, not as in '\(name)'", "write *.example.com")
  }

  /// A name that NPM accepts but that is probably a mistake; nil: no doubt.
  package static func doubt(about name: String) -> (message: String, hint: String?)? {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    if name.utf8.contains(where: { $0 >= 0x80 }) {
      return ("browsers ask for '\(name)' by its ASCII form", "write it as Punycode, beginning with xn--")
    }
    if labels.contains(where: { $0.hasPrefix("-") || $0.hasSuffix("-") || $0.count > 63 }) {
      return ("'\(name)' is no name that DNS can hold", "parts have up to 63 characters and no '-' at their ends")
    }
    return nil
  }

  /// Characters of nearly all domains.
  private static func isPlain(_ byte: UInt8) -> Bool { byte.isAlphanumeric || ".-*".utf8.contains(byte) }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }
}
