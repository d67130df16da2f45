import Model

/// NPM's address in normal form: the store is bound to it.
package enum NPMAddress {
  /// - Throws: `SettingsError`.
  package static func checked(_ text: String) throws -> String {
    guard !text.isEmpty else { return "" }
    var address = text
    // As it is copied from a browser.
    address = String(address.prefix { $0 != "#" && $0 != "?" })
    if let page = address.firstRange(of: "/nginx/") { address = String(address[..<page.lowerBound]) }
    for tail in ["/", "/login", "/", "/api", "/"] where address.hasSuffix(tail) { address.removeLast(tail.count) }
    let lowered = address.lowercased()
    guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://") else {
      // The part before an '@' may be a password.
      let shown = text.contains("@") ? "what is set" : "'\(text)'"
      throw refusal("\(shown) is no address of NPM", hint: "write it as http://host:81")
    }
    guard !address.contains("@") else {
      throw refusal("NPM's address carries a user name", hint: "use NPM_IDENTITY and NPM_SECRET instead")
    }
    return address
  }

  private static func refusal(_ message: String, hint: String) -> SettingsError {
    SettingsError(diagnostics: [Diagnostic(.badURL, message, hint: hint)])
  }
}
