#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An address of IPv4 or IPv6 as its bytes; one of IPv4 that is written in a form of IPv6 is that of IPv4.
package struct IPAddress: Hashable, Sendable {
  /// 4 or 16.
  let bytes: [UInt8]

  /// - Parameter text: without brackets; what names the interface is left out.
  package init?(_ text: String) {
    let bare = String(text.prefix { $0 != "%" })
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, bare, &four) == 1 {
      bytes = withUnsafeBytes(of: &four) { Array($0) }
    } else if inet_pton(AF_INET6, bare, &six) == 1 {
      let all = withUnsafeBytes(of: &six) { Array($0) }
      bytes = Self.embedded(all) ?? all
    } else {
      return nil
    }
  }

  /// The IPv4 address that one of IPv6 leads to: mapped, compatible, NAT64, 6to4 (RFC 4291, 6052, 8215, 3056).
  private static func embedded(_ six: [UInt8]) -> [UInt8]? {
    let last = Array(six[12...])
    if six[..<10].allSatisfy({ $0 == 0 }), six[10] == 0xff, six[11] == 0xff { return last }
    // :: and ::1 are addresses of IPv6.
    if six[..<12].allSatisfy({ $0 == 0 }), last != [0, 0, 0, 0], last != [0, 0, 0, 1] { return last }
    if six[..<12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] { return last }
    if six[..<6] == [0, 0x64, 0xff, 0x9b, 0, 1] { return last }
    if six[..<2] == [0x20, 0x02] { return Array(six[2..<6]) }
    return nil
  }
}

/// A range of addresses: `10.0.0.0/8`, or one address.
package struct IPNetwork: Hashable, Sendable {
  private let address: IPAddress
  private let length: Int

  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let address = IPAddress(parts[0]) else { return nil }
    let bits = address.bytes.count * 8
    guard let length = parts.count == 1 ? bits : Int(parts[1]), (0...bits).contains(length) else { return nil }
    self.address = address
    self.length = length
  }

  package func contains(_ other: IPAddress) -> Bool {
    guard other.bytes.count == address.bytes.count else { return false }
    return (0..<length).allSatisfy { bit in
      let mask = UInt8(0x80) >> (bit % 8)
      return address.bytes[bit / 8] & mask == other.bytes[bit / 8] & mask
    }
  }
}

/// Where destinations may lead that were given by others than the files.
package struct DestinationRule: Sendable {
  private let allowed: [IPNetwork]

  /// - Parameter allowed: nil: private networks.
  package init(allowed: [IPNetwork]? = nil) { self.allowed = allowed ?? Self.privateNetworks }

  /// RFC 1918, RFC 4193, and what carriers and overlay networks use (RFC 6598).
  private static let privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]
    .compactMap { IPNetwork($0) }

  /// Link-local addresses, those at which clouds tell their machines secrets, and those that are of no one machine.
  private static let forbidden = [
    "169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "224.0.0.0/4", "ff00::/8", "255.255.255.255",
  ].compactMap { IPNetwork($0) }

  /// - Parameter isListed: the files lead there already.
  package func allows(_ address: IPAddress, isListed: Bool) -> Bool {
    if Self.forbidden.contains(where: { $0.contains(address) }) { return false }
    return isListed || allowed.contains { $0.contains(address) }
  }
}
