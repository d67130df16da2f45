/// Addresses and networks as nginx's `allow` and `deny` accept them.
package enum NetworkAddress {
  /// An IPv4 or IPv6 address, each with an optional prefix length, or `all`; but no IPv4 address inside an IPv6 one,
  /// which NPM refuses.
  package static func isRight(_ text: String) -> Bool {
    if text == "all" { return true }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let isVersion6 = parts[0].contains(":")
    if isVersion6 && parts[0].contains(".") { return false }
    guard isVersion6 ? isIPv6(parts[0]) : isIPv4(parts[0]) else { return false }
    guard parts.count == 2 else { return true }
    // NPM refuses a leading zero.
    guard !parts[1].hasPrefix("0") || parts[1] == "0" else { return false }
    return number(parts[1], below: isVersion6 ? 129 : 33) != nil
  }

  /// Whether it is one address, without a prefix length and without brackets.
  package static func isAddress(_ text: some StringProtocol) -> Bool {
    let text = Substring(text)
    return isIPv4(text) || isIPv6(text)
  }

  static func isIPv4(_ text: Substring) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { number($0, below: 256) != nil }
  }

  static func isIPv6(_ text: Substring) -> Bool {
    let halves = text.ranges(of: "::")
    guard halves.count <= 1, !text.contains(":::") else { return false }
    guard let gap = halves.first else { return groups(text) == 8 }
    guard let head = groups(text[..<gap.lowerBound], mayEndAsIPv4: false), let tail = groups(text[gap.upperBound...])
    else { return false }
    // nginx refuses a trailing '::' that replaces only one group.
    return head + tail <= 7 && !(head == 7 && gap.upperBound == text.endIndex)
  }

  /// The number of 16-bit groups in a text; the last may be an IPv4 address. nil: it has other parts.
  private static func groups(_ text: Substring, mayEndAsIPv4: Bool = true) -> Int? {
    guard !text.isEmpty else { return 0 }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let endsAsIPv4 = mayEndAsIPv4 && parts.last.map(isIPv4) ?? false
    let words = endsAsIPv4 ? parts.dropLast() : parts[...]
    let areRight = words.allSatisfy { (1...4).contains($0.utf8.count) && $0.allSatisfy(\.isHexDigit) }
    return areRight ? words.count + (endsAsIPv4 ? 2 : 0) : nil
  }

  private static func number(_ text: Substring, below limit: Int) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text).flatMap { $0 < limit ? $0 : nil }
  }
}
