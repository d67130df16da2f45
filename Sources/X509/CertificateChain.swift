import CLibGnuTLS
import Hashing

/// An error in a PEM text.
package struct X509Error: Error, Equatable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable { case unreadable, encrypted }

  package var reason: Reason
  package var description: String

  init(_ reason: Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }
}

/// The certificates of a PEM text (RFC 7468), the server's own first, with the properties that serving them needs.
package struct CertificateChain: Hashable, Sendable {
  /// One certificate of the chain.
  package struct Member: Hashable, Sendable {
    package var commonName: String
    /// Seconds since 1970.
    package var notAfter: Double
    package var keyID: [UInt8]
    /// The size of its key, and whether the key is RSA, RSA-PSS or DSA.
    package var keyBits: Int
    package var isRSA: Bool
    /// Whether another certificate signed it with a digest that OpenSSL no longer accepts: MD5 or SHA-1.
    package var hasWeakDigest: Bool
    /// Whether it is self-signed, as roots are.
    package var isRoot: Bool
  }

  /// The names that the first one covers, in lower case: its DNS names, else its common name. RFC 6125 uses the common
  /// name only if there are no DNS names.
  package var names: [String]
  package var commonName: String
  /// The issuer in openssl's format: `CN = c1.example.test`.
  package var issuer: String
  /// The validity period, in seconds since 1970.
  package var notBefore: Double
  package var notAfter: Double
  /// All certificates, the server's own first.
  package var members: [Member]
  /// SHA-256 over all certificates in DER form, in order: 64 hexadecimal digits.
  package var fingerprint: String
  /// The ID of its key, equal to that of the matching private key.
  package var keyID: [UInt8]
  /// Whether each certificate was issued by the next one.
  package var isInOrder: Bool
  package var count: Int

  /// - Throws: `X509Error`.
  package init(pem: [UInt8]) throws {
    let certificates = try CertificateList(pem)
    guard let first = certificates.handles.first else { throw X509Error(.unreadable, "there is no certificate in it") }
    count = certificates.handles.count
    members = certificates.handles.map(Self.member)
    guard members.allSatisfy({ !$0.keyID.isEmpty && $0.keyBits > 0 }) else {
      throw X509Error(.unreadable, "the key of a certificate in it cannot be read")
    }
    commonName = members[0].commonName
    let issuerName = Self.text { gnutls_x509_crt_get_issuer_dn(first, $0, $1) } ?? ""
    issuer = issuerName.replacing("=", with: " = ").replacing(",", with: ", ")
    let alternatives = Self.alternativeNames(of: first)
    names = (alternatives.isEmpty ? [commonName] : alternatives).map { $0.lowercased() }.filter { !$0.isEmpty }
    notBefore = Double(gnutls_x509_crt_get_activation_time(first))
    notAfter = Double(gnutls_x509_crt_get_expiration_time(first))
    keyID = members[0].keyID
    let prints = certificates.handles.map { certificate in
      Self.bytes { gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, $0, $1) }
    }
    fingerprint = Hex.digits(count == 1 ? prints[0] : SHA256Digest.bytes(prints.flatMap { $0 }))
    isInOrder = zip(certificates.handles, certificates.handles.dropFirst()).allSatisfy {
      gnutls_x509_crt_check_issuer($0, $1) == 1
    }
  }

  private static func member(_ certificate: gnutls_x509_crt_t) -> Member {
    var bits: UInt32 = 0
    let algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, &bits)
    let signature = gnutls_x509_crt_get_signature_algorithm(certificate)
    let digest = gnutls_sign_get_hash_algorithm(gnutls_sign_algorithm_t(UInt32(max(0, signature))))
    let isRoot = gnutls_x509_crt_check_issuer(certificate, certificate) == 1
    return Member(
      commonName: text { gnutls_x509_crt_get_dn_by_oid(certificate, "2.5.4.3", 0, 0, $0, $1) } ?? "",
      notAfter: Double(gnutls_x509_crt_get_expiration_time(certificate)),
      keyID: bytes { gnutls_x509_crt_get_key_id(certificate, UInt32(GNUTLS_KEYID_USE_SHA256.rawValue), $0, $1) },
      keyBits: Int(bits),
      isRSA: [GNUTLS_PK_RSA, GNUTLS_PK_RSA_PSS, GNUTLS_PK_DSA].contains { Int32($0.rawValue) == algorithm },
      hasWeakDigest: !isRoot && [GNUTLS_DIG_MD5, GNUTLS_DIG_SHA1].contains(digest), isRoot: isRoot)
  }

  private static func alternativeNames(of certificate: gnutls_x509_crt_t) -> [String] {
    var found: [String] = []
    var index: UInt32 = 0
    while true {
      var buffer = [UInt8](repeating: 0, count: 1024)
      var size = buffer.count
      let code = gnutls_x509_crt_get_subject_alt_name(certificate, index, &buffer, &size, nil)
      guard code >= 0 else { return found }
      if UInt32(code) == GNUTLS_SAN_DNSNAME.rawValue { found.append(String(decoding: buffer[..<size], as: UTF8.self)) }
      index += 1
    }
  }

  private static func text(_ read: (UnsafeMutableRawPointer, UnsafeMutablePointer<Int>) -> Int32) -> String? {
    let found = bytes(read)
    return found.isEmpty ? nil : String(decoding: found.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func bytes(_ read: (UnsafeMutableRawPointer, UnsafeMutablePointer<Int>) -> Int32) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 1024)
    var size = buffer.count
    let code = buffer.withUnsafeMutableBytes { bytes in bytes.baseAddress.map { read($0, &size) } ?? -1 }
    return code == 0 ? Array(buffer[..<size]) : []
  }
}

/// GnuTLS certificate handles, freed together.
private final class CertificateList {
  private(set) var handles: [gnutls_x509_crt_t] = []

  init(_ pem: [UInt8]) throws {
    var list: UnsafeMutablePointer<gnutls_x509_crt_t?>?
    var count: UInt32 = 0
    let code = Datum.with(pem) { gnutls_x509_crt_list_import2(&list, &count, $0, GNUTLS_X509_FMT_PEM, 0) }
    guard code >= 0, let list else {
      throw X509Error(.unreadable, "it is no certificate in PEM form (\(String(cString: gnutls_strerror(code))))")
    }
    handles = (0..<Int(count)).compactMap { list[$0] }
    shim_gnutls_free(list)
  }

  deinit { for handle in handles { gnutls_x509_crt_deinit(handle) } }
}

enum Datum {
  static func with<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<gnutls_datum_t>) -> Result) -> Result {
    var copy = bytes
    return copy.withUnsafeMutableBufferPointer { buffer in
      var datum = gnutls_datum_t(data: buffer.baseAddress, size: UInt32(buffer.count))
      return body(&datum)
    }
  }
}
