import CLibGnuTLS

/// SHA-256 (FIPS 180-4) by GnuTLS.
package enum SHA256Digest {
  /// The 32 bytes of the digest.
  package static func bytes(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    let code = bytes.withUnsafeBytes { gnutls_hash_fast(GNUTLS_DIG_SHA256, $0.baseAddress, $0.count, &digest) }
    precondition(code == 0, "GnuTLS refuses SHA-256 only when the library itself is broken")
    return digest
  }

  /// The digest of `bytes` as `sha256:` and 64 lower-case hexadecimal digits.
  package static func labelled(_ bytes: [UInt8]) -> String { "sha256:" + Hex.digits(Self.bytes(bytes)) }
}

/// Bytes as lower-case hexadecimal digits.
package enum Hex {
  package static func digits(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
