import CLibGnuTLS

/// A self-signed certificate with its key, generated on demand.
package struct TestCertificate: Sendable {
  package var certificate: String
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }

  package struct Failure: Error {
    var code: Int32
  }

  /// - Parameters:
  ///   - names: the first is also its common name.
  ///   - days: its validity after `from`; negative: expired.
  ///   - password: encrypts the key.
  ///   - issuer: signs it; nil: self-signed.
  ///   - isAuthority: whether it may sign others.
  package static func make(
    names: [String], days: Int, from start: Int = 1_700_000_000, password: String? = nil,
    issuer: TestCertificate? = nil, isAuthority: Bool = false
  ) throws -> TestCertificate {
    var key: gnutls_x509_privkey_t?
    var certificate: gnutls_x509_crt_t?
    try check(gnutls_x509_privkey_init(&key))
    defer { gnutls_x509_privkey_deinit(key) }
    // P-256, which TLS supports: GnuTLS defines the curve numbers as macros that Swift does not import.
    let bits = gnutls_sec_param_to_pk_bits(GNUTLS_PK_ECDSA, GNUTLS_SEC_PARAM_HIGH)
    try check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0))
    try check(gnutls_x509_crt_init(&certificate))
    defer { gnutls_x509_crt_deinit(certificate) }
    try check(gnutls_x509_crt_set_version(certificate, 3))
    try check(gnutls_x509_crt_set_key(certificate, key))
    var serial: [UInt8] = (0..<8).map { _ in UInt8.random(in: 1...127) }
    try check(gnutls_x509_crt_set_serial(certificate, &serial, serial.count))
    try check(gnutls_x509_crt_set_activation_time(certificate, start))
    try check(gnutls_x509_crt_set_expiration_time(certificate, start + days * 86400))
    let common = names.first ?? ""
    try check(gnutls_x509_crt_set_dn_by_oid(certificate, "2.5.4.3", 0, common, UInt32(common.utf8.count)))
    for name in names {
      try check(
        gnutls_x509_crt_set_subject_alt_name(
          certificate, GNUTLS_SAN_DNSNAME, name, UInt32(name.utf8.count), UInt32(GNUTLS_FSAN_APPEND)))
    }
    if isAuthority { try check(gnutls_x509_crt_set_ca_status(certificate, 1)) }
    if let issuer {
      try issuer.withHandles { try check(gnutls_x509_crt_sign2(certificate, $0, $1, GNUTLS_DIG_SHA256, 0)) }
    } else {
      try check(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0))
    }
    return TestCertificate(
      certificate: try text { gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, $0) },
      key: try text { datum in
        guard let password else { return gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, datum) }
        let flags = UInt32(GNUTLS_PKCS_PBES2_AES_256.rawValue)
        return gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, password, flags, datum)
      })
  }

  private func withHandles(_ body: (gnutls_x509_crt_t?, gnutls_x509_privkey_t?) throws -> Void) throws {
    var parent: gnutls_x509_crt_t?
    var key: gnutls_x509_privkey_t?
    try Self.check(gnutls_x509_crt_init(&parent))
    defer { gnutls_x509_crt_deinit(parent) }
    try Self.check(gnutls_x509_privkey_init(&key))
    defer { gnutls_x509_privkey_deinit(key) }
    try Self.check(Self.with(certificate) { gnutls_x509_crt_import(parent, $0, GNUTLS_X509_FMT_PEM) })
    try Self.check(Self.with(self.key) { gnutls_x509_privkey_import2(key, $0, GNUTLS_X509_FMT_PEM, nil, 0) })
    try body(parent, key)
  }

  private static func with(_ text: String, _ body: (UnsafePointer<gnutls_datum_t>) -> Int32) -> Int32 {
    var bytes = Array(text.utf8)
    return bytes.withUnsafeMutableBufferPointer { buffer in
      var datum = gnutls_datum_t(data: buffer.baseAddress, size: UInt32(buffer.count))
      return body(&datum)
    }
  }

  private static func check(_ code: Int32) throws { if code < 0 { throw Failure(code: code) } }

  private static func text(_ export: (UnsafeMutablePointer<gnutls_datum_t>) -> Int32) throws -> String {
    var datum = gnutls_datum_t()
    try check(export(&datum))
    defer { shim_gnutls_free(datum.data) }
    return String(decoding: UnsafeBufferPointer(start: datum.data, count: Int(datum.size)), as: UTF8.self)
  }
}
