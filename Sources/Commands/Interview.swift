import Model
import Platform

/// Asks for what is needed; without a terminal everything has to be given beforehand.
struct Interview {
  let console: Console
  /// Whether there is a terminal to ask on.
  let isInteractive: Bool

  /// - Parameters:
  ///   - proposal: taken where the answer is empty, and without a terminal; nil: an answer is needed.
  ///   - way: how to give it beforehand.
  func text(_ question: TerminalText, proposal: String?, way: String) throws -> String {
    guard isInteractive else { return try given(proposal, question, way) }
    while true {
      let hint: TerminalText = proposal.map { " [\($0)]" } ?? ""
      console.prompt("\(question)\(hint): ")
      guard let line = readLine() else { throw stopped }
      if !line.isEmpty { return line }
      if let proposal { return proposal }
    }
  }

  /// An answer that is not shown.
  func secret(_ question: TerminalText, given: Secret, way: String) throws -> Secret {
    if !given.reveal().isEmpty { return given }
    guard isInteractive else { return Secret(try self.given(nil, question, way)) }
    while true {
      console.prompt("\(question) (not shown): ")
      guard let line = Terminal.readHiddenLine() else { throw stopped }
      console.prompt("\n")
      if !line.isEmpty { return Secret(line) }
    }
  }

  /// - Parameter proposal: taken where the answer is empty, and without a terminal.
  func agrees(_ question: TerminalText, proposal: Bool) -> Bool {
    guard isInteractive else { return proposal }
    console.prompt("\(question) \(proposal ? "[Y/n]" : "[y/N]") ")
    let answer = (readLine() ?? "").lowercased()
    return answer.isEmpty ? proposal : ["y", "yes"].contains(answer)
  }

  private func given(_ value: String?, _ question: TerminalText, _ way: String) throws -> String {
    guard let value, !value.isEmpty else {
      throw UsageError(message: "\(question.raw) is needed, and there is no terminal to ask", hint: way)
    }
    return value
  }

  private var stopped: CommandFailure { CommandFailure(.interrupted, []) }
}
