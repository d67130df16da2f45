/// Logs a problem when it begins or becomes another one, and its end; not while it lasts.
struct ProblemLog {
  /// What is logged before the error.
  let beginning: String
  let end: String
  private var last: String?

  init(_ beginning: String, end: String) {
    self.beginning = beginning
    self.end = end
  }

  /// - Parameter error: nil: all is well.
  mutating func note(_ error: (any Error)?, in log: any DaemonLogger) {
    let message = error.map { "\($0)" }
    guard message != last else { return }
    last = message
    log.log(message.map { "\(beginning): \($0)" } ?? end)
  }
}
