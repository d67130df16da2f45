package import DesiredFiles
import Model
import Platform

/// Desired files in a directory, watched for changes.
package actor DirectorySource: DesiredSource {
  private let directory: String
  private let ignored: String
  private let readFiles: @Sendable () -> LoadedDesired
  private let budget: Double
  private var last = LastGoodState()
  /// A load that did not end within the budget; another one begins once it has.
  private var hanging: Task<LoadedDesired, Never>?
  private var files: FileWatch?
  private let secrets: SecretSource
  private let editing = AsyncSemaphore(1)
  private let changes = Lock(0)

  /// - Parameters:
  ///   - ignored: a directory that may be inside, and that the daemon writes itself.
  ///   - budget: seconds for the disk, after which the last good state goes on.
  ///   - load: reads the files; may block.
  package init(
    _ directory: String, ignoring ignored: String, budget: Double = 30, secrets: SecretSource = .live,
    load: @escaping @Sendable () -> LoadedDesired
  ) {
    self.secrets = secrets
    self.directory = directory
    self.ignored = ignored
    self.budget = budget
    readFiles = load
  }

  package nonisolated var title: String { "\(directory)/" }

  package func read() async -> SourceReading {
    let revision = changes.withLock { $0 }
    guard let loaded = await load() else {
      var reading = SourceReading(desired: last.state, problem: .silent(seconds: budget))
      reading.revision = revision
      return reading
    }
    files?.follow(loaded.referred)
    var reading = last.take(loaded)
    reading.revision = revision
    return reading
  }

  package func load() async -> LoadedDesired? {
    if let old = hanging {
      // What it read may be old.
      guard await old.value(within: budget) != nil else { return nil }
      hanging = nil
    }
    let task = Task { [readFiles] in await BlockingPool.files.run(readFiles) }
    guard let loaded = await task.value(within: budget) else {
      hanging = task
      return nil
    }
    return loaded
  }

  package func watch(changed: @escaping @Sendable () -> Void) {
    files = FileWatch(directory, ignoring: ignored) { [changes] in
      changes.withLock { $0 += 1 }
      changed()
    }
  }

  package func proposal(_ propose: @escaping SourceEdit.Propose) async throws -> EntryEdit.Proposal {
    guard let loaded = await load() else {
      throw SourceEditProblem.failed(Diagnostic(of: SourceProblem.silent(seconds: budget)))
    }
    return try await proposal(propose, loaded, directory: directory, secrets: secrets)
  }

  package func edit(_ edit: SourceEdit) async throws {
    await editing.enter()
    defer { editing.leave() }
    // Whoever edits the file by hand at the same moment goes first.
    for _ in 0..<Self.attempts {
      let proposal = try await proposal(edit.propose)
      guard try await edit.decide(proposal) else { return }
      do {
        let (change, directory) = (proposal.change, directory)
        try await BlockingPool.files.run {
          try FolderWriter(directory).write(change.path, before: change.before, after: change.after)
        }
        return
      } catch is FolderWriter.Changed {
        continue
      } catch {
        throw SourceEditProblem.failed(
          Diagnostic(
            .outputFailed, "\(error)", hint: "files are not written through links; the daemon needs the right to write")
        )
      }
    }
    throw SourceEditProblem.failed(
      Diagnostic(.outputFailed, "another program keeps changing the file", hint: "try again when it has ended"))
  }

  private static let attempts = 3
}
