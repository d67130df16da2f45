import DesiredFiles
import Model
import Probe

/// The output of `validate`.
enum ValidationText {
  static func text(_ loaded: LoadedDesired, _ results: [ProbeResult], _ console: Console) -> TerminalText {
    let renderer = DiagnosticText(texts: loaded.texts, console: console)
    var lines = loaded.diagnostics.flatMap(renderer.lines)
    let width = min(28, results.map { TerminalText($0.target.title).cells }.max() ?? 0) + 2
    for result in results {
      let symbol = result.isOK ? console.paint("ok", .green) : console.paint("failed", .red)
      let pad: TerminalText = result.isOK ? "    " : ""
      let name = TerminalText(result.target.title).padded(to: width)
      lines.append("  \(symbol)\(pad)  \(name)\(result.target.url)  \(ProbeText.facts(result))")
      if let hint = result.failure?.hint { lines.append(TerminalText.blanks(12 + width) + TerminalText(hint)) }
    }
    if !lines.isEmpty { lines.append("") }
    lines.append(TerminalText(summary(loaded, results)))
    return lines.joined(separator: "\n")
  }

  private static func summary(_ loaded: LoadedDesired, _ results: [ProbeResult]) -> String {
    let errors = loaded.diagnostics.count { $0.severity == .error }
    let warnings = loaded.diagnostics.count - errors
    if errors > 0 {
      let total = loaded.state.fileCount
      let place = total == 0 ? "" : " in \(loaded.filesWithErrors) of \(Phrases.count(total, "file"))"
      return "\(Phrases.count(errors, "error"))\(place)."
    }
    var text =
      "\(Phrases.count(loaded.state.fileCount, "file")), \(Phrases.kinds(loaded.state.resources.map(\.key.kind))), no errors"
    if warnings > 0 { text += ", \(Phrases.count(warnings, "warning"))" }
    let failed = results.count { !$0.isOK }
    if !results.isEmpty {
      text += failed == 0 ? "; all destinations answer" : "; \(Phrases.count(failed, "destination")) failed"
    }
    return text + "."
  }
}
