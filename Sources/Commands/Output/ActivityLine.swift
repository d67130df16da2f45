import Model
import Platform

/// The last line of a terminal while something takes long: what is waited for, and since when. Nothing where stderr is no
/// terminal.
final class ActivityLine: Sendable {
  private struct State {
    /// nil: nothing is waited for.
    var text: TerminalText?
    var isDrawn = false
    /// Counts what was waited for.
    var number = 0
  }

  private let isShown: Bool
  private let state = Lock(State())
  /// Seconds without a line: what is over by then needs none.
  private static let patience = 0.3

  init(_ console: Console) {
    isShown = !console.isQuiet && !console.logsJSON && !Terminal.isDumb && Terminal.isTerminal(Terminal.error)
  }

  /// What is waited for now; nil: nothing.
  var text: TerminalText? { state.withLock { $0.text } }

  func begin(_ text: TerminalText) {
    end()
    let number = state.withLock { state in
      state.text = text
      state.number += 1
      return state.number
    }
    guard isShown else { return }
    let start = ContinuousClock.now
    Task { [self] in
      await Pause.wait(Self.patience)
      while draw(number, since: start) { await Pause.wait(1) }
    }
  }

  /// - Returns: false: it is over.
  private func draw(_ number: Int, since start: ContinuousClock.Instant) -> Bool {
    state.withLock { state in
      guard state.number == number, let text = state.text else { return false }
      let seconds = Int((ContinuousClock.now - start) / .seconds(1))
      Console().redraw(seconds < 1 ? "\(text) ..." : "\(text) ... \(seconds) s")
      state.isDrawn = true
      return true
    }
  }

  func end() {
    state.withLock { state in
      if state.isDrawn { Console().redraw("") }
      (state.text, state.isDrawn) = (nil, false)
    }
  }

  /// Shows what is waited for while `body` runs.
  func during<Result>(
    isolation: isolated (any Actor)? = #isolation, _ text: TerminalText, _ body: () async throws -> Result
  ) async rethrows -> Result {
    begin(text)
    defer { end() }
    return try await body()
  }
}
