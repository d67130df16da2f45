import Platform

/// A bar on stderr, only where that is a terminal; gone when it is full.
struct ProgressBar: Sendable {
  private let what: String
  private let isShown: Bool

  init(_ what: String, isShown: Bool) {
    self.what = what
    self.isShown = isShown && Terminal.isTerminal(Terminal.error)
  }

  func update(_ done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    let width = 24
    let filled = done * width / total
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    let line = done < total ? "\r[\(bar)] \(done)/\(total) \(what)" : "\r\u{1b}[K"
    Terminal.write(line, to: Terminal.error)
  }
}
