/// An upstream host as nginx accepts it: a name, an IPv4 address, or an IPv6 address in brackets.
package enum HostName {
  package struct Problem: Error, Hashable, Sendable {
    package var message: String
    package var hint: String?
    /// Whether the text contains a port.
    package var holdsPort = false
  }

  /// The form that nginx accepts: an IPv6 address in brackets.
  ///
  /// - Throws: `Problem`.
  package static func normalised(_ text: String) throws(Problem) -> String {
    if text.isEmpty { throw Problem(message: "the host is empty") }
    if text.utf8.count > 255 { throw Problem(message: "the host has more than 255 characters") }
    if text.hasPrefix("[") || text.hasSuffix("]") { return try bracketed(text) }
    if text.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1, NetworkAddress.isIPv6(text[...]) { return "[\(text)]" }
    if let problem = problem(withName: text) { throw problem }
    return text
  }

  private static func bracketed(_ text: String) throws(Problem) -> String {
    if let close = text.firstIndex(of: "]"), text.hasPrefix("["), text[close...].hasPrefix("]:") {
      throw Problem(message: "'\(text)' holds a port, too", holdsPort: true)
    }
    guard text.hasPrefix("["), text.hasSuffix("]") else {
      throw Problem(message: "the brackets of '\(text)' do not match", hint: "write an IPv6 address as [::1]")
    }
    guard NetworkAddress.isIPv6(text.dropFirst().dropLast()) else {
      throw Problem(
        message: "'\(text)' is no IPv6 address", hint: text.contains("%") ? "nginx takes no zone such as %eth0" : nil)
    }
    return text
  }

  private static func problem(withName text: String) -> Problem? {
    if let bad = text.unicodeScalars.first(where: { !isPlain($0) }) { return problem(with: bad, in: text) }
    if isNumber(text.split(separator: ".").last ?? "") {
      let isPlain = !text.split(separator: ".").contains { $0.count > 1 && $0.hasPrefix("0") }
      return NetworkAddress.isIPv4(text[...]) && isPlain
        ? nil
        : Problem(
          message: "'\(text)' is no IPv4 address",
          hint: "it has four numbers from 0 to 255, without zeros before them: not everybody reads these alike")
    }
    let labels = (text.hasSuffix(".") ? text.dropLast() : text[...]).split(
      separator: ".", omittingEmptySubsequences: false)
    if labels.contains(where: { $0.isEmpty || $0.hasPrefix("-") || $0.utf8.count > 63 }) {
      return Problem(
        message: "'\(text)' is no name of a host", hint: "its parts have 1 to 63 characters and do not begin with '-'")
    }
    return nil
  }

  /// Whether it is numeric, in any notation: then the text is an address, because no name ends with a number.
  private static func isNumber(_ label: Substring) -> Bool {
    if label.lowercased().hasPrefix("0x") { return label.dropFirst(2).allSatisfy(\.isHexDigit) }
    return !label.isEmpty && label.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func problem(with bad: Unicode.Scalar, in text: String) -> Problem {
    if bad == ":" {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      let isPort = parts.count == 2 && parts[1].allSatisfy(\.isNumber)
      return Problem(
        message: isPort ? "'\(text)' holds a port, too" : "'\(text)' is neither a name nor an address",
        hint: isPort
          ? nil : text.contains("%") ? "nginx takes no zone such as %eth0" : "write an IPv6 address as [::1]",
        holdsPort: isPort)
    }
    if bad.properties.isWhitespace || bad.properties.generalCategory == .control {
      return Problem(message: "the host contains a blank or control character")
    }
    if bad.value >= 0x80 {
      return Problem(message: "the host contains '\(bad)'", hint: "write it as Punycode, beginning with xn--")
    }
    return Problem(message: "the host contains '\(bad)'")
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (UInt8(ascii: scalar).isAlphanumeric || "-._".unicodeScalars.contains(scalar))
  }
}
