import DesiredFiles
package import Model
import Planning
import Platform
import Probe
import Upstream
import YAML

/// Flag before environment before file before default.
package struct SettingsLoader {
  private let arguments: ParsedArguments
  private let environment: (String) -> String?
  var decoder: ValueDecoder
  private(set) var file: DecodedFields = [:]

  private init(_ arguments: ParsedArguments, _ environment: @escaping (String) -> String?) {
    self.arguments = arguments
    self.environment = environment
    decoder = ValueDecoder(file: arguments.value(CommonFlags.config) ?? "reconciler.yaml")
  }

  /// Throws `CommandFailure` with everything that is wrong.
  static func load(
    _ invocation: Invocation, environment: @escaping (String) -> String? = CurrentProcess.environment
  ) throws -> Settings {
    var loader = SettingsLoader(invocation.arguments, environment)
    try loader.readFile()
    let settings = try loader.settings()
    let found = loader.decoder.diagnostics
    for warning in found where warning.severity == .warning { invocation.console.warn(warning) }
    guard !found.hasErrors else { throw loader.failure(found, invocation.console) }
    return settings
  }

  /// What is wrong with the text of a settings file; references are not followed.
  package static func check(_ bytes: [UInt8], file: String) -> [Diagnostic] {
    var loader = SettingsLoader(ParsedArguments()) { _ in nil }
    loader.decoder = ValueDecoder(file: file)
    return loader.read(bytes).map { $0.diagnostic(in: file) } + loader.decoder.diagnostics
  }

  private func failure(_ diagnostics: [Diagnostic], _ console: Console) -> CommandFailure {
    // Shown here, all of them; JSON output carries them itself. The lines of this file are never shown: they may hold
    // the password.
    if console.format != .json {
      let text = DiagnosticText(texts: SourceLines(), console: Console())
      let lines = diagnostics.inSourceOrder.flatMap(text.lines)
      Console().remark(lines.joined(separator: "\n"))
      return CommandFailure(.invalid, [])
    }
    return CommandFailure(.invalid, diagnostics.inSourceOrder)
  }

  private mutating func readFile() throws {
    let path = decoder.file
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path)
    } catch let error as FileError {
      if error.isMissing && !arguments.has(CommonFlags.config) { return }
      let hint = "name an existing file with --config, or leave the flag away"
      throw CommandFailure(.invalid, [Diagnostic(.settingsMissing, "\(error)", hint: hint)])
    }
    let problems = read(bytes)
    guard problems.isEmpty else {
      let found = problems.map { Self.withoutQuotes($0.diagnostic(in: path)) }
      throw failure(found, Console(arguments))
    }
  }

  /// Without the words of the file: an alias or a tag may be the beginning of a password.
  private static func withoutQuotes(_ diagnostic: Diagnostic) -> Diagnostic {
    var bare = diagnostic
    let parts = diagnostic.message.split(separator: "'", omittingEmptySubsequences: false)
    bare.message = parts.enumerated().map { $0.offset % 2 == 0 ? String($0.element) : "..." }.joined(separator: "'")
    return bare
  }

  /// Reads the text of the file; what is wrong with its meaning goes to the decoder.
  private mutating func read(_ bytes: [UInt8]) -> [YAMLProblem] {
    let (documents, problems) = YAMLParser.parse(bytes)
    guard problems.isEmpty, let document = documents.first else { return problems }
    if documents.count > 1 {
      decoder.report(
        .badValue, "the settings are one YAML document, this file has \(documents.count)",
        at: decoder.location(documents[1]))
    }
    file = decoder.fields(of: document, SettingsFields.all, owner: "the settings") ?? [:]
    return []
  }

  private mutating func settings() throws -> Settings {
    var settings = Settings()
    settings.owner = text("owner", nil) ?? settings.owner
    settings.policy = (arguments.value(ApplyFlags.policy) ?? text("policy", nil)).flatMap(Policy.init) ?? .upsertOnly
    settings.desired = arguments.value(CommonFlags.desired) ?? text("desired", nil) ?? settings.desired
    // The lock lies beside the store: one store has one lock, whatever links lead to it.
    settings.state = Files.resolved(arguments.value(CommonFlags.state) ?? text("state", nil) ?? settings.state)
    settings.status = arguments.value(CommonFlags.status) ?? text("status", nil) ?? settings.status
    settings.npmURL = try NPMAddress.checked(
      arguments.value(CommonFlags.npmURL) ?? fromEnvironment(["NPM_URL"]) ?? text("npm", "url") ?? "")
    settings.npmIdentity = try fromEnvironment(["NPM_IDENTITY", "NPM_EMAIL"]) ?? text("npm", "identity") ?? ""
    settings.npmSecret = Secret(try fromEnvironment(["NPM_SECRET", "NPM_PASSWORD"]) ?? text("npm", "secret") ?? "")
    settings.npmContract = contract()
    settings.usesReloadWitness = text("npm", "reload_witness") != "off"
    settings.limits = try limits()
    settings.probe = probe()
    settings.secrets = .live(sending: sendableSecrets())
    settings.historySeconds = seconds("history", "keep") ?? settings.historySeconds
    settings.defaultCertificate = text("certificates", "default")
    settings.letsEncryptEmail = text("certificates", "letsencrypt_email")
    settings.certificateDays = (
      number("certificates", "warn_days") ?? settings.certificateDays.warning,
      number("certificates", "error_days") ?? settings.certificateDays.error
    )
    settings.eventRetention.seconds = seconds("events", "keep") ?? settings.eventRetention.seconds
    settings.eventRetention.count = number("events", "max") ?? settings.eventRetention.count
    settings.daemon = daemon()
    refuseNothing()
    return settings
  }

  private mutating func contract() -> UpstreamConfiguration {
    var contract = UpstreamConfiguration(name: "NPM")
    contract.caFile = text("npm", "ca_file")
    contract.proxy = proxy()
    contract.connectTimeout = seconds("npm", "connect_timeout") ?? contract.connectTimeout
    contract.firstByteTimeout = seconds("npm", "first_byte_timeout") ?? contract.firstByteTimeout
    contract.readTimeout = seconds("npm", "read_timeout") ?? contract.readTimeout
    contract.writeTimeout = seconds("npm", "write_timeout") ?? contract.writeTimeout
    return contract
  }

  private mutating func proxy() -> Secret? {
    guard let text = text("npm", "proxy") else { return nil }
    let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]
    let scheme = text.firstRange(of: "://").map { text[..<$0.lowerBound].lowercased() }
    if let scheme, schemes.contains(scheme), !text.hasSuffix("://") { return Secret(text) }
    decoder.report(
      .badURL, "'npm.proxy' is no address of a proxy", at: file["npm"]?.location ?? decoder.start,
      hint: "write it as http://host:3128, or with \(schemes.dropFirst().joined(separator: ", "))")
    return nil
  }

  private func limits() throws -> SafetyLimits {
    var limits = SafetyLimits()
    limits.maxDeletes = number("safety", "max_deletes") ?? limits.maxDeletes
    limits.maxDeletePercent = number("safety", "max_delete_percent") ?? limits.maxDeletePercent
    limits.maxUpdatePercent = number("safety", "max_update_percent") ?? limits.maxUpdatePercent
    if let typed = try arguments.integer(ApplyFlags.maxDeletes) {
      // A number typed for this run is the whole bound of this run.
      limits.maxDeletes = typed
      limits.maxDeletePercent = 100
    }
    limits.maxDeletePercent = try percent(ApplyFlags.maxDeletePercent) ?? limits.maxDeletePercent
    limits.maxUpdatePercent = try percent(ApplyFlags.maxUpdatePercent) ?? limits.maxUpdatePercent
    limits.allowsDeletes = arguments.has(ApplyFlags.allowDeletes)
    return limits
  }

  private func percent(_ flag: FlagDefinition) throws -> Int? {
    let number = try arguments.integer(flag)
    if let number, number > 100 { throw UsageError(message: "--\(flag.name) takes 0 to 100, not \(number)") }
    return number
  }

  private func probe() -> ProbeSettings {
    var probe = ProbeSettings()
    probe.dnsTimeout = seconds("probe", "dns_timeout") ?? probe.dnsTimeout
    probe.tcpTimeout = seconds("probe", "tcp_timeout") ?? probe.tcpTimeout
    probe.httpTimeout = seconds("probe", "http_timeout") ?? probe.httpTimeout
    probe.concurrency = number("probe", "concurrency") ?? probe.concurrency
    return probe
  }

  /// Times of which none at all makes no sense.
  private static let lengths = [
    "npm": ["connect_timeout", "first_byte_timeout", "read_timeout", "write_timeout"],
    "probe": ["dns_timeout", "tcp_timeout", "http_timeout"], "watch": ["interval"], "health": ["interval"],
    "source": ["interval"], "history": ["keep"], "events": ["keep"],
  ]

  private mutating func refuseNothing() {
    for (section, names) in Self.lengths {
      for name in names where seconds(section, name) == 0 {
        decoder.report(
          .badValue, "'\(section).\(name)' must be longer than nothing", at: position(section, ".\(name)"),
          hint: "write 1s or more")
      }
    }
  }

  private mutating func sendableSecrets() -> Set<String> {
    let texts = (file["secrets"]?.value["allow"].arrayValue ?? []).compactMap(\.stringValue)
    func isRight(_ text: String) -> Bool {
      if text.hasPrefix("file:/") { return !text.hasSuffix("/") && !text.contains("*") }
      return text.hasPrefix("env:") && text.count > 4
        && text.utf8.dropFirst(4).allSatisfy { $0.isAlphanumeric || $0 == 0x5f }
    }
    for text in texts where !isRight(text) {
      decoder.report(
        .badValue, "'secrets.allow': '\(text)' names no secret", at: file["secrets"]?.location ?? decoder.start,
        hint: "write env:NAME or file:/path, each by itself")
    }
    return Set(texts)
  }

  /// Where a part of a section stands: the first of these paths, such as `.receivers[2].url`, that is written; else the section.
  func position(_ section: String, _ paths: String...) -> SourceLocation {
    paths.lazy.compactMap { file[section]?.parts[$0]?.location }.first ?? file[section]?.location ?? decoder.start
  }

  func seconds(_ section: String, _ name: String) -> Double? {
    file[section]?.value[name].stringValue.flatMap { DurationFormat.seconds($0) }
  }

  func number(_ section: String, _ name: String) -> Int? { file[section]?.value[name].intValue }

  /// A text of the file with its references filled in; nil where it is absent or empty.
  mutating func text(_ name: String, _ member: String?) -> String? {
    guard let decoded = file[name] else { return nil }
    return filled(member.map { decoded.value[$0] } ?? decoded.value, at: decoded.location)
  }

  /// A value's text with its references filled in; nil where it is absent or empty.
  mutating func filled(_ value: JSONValue, at place: SourceLocation? = nil) -> String? {
    guard let raw = value.stringValue, !raw.isEmpty else { return nil }
    let place = place ?? decoder.start
    do {
      return try Interpolation.fill(raw, environment)
    } catch let problem as Interpolation.Problem {
      decoder.report(.unsetVariable, problem.message, at: place, hint: problem.hint)
    } catch {
      decoder.report(.unsetVariable, "\(error)", at: place)
    }
    return nil
  }

  /// The first of `names` that is set, as itself or as a file in `NAME_FILE`.
  private func fromEnvironment(_ names: [String]) throws -> String? {
    for name in names {
      if let value = environment(name), !value.isEmpty { return value }
      if let path = environment(name + "_FILE"), !path.isEmpty {
        do {
          return try Interpolation.contents(of: path)
        } catch {
          let words = (error as? Interpolation.Problem)?.message ?? "\(error)"
          throw CommandFailure(.invalid, [Diagnostic(.unsetVariable, "\(name)_FILE: \(words)")])
        }
      }
    }
    return nil
  }
}

