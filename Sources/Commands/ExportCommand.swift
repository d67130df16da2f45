import Configuration
import Reports
import DesiredFiles
import Model
import NPMClient
import Platform
import Store

/// `reconciler export`: the state of NPM as desired files.
enum ExportCommand {
  private static let privateKeys = FlagDefinition(
    "private-keys", "Write certificates that were uploaded with their private keys; needs --out")

  static let definition = CommandDefinition(
    name: "export", summary: "Write what NPM has as desired files",
    discussion: """
      Everything is read back and compared before it is written out, so that a following diff finds nothing to do. What
      belongs to another owner is left out. Nothing is changed in NPM: to manage it, run 'reconciler adopt --all' then.
      NPM does not return the passwords of access lists: they are written as `keep: true`, as NPM has them.
      """,
    flags: DesiredFileOutput.flags + [privateKeys], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    let output = try DesiredFileOutput(invocation)
    guard output.directory != nil || !invocation.arguments.has(privateKeys) else {
      throw UsageError(message: "--private-keys needs --out: keys do not belong on a screen")
    }
    let result = try await export(
      context, splits: output.splits, withKeys: invocation.arguments.has(privateKeys), passwords: output.passwords)
    try output.deliver(result, report: ExportReport(result, output.directory))
    return .success
  }

  static func export(
    _ context: CommandContext, splits: Bool = false, withKeys: Bool = false,
    passwords: DesiredWriter.Passwords = .keep
  ) async throws -> DesiredFileSet {
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

  /// The store's names for objects without a place for a marker.
  private static func names(_ context: CommandContext) async throws -> [ObjectRef: String] {
    let stores = try context.stores(createsIt: false)
    guard try await stores.binding.boundNPM() == context.settings.npmURL else { return [:] }
    let known = try await stores.ledger.entries().compactMap { entry in
      entry.id.map { (ObjectRef(entry.key.kind, $0), entry.key.name) }
    }
    return Dictionary(firstOf: known)
  }
}
