import DesiredFiles
import Model
import Platform

/// What the daemon is to bring about: a directory, or a branch of a repository; and the last state of it that was without
/// mistakes.
actor DesiredSource {
  /// What a look at it gave.
  struct Reading: Sendable {
    /// What is in force; nil: there never was anything without mistakes.
    var desired: DesiredState?
    /// Files elsewhere that they name.
    var referred: Set<String> = []
    /// What is wrong with the files that came last.
    var mistakes: String?
    /// Why nothing newer than what is in force could be had.
    var problem: GitProblem?
    /// The commit that is in force.
    var commit: GitCommit?
  }

  private let directory: String
  private let git: GitSource?
  private let secrets: SecretSource
  /// Without the places of fields, which are half of its memory and are only for messages.
  private var good: DesiredState?
  private var commit: GitCommit?

  init(_ settings: Settings) {
    directory = settings.desired
    secrets = settings.secrets
    git = settings.daemon.git.map { GitSource($0, directory: "\(settings.state).source") }
  }

  func read() async -> Reading {
    guard let git else { return load(DesiredLoader.load(directory, secrets: secrets)) }
    var reading: Reading
    do {
      let newest = try await git.fetch()
      reading = load(DesiredLoader.load(git.desired, secrets: secrets).relative(to: git.tree))
      if reading.mistakes == nil {
        try await git.accept(newest)
        commit = newest
      } else {
        reading.mistakes = "commit \(newest.short) by \(newest.author): \(reading.mistakes ?? "")"
        await goBack(git, &reading)
      }
    } catch {
      reading = Reading(desired: good, problem: error as? GitProblem ?? .failed("\(error)"))
      if good == nil { await goBack(git, &reading) }
    }
    reading.commit = commit
    return reading
  }

  /// To the commit that is in force, which a daemon that has just begun does not know yet.
  private func goBack(_ git: GitSource, _ reading: inout Reading) async {
    guard let old = try? await git.goBack(), good == nil else { return }
    let earlier = load(DesiredLoader.load(git.desired, secrets: secrets).relative(to: git.tree))
    guard earlier.mistakes == nil else { return }
    reading.desired = earlier.desired
    commit = old
  }

  private func load(_ loaded: LoadedDesired) -> Reading {
    let errors = loaded.diagnostics.filter { $0.severity == .error }
    guard let first = errors.first else {
      good = loaded.state.withoutPlaces
      return Reading(desired: loaded.state, referred: loaded.referred)
    }
    let more = errors.count > 1 ? " and \(errors.count - 1) more" : ""
    let words = first.location.map { "\($0.file):\($0.line): \(first.message)" } ?? first.message
    return Reading(desired: good, referred: loaded.referred, mistakes: words + more)
  }
}
