import DesiredFiles
package import Model
package import Probe
package import Platform

/// The settings of the daemon's HTTP API.
package struct APIConfiguration: Sendable {
  package struct Token: Sendable {
    package var name: String
    package var role: Role
    package var secret: Secret
  }

  package var listen: ListenAddress
  package var requiresToken = false
  package var tokens: [Token] = []
  /// In lower case.
  package var allowedHosts: Set<String> = []
  /// Files, PEM; nil: plain HTTP.
  package var certificate: (chain: String, key: String)?
  /// 0: no limit.
  package var rateLimit = 0
  package var connectionsPerAddress = 0
  /// Proxies whose word for who asks is taken.
  package var trustedProxies: [IPNetwork] = []
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
    let tokens = apiTokens()
    let proxies = networks(SettingCatalog.trustedProxies, "api.trusted_proxies") ?? []
    guard let text else { return nil }
    guard let listen = ListenAddress(text) else {
      reader.decoder.report(
        .badValue, "'api.listen': '\(text)' is no address with a port", at: reader.location("api.listen"),
        hint: "write 127.0.0.1:9890, [::1]:9890 or unix:/run/reconciler.sock")
      return nil
    }
    var api = APIConfiguration(listen: listen)
    (api.requiresToken, api.tokens) = (needsToken, tokens)
    api.allowedHosts = Set(names.compactMap { $0.stringValue?.lowercased() })
    (api.rateLimit, api.connectionsPerAddress) = (rate, connections)
    api.trustedProxies = proxies
    if let certificate, let key {
      api.certificate = (certificate, key)
    } else if certificate != nil || key != nil {
      reader.decoder.report(
        .missingKey, "'api.certificate' and 'api.certificate_key' need each other",
        at: reader.location("api.certificate", "api.certificate_key"), hint: "name both files, or neither")
    }
    return api
  }

  /// nil: none are given.
  mutating func networks(_ setting: Setting<[JSONValue]>, _ path: String) -> [IPNetwork]? {
    let texts = reader.value(setting)
    let found = texts.enumerated().compactMap { index, value -> IPNetwork? in
      let text = value.stringValue ?? ""
      if let network = IPNetwork(text) { return network }
      reader.decoder.report(
        .badValue, "'\(path)': '\(text)' is no network", at: reader.location("\(path)[\(index)]", path),
        hint: "write 10.0.0.0/8, fd00::/8 or one address")
      return nil
    }
    return texts.isEmpty ? nil : found
  }

  private mutating func apiTokens() -> [APIConfiguration.Token] {
    let entries = reader.value(SettingCatalog.apiTokens)
    return entries.indices.compactMap { apiToken(entries[$0], $0) }
  }

  /// A token that stands in the file itself would be in git, and open the API for everyone who may read that.
  private mutating func apiToken(_ entry: JSONValue, _ index: Int) -> APIConfiguration.Token? {
    guard let name = entry["name"].stringValue, let role = entry["role"].stringValue.flatMap(Role.init),
      let written = entry["token"].stringValue
    else { return nil }
    let place = reader.location("api.tokens[\(index)].token", "api.tokens")
    guard ResourceName.isRight(name) else {
      reader.decoder.report(
        .badName, "'\(name)' is no name for a token", at: reader.location("api.tokens[\(index)].name", "api.tokens"),
        hint: ResourceName.hint)
      return nil
    }
    guard Interpolation.isReference(written) else {
      reader.decoder.report(
        .badValue, "the token '\(name)' stands in the file", at: place,
        hint:
          "write ${env:NAME} or ${file:PATH}; or make one with 'reconciler token create', which keeps only its SHA-256")
      return nil
    }
    guard let text = reader.filled(written, at: place) else { return nil }
    let isText = text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    guard isText, text.utf8.count >= 20 else {
      reader.decoder.report(
        .badValue,
        "the token '\(name)' is no token: \(isText ? "it is shorter than 20 characters" : "it has blanks, or is not ASCII")",
        at: place, hint: "make a random one: openssl rand -hex 32")
      return nil
    }
    return APIConfiguration.Token(name: name, role: role, secret: Secret(text))
  }
}
