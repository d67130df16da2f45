package import DesiredFiles
import Model
import Platform

/// Desired files on a branch of a repository, fetched for each reading.
package actor GitDesiredSource: DesiredSource {
  private let settings: GitSettings
  private let git: GitSource
  private let secrets: SecretSource
  private var last = LastGoodState()
  private var commit: GitCommit?

  /// - Parameter directory: for the clone; used by the daemon only.
  package init(_ settings: GitSettings, directory: String, secrets: SecretSource) {
    self.settings = settings
    git = GitSource(settings, directory: directory)
    self.secrets = secrets
  }

  package nonisolated var title: String { "\(settings.branch) of \(settings.shownURL)" }
  package nonisolated var interval: Double? { settings.interval }

  /// Fetches are due by time alone.
  package func watch(changed: @escaping @Sendable () -> Void) {}

  package func read() async -> SourceReading {
    var reading: SourceReading
    do {
      let newest = try await git.fetch()
      reading = last.take(await load())
      if reading.mistakes == nil {
        try await git.accept(newest)
        commit = newest
      } else {
        reading.mistakes = "commit \(newest.short) by \(newest.author): \(reading.mistakes ?? "")"
        await goBack(&reading)
      }
    } catch {
      reading = SourceReading(desired: last.state, problem: error as? GitProblem ?? .failed("\(error)"))
      if last.state == nil { await goBack(&reading) }
    }
    reading.commit = commit
    return reading
  }

  private func load() async -> LoadedDesired {
    await BlockingPool.files.run { [git, secrets] in
      DesiredLoader.load(git.desired, secrets: secrets).relative(to: git.tree)
    }
  }

  /// Goes back to the last accepted commit, which a daemon that has just started does not know yet.
  private func goBack(_ reading: inout SourceReading) async {
    let old: GitCommit
    do {
      guard let accepted = try await git.goBack(), last.state == nil else { return }
      old = accepted
    } catch {
      // The files of the newest commit stay checked out: the reading already names what is wrong.
      reading.problem = reading.problem ?? error as? GitProblem ?? .failed("\(error)")
      return
    }
    let earlier = last.take(await load())
    guard earlier.mistakes == nil else { return }
    reading.desired = earlier.desired
    commit = old
  }
}