/// NPM's address as people write it, brought to one form: the store is bound to it.
enum NPMAddress {
  static func checked(_ text: String) throws -> String {
    guard !text.isEmpty else { return "" }
    var address = text
    for tail in ["/", "/api", "/"] where address.hasSuffix(tail) { address.removeLast(tail.count) }
    let lowered = address.lowercased()
    guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://") else {
      // What stands before an '@' may be a password.
      let shown = text.contains("@") ? "what is set" : "'\(text)'"
      throw refusal("\(shown) is no address of NPM", hint: "write it as http://host:81")
    }
    guard !address.contains("@") else {
      throw refusal("NPM's address carries a user name", hint: "use NPM_IDENTITY and NPM_SECRET instead")
    }
    return address
  }

  private static func refusal(_ message: String, hint: String) -> CommandFailure {
    CommandFailure(.invalid, [Diagnostic(.badURL, message, hint: hint)])
  }
}

/// `${env:NAME}` and `${file:/path}` in settings.
enum Interpolation {
  struct Problem: Error {
    var message: String
    var hint: String
  }

  static func fill(_ text: String, _ environment: (String) -> String?) throws -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      result += rest[..<start.lowerBound]
      result += try value(of: String(rest[start.upperBound..<end]), environment)
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func value(of reference: String, _ environment: (String) -> String?) throws -> String {
    if reference.hasPrefix("env:") {
      let name = String(reference.dropFirst(4))
      guard !name.isEmpty else {
        throw Problem(message: "a '${env:}' here names no variable", hint: "write ${env:NAME}")
      }
      if let value = environment(name), !value.isEmpty { return value }
      throw Problem(
        message: "the environment variable \(name) is not set", hint: "export \(name), or change the setting")
    }
    if reference.hasPrefix("file:") {
      do {
        return try contents(of: String(reference.dropFirst(5)))
      } catch let problem as Problem {
        throw problem
      } catch {
        throw Problem(message: "\(error)", hint: "the file must exist and be readable")
      }
    }
    // Its words are not repeated: it may be a password.
    throw Problem(message: "a '${...}' here is no reference", hint: "use ${env:NAME} or ${file:/path}")
  }

  static func contents(of path: String) throws -> String {
    guard let text = SecretText.text(of: try Files.read(path)) else {
      throw Problem(message: "\(path) is not UTF-8", hint: "secrets are texts")
    }
    guard !text.isEmpty else { throw Problem(message: "\(path) is empty", hint: "write the text into it") }
    return text
  }
}
