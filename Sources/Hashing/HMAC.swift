import CLibGnuTLS

/// HMAC with SHA-256 (RFC 2104) by GnuTLS.
package enum KeyedDigest {
  /// The first 64 bits of the digest, as 16 lower-case hexadecimal digits: enough to distinguish two texts, too few to
  /// guess a text by trial without the key.
  package static func short(_ text: [UInt8], key: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    let code = text.withUnsafeBytes { bytes in
      key.withUnsafeBytes { key in
        gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.baseAddress, key.count, bytes.baseAddress, bytes.count, &digest)
      }
    }
    precondition(code == 0, "GnuTLS refuses SHA-256 only when the library itself is broken")
    return Hex.digits(Array(digest.prefix(8)))
  }
}
