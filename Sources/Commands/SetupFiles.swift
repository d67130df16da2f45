import Configuration
import DesiredFiles
import Model
import Planning
import Platform
import Reconciler

/// The files that `init` writes: settings, password, .gitignore, and what NPM has.
struct SetupFiles {
  private let invocation: Invocation
  private let interview: Interview
  /// The settings file.
  private let file: String
  private let access: SetupAccess.Access
  private var console: Console { invocation.console }

  init(_ invocation: Invocation, _ interview: Interview, _ file: String, _ access: SetupAccess.Access) {
    self.invocation = invocation
    self.interview = interview
    self.file = file
    self.access = access
  }

  /// Beside the store, which is not committed either.
  private static let folder = ".reconciler"
  private static let secretFile = "\(folder)/npm-secret"
  private static let ignored = [".reconciler/", "status/", ".env"]

  func write() async throws -> ExitCode {
    do {
      if access.variable == nil {
        try Files.createDirectory(Self.folder, mode: 0o700)
        try Files.replace(Self.secretFile, with: Array((access.secret.reveal() + "\n").utf8), mode: 0o600)
      }
      try Files.replace(file, with: Array(settings.utf8))
      try ignoreFiles()
    } catch let error as FileError {
      throw CommandFailure(
        .failure, [Diagnostic(.outputFailed, "\(error)", hint: "go to a folder that can be written")])
    }
    // Variables of another account win over the file, and are not meant here.
    var settings = try CommandContext.load(invocation)
    (settings.npmURL, settings.npmIdentity, settings.npmSecret) = (access.url, access.identity, access.secret)
    let context = CommandContext(invocation, settings)
    let (result, isNew) = try await export(context)
    let planned = try await context.wholePlan(context.loaded().state)
    for warning in result.warnings { console.warn(warning) }
    let isCommitted = try await commit(context, result)
    let summary = summary(context, result, isNew: isNew, isCommitted: isCommitted)
    let lines = [""] + summary.wrapped(to: console.columns) + next(planned.plan)
    try console.result(lines.joined(separator: "\n"))
    return .success
  }

  private var settings: String {
    let secret = access.variable.map { "${env:\($0)}" } ?? "${file:\(Self.secretFile)}"
    return """
      # What reconciler works by. 'reconciler explain npm.url' explains a setting, 'reconciler settings' shows all of them.
      policy: upsert-only  # creates and changes; with sync, what is gone from the files is deleted, too
      npm:
        url: \(JSONOutput.line(JSONValue.string(access.url)))
        identity: \(JSONOutput.line(JSONValue.string(access.identity)))
        secret: \(secret)

      """
  }

  private func ignoreFiles() throws {
    let before = Files.exists(".gitignore") ? String(decoding: try Files.read(".gitignore"), as: UTF8.self) : ""
    let known = Set(before.split(separator: "\n").map { $0.trimmingPrefix("/") })
    let missing = Self.ignored.filter { !known.contains($0[...]) }
    guard !missing.isEmpty else { return }
    let start = before.isEmpty || before.hasSuffix("\n") ? before : before + "\n"
    try Files.replace(".gitignore", with: Array((start + missing.joined(separator: "\n") + "\n").utf8))
  }

  /// Desired files that are there already are left as they are.
  private func export(_ context: CommandContext) async throws -> (DesiredFileSet, isNew: Bool) {
    let directory = context.settings.desired
    guard context.loaded().hasNoFiles else { return (DesiredFileSet(), false) }
    let result = try await ExportCommand.export(context)
    try DesiredFileOutput.write(result, to: directory)
    return (result, true)
  }

  // MARK: Git

  /// Not while a value looks like a secret: what is committed once stays in the history.
  private func commit(_ context: CommandContext, _ result: DesiredFileSet) async throws -> Bool {
    let isWanted =
      invocation.arguments.has(InitCommand.commit)
      || (interview.isInteractive && interview.agrees("Commit these files to git?", proposal: result.suspects.isEmpty))
    guard isWanted else { return false }
    guard result.suspects.isEmpty else {
      let names = result.suspects.shortened
      console.warn(
        Diagnostic(
          .notExportable, "nothing is committed: values of \(names) look as if they held a secret",
          hint: "look at the comments in \(context.settings.desired)/, then commit it yourself", severity: .warning))
      return false
    }
    let files = [file, ".gitignore", context.settings.desired]
    guard await GitHistory.commit(files, "Describe what Nginx Proxy Manager serves") else {
      console.warn(
        Diagnostic(
          .outputFailed, "git did not take the commit",
          hint: "git needs user.name and user.email; then commit it yourself",
          severity: .warning))
      return false
    }
    return true
  }

  // MARK: What is said

  private func summary(
    _ context: CommandContext, _ result: DesiredFileSet, isNew: Bool, isCommitted: Bool
  ) -> TerminalText {
    let password = access.variable == nil ? ", \(Self.secretFile) (only you can read it)" : ""
    let desired = context.settings.desired
    let objects =
      isNew
      ? "\(Phrases.count(result.objectCount, "object")) in \(Phrases.count(result.files.count, "file")) below \(desired)/"
      : "\(desired)/ stays as it was"
    let committed = isCommitted ? " All of it is committed." : ""
    return "Wrote \(file), .gitignore\(password); \(objects).\(committed)"
  }

  /// The commands that come next, and what they will say.
  private func next(_ plan: Plan) -> [TerminalText] {
    let adoptable = plan.adoptable.count
    let pending = plan.changes.count
    let diff = pending == 0 ? "finds nothing to do" : "shows \(Phrases.count(pending, "difference"))"
    let adopt =
      adoptable == 0
      ? "has nothing to take over" : "takes over \(Phrases.count(adoptable, "object")): only markers are written"
    let others = [("NPM_IDENTITY", access.identity), ("NPM_EMAIL", access.identity), ("NPM_URL", access.url)]
      .filter { name, value in CurrentProcess.environment(name).map { $0 != value } ?? false }.map(\.0)
    let secrets =
      access.variable == nil ? ["NPM_SECRET", "NPM_PASSWORD"].filter { CurrentProcess.environment($0) != nil } : []
    let unset: [TextTable.Row] =
      (others + secrets).isEmpty
      ? []
      : [
        .init(["unset \((others + secrets).joined(separator: " "))", "they would win over \(file)"])
      ]
    let password = access.variable.map { variable in
      TextTable.Row(["export \(variable)=...", "wherever reconciler runs: \(file) takes the password from it"])
    }
    let rows: [TextTable.Row] =
      unset + [password].compactMap(\.self) + [
        .init(["reconciler diff", TerminalText(diff)]), .init(["reconciler adopt --all", TerminalText(adopt)]),
        .init(["reconciler watch", "keeps NPM as the files say, and tells when a site is down"]),
      ]
    return ["", "Next:"] + TextTable(width: console.columns, rows: rows).lines
  }
}
