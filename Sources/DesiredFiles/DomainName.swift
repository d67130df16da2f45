/// NPM's rule for domains: `^[^&| @!#%^();:/\\}{=+?<>,~`'"]+$` in its API schema; beyond it we refuse white space
/// and control characters, which NPM accepts and nginx chokes on.
package enum DomainName {
  private static let refused = Set("&| @!#%^();:/\\}{=+?<>,~`'\"")

  package static func problem(with name: String) -> (message: String, hint: String?)? {
    if !name.isEmpty && name.utf8.allSatisfy(isPlain) { return nil }
    if name.isEmpty { return ("a domain is empty", nil) }
    if name.contains("://") { return ("'\(name)' is a URL, not a domain", "write the host name alone") }
    guard let bad = name.first(where: { refused.contains($0) || $0.isWhitespace || isControl($0) }) else { return nil }
    let shown = isControl(bad) || bad.isWhitespace ? "a space or control character" : "'\(bad)'"
    let hint = bad == ":" ? "a domain has no port: NPM listens on 80 and 443" : nil
    return ("'\(name.filter { !isControl($0) })' is no domain that NPM accepts: it contains \(shown)", hint)
  }

  /// What nearly every domain is made of.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "*"): true
    default: false
    }
  }

  private static func isControl(_ character: Character) -> Bool {
    character.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}
