import DesiredFiles
package import Model
import Planning
import Platform
import Probe
import Upstream
import YAML

/// Reads the settings and checks them as a whole.
package struct SettingsLoader {
  var reader: SettingsReader

  init(_ inputs: SettingsReader.Inputs, file: String) { reader = SettingsReader(inputs, file: file) }

  /// Read where no other is named.
  package static let standardFile = "reconciler.yaml"

  /// - Parameters:
  ///   - file: the path given with `--config`; nil: `reconciler.yaml`, if it exists.
  ///   - allowsDeletes: whether the limits on deletes are lifted.
  /// - Returns: the settings, and warnings.
  /// - Throws: `SettingsError` with all errors.
  package static func load(
    file: String?, _ inputs: SettingsReader.Inputs, allowsDeletes: Bool = false
  ) throws -> (settings: Settings, warnings: [Diagnostic]) {
    var loader = SettingsLoader(inputs, file: file ?? standardFile)
    try loader.readFile(isNamed: file != nil)
    var settings = try loader.settings()
    settings.limits.allowsDeletes = allowsDeletes
    let found = loader.reader.diagnostics
    guard !found.hasErrors else { throw SettingsError(diagnostics: found) }
    settings.inForce = loader.reader.inForce
    return (settings, found)
  }

  /// Errors in the text of a settings file; references are not resolved.
  package static func check(_ bytes: [UInt8], file: String) -> [Diagnostic] {
    var reader = SettingsReader(SettingsReader.Inputs(flag: { _ in nil }, environment: { _ in nil }), file: file)
    return reader.read(bytes).map { $0.diagnostic(in: file) } + reader.decoder.diagnostics
  }

  private mutating func readFile(isNamed: Bool) throws {
    let path = reader.decoder.file
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path)
    } catch let error as FileError {
      if error.isMissing && !isNamed { return }
      let hint = "name an existing file with --config, or leave the flag away"
      throw SettingsError(diagnostics: [Diagnostic(.settingsMissing, "\(error)", hint: hint)])
    }
    let problems = reader.read(bytes)
    guard problems.isEmpty else {
      throw SettingsError(diagnostics: problems.map { Self.withoutQuotes($0.diagnostic(in: path)) })
    }
  }

  /// Without the texts of the file: an alias or a tag may be the beginning of a password.
  private static func withoutQuotes(_ diagnostic: Diagnostic) -> Diagnostic {
    var bare = diagnostic
    let parts = diagnostic.message.split(separator: "'", omittingEmptySubsequences: false)
    bare.message = parts.enumerated().map { $0.offset % 2 == 0 ? String($0.element) : "..." }.joined(separator: "'")
    return bare
  }

  private mutating func settings() throws -> Settings {
    var settings = Settings()
    settings.owner = reader.value(SettingCatalog.owner)
    settings.policy = reader.value(SettingCatalog.policy)
    settings.desired = reader.value(SettingCatalog.desired)
    // The lock is beside the store: one store has one lock, whatever links lead to it.
    settings.state = Files.resolved(reader.value(SettingCatalog.state))
    settings.status = reader.value(SettingCatalog.status)
    settings.npmURL = try NPMAddress.checked(reader.value(SettingCatalog.npmURL) ?? "")
    settings.npmIdentity = reader.value(SettingCatalog.npmIdentity) ?? ""
    settings.npmSecret = reader.value(SettingCatalog.npmSecret) ?? Secret("")
    settings.npmConfiguration = upstream()
    settings.usesReloadWitness = reader.value(SettingCatalog.reloadWitness) == .auto
    settings.limits = limits()
    settings.probe = probe()
    settings.secrets = .live(sending: allowedSecrets())
    settings.historySeconds = reader.value(SettingCatalog.historyKept)
    settings.defaultCertificate = reader.value(SettingCatalog.defaultCertificate)
    settings.letsEncryptEmail = reader.value(SettingCatalog.letsEncryptEmail)
    settings.certificateDays = (
      reader.value(SettingCatalog.warnDays),
      reader.value(SettingCatalog.errorDays)
    )
    settings.eventRetention = (
      reader.value(SettingCatalog.eventsKept),
      reader.value(SettingCatalog.maximumEvents)
    )
    settings.daemon = daemon()
    settings.api = api()
    settings.server = server()
    settings.allowedDestinations = networks(SettingCatalog.allowedDestinations, "api.allowed_destinations")
    return settings
  }

  private mutating func upstream() -> UpstreamConfiguration {
    var configuration = UpstreamConfiguration(name: "NPM")
    configuration.caFile = reader.value(SettingCatalog.caFile)
    configuration.proxy = proxy()
    configuration.connectTimeout = reader.value(SettingCatalog.connectTimeout)
    configuration.firstByteTimeout = reader.value(SettingCatalog.firstByteTimeout)
    configuration.readTimeout = reader.value(SettingCatalog.readTimeout)
    configuration.writeTimeout = reader.value(SettingCatalog.writeTimeout)
    return configuration
  }

  private mutating func proxy() -> Secret? {
    guard let secret = reader.value(SettingCatalog.proxy) else { return nil }
    let text = secret.reveal()
    let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]
    let scheme = text.firstRange(of: "://").map { text[..<$0.lowerBound].lowercased() }
    if let scheme, schemes.contains(scheme), !text.hasSuffix("://") { return secret }
    reader.decoder.report(
      .badURL, "'npm.proxy' is no address of a proxy", at: reader.location("npm.proxy"),
      hint: "write it as http://host:3128, or with \(schemes.dropFirst().joined(separator: ", "))")
    return nil
  }

  private mutating func limits() -> SafetyLimits {
    var limits = SafetyLimits()
    limits.maxDeletes = reader.value(SettingCatalog.maxDeletes)
    limits.maxDeletePercent = reader.value(SettingCatalog.maxDeletePercent)
    limits.maxUpdatePercent = reader.value(SettingCatalog.maxUpdatePercent)
    // A number that is given for this run is the only limit of this run.
    if isGivenForThisRun(SettingCatalog.maxDeletes), !isGivenForThisRun(SettingCatalog.maxDeletePercent) {
      limits.maxDeletePercent = 100
    }
    return limits
  }

  /// By a flag or the variable of the flag.
  private func isGivenForThisRun(_ setting: Setting<Int>) -> Bool {
    setting.definition.flag.flatMap { reader.inputs.flag($0) } != nil
  }

  private mutating func probe() -> ProbeSettings {
    var probe = ProbeSettings()
    probe.dnsTimeout = reader.value(SettingCatalog.dnsTimeout)
    probe.tcpTimeout = reader.value(SettingCatalog.tcpTimeout)
    probe.httpTimeout = reader.value(SettingCatalog.httpTimeout)
    probe.concurrency = reader.value(SettingCatalog.concurrency)
    return probe
  }

  private mutating func allowedSecrets() -> Set<String> {
    let texts = reader.value(SettingCatalog.allowedSecrets).compactMap(\.stringValue)
    func isRight(_ text: String) -> Bool {
      if text.hasPrefix("file:/") { return !text.hasSuffix("/") && !text.contains("*") }
      return text.hasPrefix("env:") && text.count > 4
        && text.utf8.dropFirst(4).allSatisfy { $0.isAlphanumeric || $0 == 0x5f }
    }
    for text in texts where !isRight(text) {
      reader.decoder.report(
        .badValue, "'secrets.allow': '\(text)' names no secret", at: reader.location("secrets.allow"),
        hint: "write env:NAME or file:/path, each by itself")
    }
    return Set(texts)
  }
}
