import DesiredFiles
import Model
import Upstream
import Platform

/// Output: results to stdout or `--out`, everything else to stderr.
struct Console: Sendable {
  enum Format: String, Sendable { case text, json, markdown }

  var format = Format.text
  var hasColor = false
  var isQuiet = false
  var isVerbose = false
  var logsJSON = false
  var outFile: String?
  /// Cells in a line of the result; nil: there is no limit.
  var columns: Int?
  /// Identifies this run in every call to NPM, in events and in log lines.
  var correlation = CorrelationID.random()

  init() {}

  static let json: Console = {
    var console = Console()
    console.format = .json
    return console
  }()

  init(_ arguments: ParsedArguments) {
    outFile = arguments.value(CommonFlags.out)
    format = arguments.value(CommonFlags.output).flatMap(Format.init) ?? Self.format(of: outFile) ?? .text
    isQuiet = arguments.has(CommonFlags.quiet)
    isVerbose = arguments.has(CommonFlags.verbose)
    logsJSON = arguments.value(CommonFlags.logFormat) == "json"
    let refusesColor =
      arguments.has(CommonFlags.noColor) || CurrentProcess.environment("NO_COLOR").map { !$0.isEmpty } == true
    hasColor =
      !refusesColor && !Terminal.isDumb && Terminal.isTerminal(Terminal.output) && outFile == nil && format == .text
    columns = outFile == nil ? Terminal.columns(Terminal.output) : nil
  }

  /// The format implied by a file's name.
  private static func format(of file: String?) -> Format? {
    if file?.hasSuffix(".json") == true { return .json }
    return file?.hasSuffix(".md") == true ? .markdown : nil
  }

  /// Checks that `--out` can be written before any work whose result would be lost.
  func checkOutput() throws {
    guard let outFile else { return }
    let place = Files.exists(outFile) ? outFile : Files.parent(of: outFile)
    guard !Files.isWritable(place) else { return }
    throw CommandFailure(
      .failure, [Diagnostic(.outputFailed, "cannot write \(outFile)", hint: "name a file in a directory that exists")])
  }

  /// Prints a result for people. False, here and below: the reader has closed the pipe.
  @discardableResult func result(_ text: TerminalText) throws -> Bool { try put(text.raw) }

  @discardableResult func result(markdown: MarkdownText) throws -> Bool { try put(markdown.raw) }

  /// Prints a JSON result: one object, members in alphabetical order.
  @discardableResult func result(json: JSONValue) throws -> Bool { try put(JSONOutput.pretty(json)) }

  /// Prints a report: one object, members in alphabetical order.
  @discardableResult func result(report: some Encodable) throws -> Bool { try put(JSONOutput.pretty(report)) }

  /// Prints it on one line.
  @discardableResult func result(line report: some Encodable) throws -> Bool { try put(JSONOutput.line(report)) }

  /// Prints a text for another program or a file, in which foreign text is escaped by that format's own rules: YAML, a
  /// script, our own messages.
  @discardableResult func result(document: String) throws -> Bool { try put(document) }

  /// A closed pipe is not an error and does not change the outcome of the work; a full disk is an error.
  private func put(_ text: String) throws -> Bool {
    let line = text.hasSuffix("\n") ? text : text + "\n"
    do {
      if let outFile {
        try Files.output(outFile, Array(line.utf8))
      } else {
        try Files.writeAll(Terminal.output, Array(line.utf8), path: "the result")
      }
      return true
    } catch let error as FileError where error.isBrokenPipe {
      return false
    } catch {
      throw CommandFailure(.failure, [Diagnostic(.outputFailed, "\(error)")])
    }
  }

  /// Shows details in advance that the result does not repeat.
  func show(_ text: TerminalText) { Terminal.write(text.raw + "\n", to: Terminal.output) }

  /// Prints a message beside the result.
  func remark(_ text: TerminalText) { Terminal.write(text.raw + "\n", to: Terminal.error) }

  /// What is to be answered, without an end of line.
  func prompt(_ text: TerminalText) { Terminal.write(text.raw, to: Terminal.error) }

  /// Asks on the terminal; true: the user answered yes.
  func asks(_ question: TerminalText) -> Bool {
    Terminal.write("\n\(question.raw) [y/N] ", to: Terminal.error)
    return ["y", "yes"].contains((readLine() ?? "").lowercased())
  }

  /// Clears the screen, if there is one.
  func clear() {
    if Terminal.isTerminal(Terminal.output) { Terminal.write("\u{1b}[H\u{1b}[2J", to: Terminal.output) }
  }

  /// Overwrites the last line of the terminal.
  func redraw(_ line: TerminalText) { Terminal.write("\r\u{1b}[K" + line.raw, to: Terminal.error) }

  func warn(_ diagnostic: Diagnostic) {
    guard !isQuiet else { return }
    log(level: "warning", diagnostic)
  }

  /// Diagnostics with their places.
  ///
  /// - Parameter texts: of files whose lines may be shown.
  func show(_ diagnostics: [Diagnostic], texts: SourceLines = SourceLines()) {
    let text = DiagnosticText(texts: texts, console: self)
    remark(diagnostics.flatMap(text.lines).joined(separator: "\n"))
  }

  /// - Parameter call: identifies the call that it is about; nil: the run is named.
  func info(_ message: @autoclosure () -> String, call: String? = nil) {
    if isVerbose { log(level: logsJSON ? "info" : "info[\(call ?? correlation)]", message(), call: call) }
  }

  /// One log line of a daemon, with the time where the journal does not add it.
  func log(_ message: String) {
    guard !isQuiet else { return }
    if logsJSON { return log(level: "info", message) }
    let isJournal = CurrentProcess.environment("JOURNAL_STREAM") != nil
    remark((isJournal ? "" : "\(Timestamp.now.iso8601)  ") + TerminalText(message))
  }

  func error(_ diagnostic: Diagnostic) {
    log(level: "error", diagnostic)
  }

  private func log(level: String, _ diagnostic: Diagnostic) {
    log(
      level: level, diagnostic.message, code: diagnostic.code.rawValue, hint: diagnostic.hint,
      call: diagnostic.callID)
  }

  private func log(
    level: String, _ message: String, code: String? = nil, hint: String? = nil, call: String? = nil
  ) {
    if logsJSON {
      var members: [String: JSONValue] = [
        "time": .string(Timestamp.now.iso8601), "level": .string(level), "message": .string(message),
        "correlation_id": .string(call ?? correlation),
      ]
      if let code { members["code"] = .string(code) }
      if let hint { members["hint"] = .string(hint) }
      return Terminal.write(JSONOutput.line(JSONValue.object(members)) + "\n", to: Terminal.error)
    }
    let tag = code.map { "\(level)[\($0)]" } ?? level
    let named = code == nil ? nil : call
    let lines: [TerminalText] =
      ["\(tag): \(message)"]
      + (hint.map { ["      hint: \($0)"] } ?? []) + (named.map { ["      call: \($0)"] } ?? [])
    remark(lines.joined(separator: "\n"))
  }

  func paint(_ text: TerminalText, _ paint: ANSIStyle) -> TerminalText {
    hasColor ? TerminalText(trusted: "\u{1b}[\(paint.rawValue)m\(text.raw)\u{1b}[0m") : text
  }
}

enum ANSIStyle: String { case red = "31", green = "32", yellow = "33", magenta = "35", bold = "1", dim = "2" }
