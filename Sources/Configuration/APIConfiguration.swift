import DesiredFiles
import Model
package import Platform

/// The settings of the daemon's HTTP API.
package struct APIConfiguration: Sendable {
  package var listen: ListenAddress
  package var requiresToken = false
  /// In lower case.
  package var allowedHosts: Set<String> = []
  /// Files, PEM; nil: plain HTTP.
  package var certificate: (chain: String, key: String)?
  /// 0: no limit.
  package var rateLimit = 0
  package var connectionsPerAddress = 0
}

extension SettingsLoader {
  /// nil: there is no API.
  mutating func api() -> APIConfiguration? {
    let text = reader.value(SettingCatalog.listen)
    let (certificate, key) = (
      reader.value(SettingCatalog.apiCertificate), reader.value(SettingCatalog.apiCertificateKey)
    )
    let (needsToken, names) = (reader.value(SettingCatalog.requiresToken), reader.value(SettingCatalog.allowedHosts))
    let (rate, connections) = (
      reader.value(SettingCatalog.rateLimit), reader.value(SettingCatalog.connectionsPerAddress)
    )
    guard let text else { return nil }
    guard let listen = ListenAddress(text) else {
      reader.decoder.report(
        .badValue, "'api.listen': '\(text)' is no address with a port", at: reader.location("api.listen"),
        hint: "write 127.0.0.1:9890, [::1]:9890 or unix:/run/reconciler.sock")
      return nil
    }
    var api = APIConfiguration(listen: listen)
    api.requiresToken = needsToken
    api.allowedHosts = Set(names.compactMap { $0.stringValue?.lowercased() })
    (api.rateLimit, api.connectionsPerAddress) = (rate, connections)
    if let certificate, let key {
      api.certificate = (certificate, key)
    } else if certificate != nil || key != nil {
      reader.decoder.report(
        .missingKey, "'api.certificate' and 'api.certificate_key' need each other",
        at: reader.location("api.certificate", "api.certificate_key"), hint: "name both files, or neither")
    }
    return api
  }
}
