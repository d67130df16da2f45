import DesiredFiles
import Foundation
import Model
import Platform
import TestSupport
import Testing

@testable import Commands
import Configuration

/// Compares reference pages with the declarations they describe, and loads all examples.
///
/// With RECORD_DOCS=1 the pages are rewritten and the run fails, so that it cannot pass as a check.
@Suite struct DocumentationTests {
  private func check(_ name: String, _ text: String) throws {
    let path = "\(Fixtures.project)/docs/\(name)"
    if ProcessInfo.processInfo.environment["RECORD_DOCS"] != nil {
      try Files.replace(path, with: Array(text.utf8))
      Issue.record("docs/\(name) was written anew")
    }
    let written = String(decoding: try Files.read(path), as: UTF8.self)
    #expect(written == text, "docs/\(name) is out of date: run 'RECORD_DOCS=1 swift test' and look at the difference")
  }

  @Test func `the page of commands is what the program declares`() throws {
    var lines = [
      "# Commands", "", "Made from the program's own declarations; a test compares the two.", "",
      "Each flag can stand in the environment: `--max-deletes` as `RECONCILER_MAX_DELETES`.", "",
    ]
    for command in Program.commands {
      let words = command.arguments.map(\.usage)
      lines += ["## reconciler \(([command.name] + words).joined(separator: " "))", "", command.summary + ".", ""]
      if !command.aliases.isEmpty {
        lines += ["Also: \(command.aliases.map { "`\($0)`" }.joined(separator: ", "))", ""]
      }
      if !command.discussion.isEmpty { lines += [command.discussion, ""] }
      if !command.flags.isEmpty { lines += table(command.flags) }
    }
    lines += ["## Flags that every command takes", ""] + table(CommonFlags.all)
    try check("commands.md", lines.joined(separator: "\n"))
  }

  private func table(_ flags: [FlagDefinition]) -> [String] {
    let rows = flags.map { flag in
      let (left, right) = HelpText.row(flag)
      return "| `\(left.replacing("|", with: "\\|"))` | \(right) |"
    }
    return ["| flag | meaning |", "|---|---|"] + rows + [""]
  }

  @Test(arguments: ResourceSchema.all.map(\.kind))
  func `the page of each kind is what its description says`(of: ResourceKind) throws {
    let kind = try #require(ResourceSchema.of(of))
    let title = kind.section.prefix(1).uppercased() + kind.section.dropFirst().replacing("_", with: " ")
    var lines = [
      "# \(title)", "", "Below `\(kind.section):`, by name. A test compares this page with the program.", "",
    ]
    lines += fields(kind.fields.written, kind.shorthands)
    lines += ["", "## What only the operator knows", ""] + fields(kind.operatorFields, [])
    for field in kind.fields + kind.operatorFields {
      switch field.type {
      case .list(let members, _, let shorthands):
        lines += ["", "## Entries of `\(field.name)`", ""] + self.fields(members.written, shorthands)
      case .object(let members): lines += ["", "## Members of `\(field.name)`", ""] + self.fields(members, [])
      default: break
      }
    }
    try check("reference/\(kind.section.replacing("_", with: "-")).md", lines.joined(separator: "\n") + "\n")
  }

  private func fields(_ fields: [FieldSchema], _ shorthands: [ShorthandSchema]) -> [String] {
    var rows = ["| key | default | meaning |", "|---|---|---|"]
    rows += shorthands.map { "| `\($0.name)` | | \($0.summary) |" }
    rows += fields.map { field in
      let standard = field.defaultValue.map { $0.summary.isEmpty ? "none" : "`\($0.summary)`" } ?? "required"
      let since = field.since.map { " NPM \($0) or later." } ?? ""
      return "| `\(field.name)` | \(standard) | \(field.summary)\(since) |"
    }
    return rows
  }

