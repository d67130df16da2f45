package import DesiredFiles
import Model
package import Platform

/// Desired files on a branch of a repository. A task of its own fetches; a reconciliation gets what was last fetched, and
/// never waits for the git server.
package actor GitDesiredSource: DesiredSource {
  private let settings: GitSettings
  private let git: GitSource
  private let secrets: SecretSource
  private let clock: any MonotonicClock
  private let timer: TimerLoop
  /// Held while the checkout must stay as it is.
  private let checkout = AsyncSemaphore(1)
  private var last = LastGoodState()
  private var commit: GitCommit?
  /// The result of the last fetch.
  private var latest: SourceReading?
  private var fallback: SourceReading?
  private var changed: @Sendable () -> Void = {}
  /// Since when a fetch has been under way.
  private var fetching: (since: Timestamp, at: Double)?
  private var waiters: [CheckedContinuation<Void, Never>] = []

  /// Seconds for which the first reconciliation waits for the first fetch, so that it begins with the newest commit.
  private static let firstWait = 5.0

  /// - Parameter directory: for the clone; used by the daemon only.
  package init(
    _ settings: GitSettings, directory: String, secrets: SecretSource,
    clock: any MonotonicClock = SystemMonotonicClock()
  ) {
    self.settings = settings
    git = GitSource(settings, directory: directory)
    self.secrets = secrets
    self.clock = clock
    timer = TimerLoop(clock: clock)
  }

  package nonisolated var title: String { "\(settings.branch) of \(settings.shownURL)" }

  package func watch(changed: @escaping @Sendable () -> Void) { self.changed = changed }

  package nonisolated func refresh() { timer.wake() }

  package func run(stop: ShutdownSignal) async {
    // Before the server was asked, the commit of before the start is in force.
    var before = SourceReading(problem: .failed("the first fetch has not ended"))
    await goBack(&before)
    before.commit = commit
    fallback = before
    await timer.run(stop: stop) {
      fetching = (.now, clock.now)
      let reading = await stop.cancelling { await self.alone { await self.fetch() } }
      fetching = nil
      if stop.isRequested { return nil }
      let isNews = latest.map { !$0.isSame(as: reading) } ?? true
      latest = reading
      endWaits()
      if isNews { changed() }
      return clock.now + settings.interval
    }
    endWaits()
  }

  package func read() async -> SourceReading {
    if latest == nil { await waitForFirst() }
    guard var reading = latest ?? fallback else {
      return SourceReading(problem: .failed("the first fetch has not ended"))
    }
    // A server that takes the connection and does not answer is as good as away.
    if reading.problem == nil, let fetching, clock.now - fetching.at > 2 * settings.interval {
      reading.problem = .failed("the fetch that began at \(fetching.since.iso8601) has not ended")
    }
    return reading
  }

  private func waitForFirst() async {
    let limit = Task { [clock] in
      await clock.wait(until: clock.now + Self.firstWait)
      if !Task.isCancelled { self.endWaits() }
    }
    await withCheckedContinuation { waiters.append($0) }
    limit.cancel()
  }

  private func endWaits() {
    for waiter in waiters { waiter.resume() }
    waiters = []
  }

  private func fetch() async -> SourceReading {
    var reading: SourceReading
    do {
      let newest = try await git.fetch()
      reading = last.take(await loadTree())
      if reading.mistakes == nil {
        try await git.accept(newest)
        commit = newest
      } else {
        reading.mistakes = "commit \(newest.short) by \(newest.author): \(reading.mistakes ?? "")"
        await goBack(&reading)
      }
    } catch {
      reading = SourceReading(desired: last.state, problem: error as? SourceProblem ?? .failed("\(error)"))
      if last.state == nil { await goBack(&reading) }
    }
    reading.commit = commit
    return reading
  }

  package func load() async -> LoadedDesired? { await loadTree() }

  package func proposal(_ propose: @escaping SourceEdit.Propose) async throws -> EntryEdit.Proposal {
    try await alone { try await proposed(propose).relative(to: git.tree) }
  }

  /// With paths of this machine; while the checkout stays as it is.
  private func proposed(_ propose: @escaping SourceEdit.Propose) async throws -> EntryEdit.Proposal {
    guard let latest, latest.mistakes == nil, latest.problem == nil else { throw refusal() }
    let loaded = await BlockingPool.files.run { [git, secrets] in DesiredLoader.load(git.desired, secrets: secrets) }
    return try await proposal(propose, loaded, directory: git.desired, secrets: secrets)
  }

  package func edit(_ edit: SourceEdit) async throws {
    try await alone {
      for _ in 0..<Self.attempts {
        let proposal = try await proposed(edit.propose)
        guard try await edit.decide(proposal.relative(to: git.tree)) else { return }
        do {
          commit = try await git.commit(proposal.change, author: edit.note.author, message: edit.note.message)
          // What was fetched before says less than the checkout now.
          var reading = last.take(await loadTree())
          reading.commit = commit
          self.latest = reading
          return changed()
        } catch is BranchMoved {
          self.latest = await fetch()
        } catch let unpushed as UnpushedCommit {
          throw SourceEditProblem.readOnly(patch: unpushed.patch)
        } catch {
          throw SourceEditProblem.failed(Diagnostic(.outputFailed, "\(error)", hint: "nothing was pushed"))
        }
      }
      throw SourceEditProblem.failed(
        Diagnostic(.outputFailed, "others keep pushing to the branch", hint: "try again when they have ended"))
    }
  }

  private static let attempts = 3

  private func refusal() -> SourceEditProblem {
    let message = latest?.mistakes ?? latest?.problem.map { "\($0)" } ?? "the first fetch has not ended"
    return .invalid([Diagnostic(.desiredInvalid, message, hint: "nothing is added to a branch that cannot be followed")]
    )
  }

  private func alone<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    await checkout.enter()
    defer { checkout.leave() }
    return try await body()
  }

  private func loadTree() async -> LoadedDesired {
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
      reading.problem = reading.problem ?? error as? SourceProblem ?? .failed("\(error)")
      return
    }
    let earlier = last.take(await loadTree())
    guard earlier.mistakes == nil else { return }
    reading.desired = earlier.desired
    commit = old
  }
}
