import Model
import Platform

/// A progress bar on stderr, only on a terminal; removed when complete.
struct ProgressBar: Sendable {
  private let what: String
  private let isShown: Bool

  init(_ what: String, isShown: Bool) {
    self.what = what
    self.isShown = isShown && !Terminal.isDumb && Terminal.isTerminal(Terminal.error)
  }

  func update(_ done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    let width = 24
    let filled = done * width / total
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    Console().redraw(done < total ? "[\(bar)] \(done)/\(total) \(what)" : "")
  }
}
