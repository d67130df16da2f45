import CLibGnuTLS

/// The private key of a PEM text: it is checked, and the key itself is not kept.
package struct PrivateKey: Hashable, Sendable {
  /// The ID of the key, equal to that of the matching certificates.
  package var keyID: [UInt8]

  /// - Throws: `X509Error`.
  package init(pem: [UInt8]) throws {
    var handle: gnutls_x509_privkey_t?
    guard gnutls_x509_privkey_init(&handle) == 0, let handle else {
      throw X509Error(.unreadable, "there is no memory to read it")
    }
    defer { gnutls_x509_privkey_deinit(handle) }
    let code = Datum.with(pem) { gnutls_x509_privkey_import2(handle, $0, GNUTLS_X509_FMT_PEM, nil, 0) }
    let text = String(decoding: pem, as: UTF8.self)
    if code != 0 && text.contains("ENCRYPTED") { throw X509Error(.encrypted, "it is encrypted") }
    guard code == 0 else {
      throw X509Error(.unreadable, "it is no private key in PEM form (\(String(cString: gnutls_strerror(code))))")
    }
    var buffer = [UInt8](repeating: 0, count: 64)
    var size = buffer.count
    gnutls_x509_privkey_get_key_id(handle, UInt32(GNUTLS_KEYID_USE_SHA256.rawValue), &buffer, &size)
    keyID = Array(buffer[..<size])
  }
}
