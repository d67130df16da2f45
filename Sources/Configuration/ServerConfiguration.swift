import DesiredFiles
package import Model

/// A daemon that commands ask, by its HTTP API.
package struct ServerConfiguration: Sendable {
  /// Without a slash at its end: `https://reconciler.lan:9890`; for a Unix socket `http://localhost`.
  package var url: String
  /// nil: by the address.
  package var unixSocket: String?
  package var token: Secret?
  package var caFile: String?
  /// As it was given.
  package var title: String
}

extension SettingsLoader {
  /// nil: none is named.
  mutating func server() -> ServerConfiguration? {
    let (token, caFile) = (reader.value(SettingCatalog.serverToken), reader.value(SettingCatalog.serverCA))
    guard let text = reader.value(SettingCatalog.server) else { return nil }
    var server = ServerConfiguration(url: text, token: token, caFile: caFile, title: text)
    if text.hasPrefix("unix:"), text.count > 5 {
      (server.url, server.unixSocket) = ("http://localhost", String(text.dropFirst(5)))
      return server
    }
    while server.url.hasSuffix("/") { server.url.removeLast() }
    let rest = server.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard rest.count == 3, ["http:", "https:"].contains(rest[0]), !rest[2].isEmpty, !rest[2].contains("@"),
      !rest[2].contains("?"), !rest[2].contains("#")
    else {
      reader.decoder.report(
        .badValue, "'server.url' is no address of a daemon", at: reader.location("server.url"),
        hint: "write https://reconciler.lan:9890 or unix:/run/reconciler.sock; the token is server.token")
      return nil
    }
    return server
  }
}
