import CLibGnuTLS

/// SHA-256 (FIPS 180-4) by GnuTLS.
package enum SHA256Digest {
  /// The digest of `bytes` as `sha256:` and 64 lower-case hexadecimal digits.
  package static func labelled(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    let code = bytes.withUnsafeBytes { gnutls_hash_fast(GNUTLS_DIG_SHA256, $0.baseAddress, $0.count, &digest) }
    precondition(code == 0, "GnuTLS refuses SHA-256 only when the library itself is broken")
    let digits = Array("0123456789abcdef".utf8)
    let hex = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return "sha256:" + String(decoding: hex, as: UTF8.self)
  }
}