  @Test func `the page of settings is what the loader reads`() throws {
    var lines = [
      "# Settings", "", "`reconciler.yaml` in the working directory, or `--config FILE`.",
      "A flag wins over the environment, that over this file, and the file over the default.", "",
      "`${env:NAME}` and `${file:/path}` stand for a variable and for the text of a file. `NPM_URL`, `NPM_IDENTITY` (or",
      "`NPM_EMAIL`) and `NPM_SECRET` (or `NPM_PASSWORD`), and each with `_FILE`, need no settings file at all.", "",
      "`reconciler settings` shows what is in force and where each value comes from; `reconciler schema --settings` is for",
      "editors.", "",
      "| key | default | variable | meaning |", "|---|---|---|---|",
    ]
    for setting in SettingCatalog.all {
      let variable = setting.variable.map { "`\($0)`" } ?? ""
      lines.append("| `\(setting.path)` | `\(setting.defaultValue.summary)` | \(variable) | \(setting.meaning) |")
    }
    for setting in SettingCatalog.all {
      guard case .list(let fields, _, let shorthands) = setting.type else { continue }
      lines += ["", "## Entries of `\(setting.path)`", ""] + self.fields(fields, shorthands)
    }
    try check("settings.md", lines.joined(separator: "\n") + "\n")
  }

  @Test func `every code is explained, on the page and by the program`() throws {
    var lines = [
      "# Error codes", "",
      "Every message carries one of these codes: in text as `error[code]`, in JSON as `\"code\"`. They are stable.",
      "`reconciler explain CODE` prints what stands here; a test compares the two.", "",
    ]
    for section in ErrorManual.sections {
      lines += ["## \(section.title)", ""]
      for entry in section.entries { lines += ["### `\(entry.code.rawValue)`", entry.text, ""] }
    }
    try check("errors.md", lines.dropLast().joined(separator: "\n") + "\n")
    let explained = ErrorManual.sections.flatMap(\.entries).map(\.code)
    #expect(Set(explained) == Set(DiagnosticCode.allCases) && explained.count == DiagnosticCode.allCases.count)
    for word in Manual.words { #expect(!Manual.pages(on: word, columns: nil).isEmpty, "\(word)") }
  }

  @Test func `every example of desired files loads`() throws {
    for directory in ["desired", "examples/small"] {
      let loaded = DesiredLoader.load("\(Fixtures.project)/\(directory)")
      #expect(loaded.diagnostics.isEmpty, "\(directory)")
      #expect(!loaded.state.resources.isEmpty)
    }
  }

  @Test func `every YAML block in the docs is understood`() throws {
    var count = 0
    for page in try Files.below(Fixtures.project + "/docs").files + [Fixtures.project + "/README.md"] {
      guard page.hasSuffix(".md") else { continue }
      let text = String(decoding: try Files.read(page), as: UTF8.self)
      for block in text.components(separatedBy: "```yaml\n").dropFirst() {
        let yaml = block.components(separatedBy: "```")[0]
        guard ResourceSchema.all.contains(where: { yaml.contains("\($0.section):") }) else {
          let problems = SettingsLoader.check(Array(yaml.utf8), file: "reconciler.yaml")
          #expect(problems.isEmpty, "\(page): \(problems.map(\.message))")
          count += 1
          continue
        }
        let scratch = try Scratch()
        try scratch.write("d/a.yaml", yaml)
        // The secrets that the settings of the example allow.
        var secrets = SecretSource.live(sending: ["env:API_CHECK_TOKEN"])
        secrets.variable = { _ in "any" }
        let loaded = DesiredLoader.load(scratch.path + "/d", secrets: secrets)
        let problems = loaded.diagnostics.filter { $0.severity == .error }
        #expect(problems.isEmpty, "\(page): \(problems.map(\.message))")
        count += 1
      }
    }
    #expect(count > 0)
  }

  @Test func `the JSON Schema knows every field`() throws {
    for kind in ResourceSchema.all {
      let found = DesiredSchema.document["properties"][kind.section]["additionalProperties"]["properties"]
      let names = kind.writtenFields.map(\.name) + kind.shorthands.map(\.name)
      #expect(Set(found.objectValue?.keys.map { $0 } ?? []) == Set(names))
    }
  }
}
