import DesiredFiles
import Model
import Platform
import Reports

/// Where desired files go that a command made: to the screen, or into a directory.
struct DesiredFileOutput {
  private static let out = FlagDefinition("out", value: "DIR", "Write files into this directory instead of stdout")
  private static let split = FlagDefinition("split", "One file per object, in a folder for each kind")
  private static let force = FlagDefinition("force", "Write although the directory holds YAML files already")
  private static let passwords = FlagDefinition(
    "passwords", value: "WAY", choices: DesiredWriter.Passwords.allCases.map(\.rawValue),
    "Those of access lists: keep (as NPM has them, the default), or env: variables, for another NPM")

  static let flags = [out, split, force, passwords]

  private let invocation: Invocation
  /// nil: the screen.
  let directory: String?

  /// - Throws: `CommandFailure`, if files there are not to be replaced.
  init(_ invocation: Invocation) throws {
    self.invocation = invocation
    directory = invocation.arguments.value(Self.out)
    if let directory { try check(directory) }
  }

  var splits: Bool { invocation.arguments.has(Self.split) }

  var passwords: DesiredWriter.Passwords {
    invocation.arguments.value(Self.passwords).flatMap(DesiredWriter.Passwords.init) ?? .keep
  }

  /// - Parameter report: the same as JSON.
  func deliver(_ result: DesiredFileSet, report: some Encodable) throws {
    if let directory { try Self.write(result, to: directory) }
    var console = invocation.console
    console.outFile = nil
    if console.format == .json {
      try console.result(report: report)
    } else if let directory {
      let files = Phrases.count(result.files.count, "file")
      try console.result("\(Phrases.count(result.objectCount, "object")) written to \(files) in \(directory)/")
      if !result.variables.isEmpty {
        try console.result(
          "To be set before they are read, see \(directory)/.env.example: \(result.variables.joined(separator: ", "))")
      }
    } else {
      try console.result(document: result.files.map(\.text).joined(separator: "---\n"))
    }
    for warning in result.warnings where !console.isQuiet {
      if warning.location == nil || console.format == .json { console.warn(warning) } else { console.show([warning]) }
    }
  }

  /// A host in two files would be an error in the next diff.
  private func check(_ directory: String) throws {
    guard Files.exists(directory) else { return }
    let listing: Files.Listing
    do {
      listing = try Files.below(directory)
    } catch {
      throw Self.refusal("\(error), so that what is there is not known", hint: "name another directory with --out")
    }
    let files = listing.files.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
    if let defaults = files.first(where: DesiredLoader.isNamedDefaults) {
      throw Self.refusal(
        "\(defaults) would change what is written, where fields at NPM's defaults are left out",
        hint: "name another directory")
    }
    guard !invocation.arguments.has(Self.force), let file = files.first else { return }
    throw Self.refusal(
      "\(directory)/ holds \(file) already: nothing was written",
      hint: "name another directory; or --force, which replaces files of the same name and leaves the others")
  }

  private static func refusal(_ message: String, hint: String) -> CommandFailure {
    CommandFailure(.failure, [Diagnostic(.outputFailed, message, hint: hint)])
  }

  static func write(_ result: DesiredFileSet, to directory: String) throws {
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
      throw refusal("\(error)", hint: "name another directory with --out")
    }
  }
}
