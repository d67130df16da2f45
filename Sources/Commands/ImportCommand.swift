import Configuration
import DesiredFiles
import Importing
import Model
import NPMClient
import Platform
import Reports

/// `reconciler import`: what other tools are told, as desired files.
enum ImportCommand {
  private static let files = ArgumentDefinition(
    name: "FILE", isRepeatable: true, summary: "Files, or folders with .yaml, .yml and .json files")
  private static let dockerHost = FlagDefinition(
    "docker-host", value: "ADDRESS",
    "Of compose files: where published ports are reached; without it, hosts go to containers by their names")

  static let definition = CommandDefinition(
    name: "import", summary: "Write what another tool manages as desired files",
    discussion: """
      Reads desired state of wyrmctl and npmctl, resources of the Terraform provider (the JSON of 'terraform show -json', or
      terraform.tfstate), and docker-compose files with labels of npm-docker-sync or Traefik. What could not be translated is
      named; an object that would not be what its tool serves stands in the file as a comment. Where a file has only the
      number of a certificate or access list, NPM is asked for its name. Nothing is changed in NPM.
      Let one tool at a time write to NPM: stop the other before 'reconciler adopt --all'.
      """,
    arguments: [files], flags: DesiredFileOutput.flags + [dockerHost], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let output = try DesiredFileOutput(invocation)
    let importer = Importer(
      environment: { CurrentProcess.environment($0) }, dockerHost: invocation.arguments.value(dockerHost))
    let draft = importer.read(try inputs(invocation.arguments.positional))
    guard !draft.diagnostics.hasErrors else {
      guard invocation.console.format != .json else { throw CommandFailure(.invalid, draft.diagnostics) }
      // Lines of these files may hold secrets: only their places are shown.
      invocation.console.show(draft.diagnostics)
      throw CommandFailure(.invalid, [])
    }
    let numbers = draft.unknownNumbers
    let observed = numbers.isEmpty ? nil : await ask(invocation, for: numbers)
    let result = draft.files(passwords: output.passwords, splits: output.splits) { ref in
      let name = observed?.references.name(ref.kind, ref.id)
      return name == "#\(ref.id)" ? nil : name
    }
    try output.deliver(result, report: ImportReport(result, output.directory))
    return result.objectCount == 0 ? .failure : .success
  }

  private static func inputs(_ paths: [String]) throws -> [Importer.Input] {
    do {
      return try paths.flatMap { path -> [Importer.Input] in
        guard Files.isDirectory(path) else { return [try input(path, isNamed: true)] }
        let endings = [".yaml", ".yml", ".json", ".tfstate"]
        let files = try Files.below(path).files.filter { file in endings.contains { file.hasSuffix($0) } }
        return try files.map { try input($0, isNamed: false) }
      }
    } catch {
      throw CommandFailure(
        .failure, [Diagnostic(.unreadableFile, "\(error)", hint: "name files that exist and are readable")])
    }
  }

  /// - Parameter isNamed: on the command line; in a folder, other files may lie beside those that are meant.
  private static func input(_ path: String, isNamed: Bool) throws -> Importer.Input {
    let parent = Files.parent(of: path)
    let variables = "\(parent.isEmpty ? "." : parent)/.env"
    return Importer.Input(
      name: path, bytes: try Files.read(path, upTo: 64 << 20), isNamed: isNamed,
      variables: (try? Files.read(variables)).map { String(decoding: $0, as: UTF8.self) })
  }

  /// Without NPM, hosts that need its answer stay comments.
  private static func ask(_ invocation: Invocation, for numbers: Set<ObjectRef>) async -> ObservedState? {
    do {
      let context = try CommandContext(invocation)
      let gateway = try context.gateway()
      return try await ActivityLine(invocation.console).during("asking NPM at \(context.settings.npmURL)") {
        try await gateway.observe()
      }
    } catch {
      let what = numbers.sorted().map(\.description).shortened
      var diagnostic = (error as? CommandFailure)?.diagnostics.first ?? Diagnostic(of: error)
      diagnostic.message = "NPM could not be asked for the name of \(what): \(diagnostic.message)"
      diagnostic.severity = .warning
      invocation.console.warn(diagnostic)
      return nil
    }
  }
}
