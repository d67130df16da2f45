import Configuration
import Reports
import DesiredFiles
import Model
import NPMClient
import Platform
import Store

/// `reconciler export`: the state of NPM as desired files.
enum ExportCommand {
  private static let out = FlagDefinition("out", value: "DIR", "Write files into this directory instead of stdout")
  private static let split = FlagDefinition("split", "One file per object, in a folder for each kind")
  private static let force = FlagDefinition("force", "Write although the directory holds YAML files already")

  private static let privateKeys = FlagDefinition(
    "private-keys", "Write certificates that were uploaded with their private keys; needs --out")

  private static let passwords = FlagDefinition(
    "passwords", value: "WAY", choices: DesiredWriter.Passwords.allCases.map(\.rawValue),
    "Those of access lists: keep (as NPM has them, the default), or env: variables, for another NPM")

  static let definition = CommandDefinition(
    name: "export", summary: "Write what NPM has as desired files",
    discussion: """
      Everything is read back and compared before it is written out, so that a following diff finds nothing to do. What
      belongs to another owner is left out. Nothing is changed in NPM: to manage it, run 'reconciler adopt --all' then.
      NPM does not return the passwords of access lists: they are written as `keep: true`, as NPM has them.
      """,
    flags: [out, split, force, passwords, privateKeys], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    let directory = invocation.arguments.value(out)
    if let directory { try check(directory, invocation) }
    guard directory != nil || !invocation.arguments.has(privateKeys) else {
      throw UsageError(message: "--private-keys needs --out: keys do not belong on a screen")
    }
    let result = try await export(
      context, splits: invocation.arguments.has(split), withKeys: invocation.arguments.has(privateKeys),
      passwords: invocation.arguments.value(passwords).flatMap(DesiredWriter.Passwords.init) ?? .keep)
    if let directory { try write(result, to: directory) }
    var console = invocation.console
    console.outFile = nil
    if console.format == .json {
      try console.result(report: ExportReport(result, directory))
    } else if let directory {
      let files = Phrases.count(result.files.count, "file")
      try console.result("\(Phrases.count(result.exported, "object")) written to \(files) in \(directory)/")
      if !result.variables.isEmpty {
        try console.result(
          "To be set before they are read, see \(directory)/.env.example: \(result.variables.joined(separator: ", "))")
      }
    } else {
      try console.result(document: result.files.map(\.text).joined(separator: "---\n"))
    }
    for warning in result.warnings { console.warn(warning) }
    return .success
  }

  static func export(
    _ context: CommandContext, splits: Bool = false, withKeys: Bool = false,
    passwords: DesiredWriter.Passwords = .keep
  ) async throws -> Exporter.Result {
    let gateway = try context.gateway()
    let observed = try await ActivityLine(context.invocation.console).during("asking NPM at \(context.settings.npmURL)")
    {
      try await gateway.observe(fixed: Set(ResourceSchema.all.filter(\.isSingleton).map(\.kind)))
    }
    var uploads: [ResourceID: [String: Secret]] = [:]
    for object in observed.resources[.certificate] ?? [] where withKeys && object.spec["certificate"] != .null {
      uploads[object.id] = try await gateway.uploads(of: object.id)
    }
    let exporter = Exporter(
      observed, owner: context.settings.owner, origin: context.settings.npmURL, uploads: uploads,
      known: try await names(context), passwords: passwords)
    return exporter.export(splits: splits)
  }

  /// A host in two files would be an error in the next diff.
  private static func check(_ directory: String, _ invocation: Invocation) throws {
    guard Files.exists(directory) else { return }
    let listing: Files.Listing
    do {
      listing = try Files.below(directory)
    } catch {
      throw refusal("\(error), so that what is there is not known", hint: "name another directory with --out")
    }
    let files = listing.files.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
    if let defaults = files.first(where: DesiredLoader.isNamedDefaults) {
      throw refusal(
        "\(defaults) would change what is exported, where fields at NPM's defaults are left out",
        hint: "name another directory")
    }
    guard !invocation.arguments.has(force), let file = files.first else { return }
    throw refusal(
      "\(directory)/ holds \(file) already: nothing was written",
      hint: "name another directory; or --force, which replaces files of the same name and leaves the others")
  }

  private static func refusal(_ message: String, hint: String) -> CommandFailure {
    CommandFailure(.failure, [Diagnostic(.outputFailed, message, hint: hint)])
  }

  /// The store's names for objects without a place for a marker.
  private static func names(_ context: CommandContext) async throws -> [ObjectRef: String] {
    let stores = try context.stores(createsIt: false)
    guard try await stores.binding.boundNPM() == context.settings.npmURL else { return [:] }
    let known = try await stores.ledger.entries().compactMap { entry in
      entry.id.map { (ObjectRef(entry.key.kind, $0), entry.key.name) }
    }
    return Dictionary(firstOf: known)
  }

  static func write(_ result: Exporter.Result, to directory: String) throws {
    do {
      try Files.createDirectory(directory)
      for file in result.secretFiles {
        let path = "\(directory)/\(file.name)"
        try Files.createDirectory(Files.parent(of: path))
        try Files.replace(path, with: Array(file.text.reveal().utf8), mode: 0o600)
      }
      if !result.variables.isEmpty {
        let lines = ["# Copy it to .env, which is not committed, and fill it in."] + result.variables.map { "\($0)=" }
        try Files.replace("\(directory)/.env.example", with: Array((lines.joined(separator: "\n") + "\n").utf8))
      }
      for file in result.files {
        let path = "\(directory)/\(file.name)"
        try Files.createDirectory(Files.parent(of: path))
        try Files.replace(path, with: Array(file.text.utf8))
      }
    } catch {
      throw CommandFailure(.failure, [Diagnostic(.outputFailed, "\(error)", hint: "name another directory with --out")])
    }
  }
}
