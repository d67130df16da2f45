package import DesiredFiles
package import Model
package import Platform

/// The result of reading the desired files.
package struct SourceReading: Sendable {
  /// The newest state without errors; nil: there never was one.
  package var desired: DesiredState?
  /// What is wrong with the newest files.
  package var mistakes: String?
  /// Why nothing newer than `desired` could be fetched.
  package var problem: SourceProblem?
  /// The commit of `desired`; nil: it is not from a repository.
  package var commit: GitCommit?
  /// Changes whenever the files may have changed.
  package var revision = 0

  package init(
    desired: DesiredState? = nil, mistakes: String? = nil, problem: SourceProblem? = nil, commit: GitCommit? = nil
  ) {
    self.desired = desired
    self.mistakes = mistakes
    self.problem = problem
    self.commit = commit
  }

  /// Whether it has the same commit and the same problems.
  func isSame(as other: SourceReading) -> Bool {
    commit == other.commit && mistakes == other.mistakes && problem == other.problem
      && (desired == nil) == (other.desired == nil)
  }
}

/// Where the daemon's desired state comes from.
package protocol DesiredSource: Sendable {
  /// For display: `desired/`, or a branch and an address.
  var title: String { get }
  /// What is known of the files. It waits for this machine at most, never for another.
  func read() async -> SourceReading
  /// The files as they are at this moment, with all that is wrong with them; nil: the disk did not answer in time.
  func load() async -> LoadedDesired?
  /// Calls `changed` whenever the files may have changed, where the source can detect that.
  func watch(changed: @escaping @Sendable () -> Void) async
  /// Looks for changes until a stop is requested, where nothing reports them.
  func run(stop: ShutdownSignal) async
  /// Looks at once, as an operator asked; from any task.
  func refresh()
  /// What the files would say after a change that is never made; holds up no other.
  ///
  /// - Throws: `SourceEditProblem`, and what `propose` throws.
  func proposal(_ propose: @escaping SourceEdit.Propose) async throws -> EntryEdit.Proposal
  /// Changes the files, one change at a time; from then on `read` gives what they say.
  ///
  /// - Throws: `SourceEditProblem`, and what the edit throws.
  func edit(_ edit: SourceEdit) async throws
}

extension DesiredSource {
  package func run(stop: ShutdownSignal) async {}
  package func refresh() {}
}

/// The last state without errors, kept while newer files have some. Without the locations of fields, which are half of
/// its memory and are only for messages.
struct LastGoodState {
  private var good: DesiredState?

  mutating func take(_ loaded: LoadedDesired) -> SourceReading {
    let errors = loaded.diagnostics.filter { $0.severity == .error }
    guard let first = errors.first else {
      good = loaded.state.withoutPlaces
      return SourceReading(desired: loaded.state)
    }
    let more = errors.count > 1 ? " and \(errors.count - 1) more" : ""
    let message = first.location.map { "\($0.file):\($0.line): \(first.message)" } ?? first.message
    return SourceReading(desired: good, mistakes: message + more)
  }

  var state: DesiredState? { good }
}
