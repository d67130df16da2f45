import Model
import Platform
import TestSupport
import Testing

/// All output goes through `Console`, which accepts only text that is escaped for its medium.
@Suite struct OutputDoorTests {
  /// The only files that may write to a descriptor or mark a text as trusted.
  private static let doors: [(call: String, files: Set<String>)] = [
    ("Terminal.write(", ["Commands/Console.swift"]),
    ("Files.output(", ["Commands/Console.swift"]),
    (
      "writeAll(",
      [
        "Commands/Console.swift", "Platform/Files.swift", "Platform/FileLock.swift", "Platform/Terminal.swift",
        "Platform/BoundedWriter.swift", "Platform/FolderWriter.swift",
      ]
    ),
    (" print(", ["Commands/DiffCommand.swift", "Commands/ValidateCommand.swift", "Commands/PlanPrinter.swift"]),
    ("FileHandle", []), ("fputs", []), ("putchar", []),
    ("trusted:", ["Model/EscapedText.swift", "Commands/Console.swift", "Commands/Output/TerminalText+Layout.swift"]),
  ]

  @Test(arguments: doors.indices) func `there is no other way out`(index: Int) throws {
    let (call, files) = Self.doors[index]
    let sources = "\(Fixtures.project)/Sources/"
    let swift = try Files.below(sources).files.filter { $0.hasSuffix(".swift") }
    let found = try swift.filter { String(decoding: try Files.read($0), as: UTF8.self).contains(call) }
    let names = Set(found.map { String($0.drop { $0 == "/" }.dropFirst(sources.drop { $0 == "/" }.count)) })
    #expect(names.isSubset(of: files), "\(call) in \(names.subtracting(files).sorted())")
  }

  @Test(arguments: [
    ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"), ("a\nb\r\tc", "a\\nb\\r\\tc"), ("\u{202e}x\u{9b}", "\\u{202e}x\\u{9b}"),
    ("b\u{fc}cher \u{1f600} 'x' \\d", "b\u{fc}cher \u{1f600} 'x' \\d"),
  ])
  func `what is put into a text for a terminal is escaped`(foreign: String, shown: String) {
    let text: TerminalText = "<\(foreign)>"
    #expect(text.raw == "<\(shown)>")
    #expect(("\(text)" as TerminalText).raw == text.raw, "and once only")
  }

  @Test func `a long text is cut in its middle`() {
    let text = TerminalText(String(repeating: "x", count: 10_000))
    #expect(text.raw.count < 1000 && text.raw.hasSuffix("(10000 characters)"))
    let marked = TerminalText("a" + String(repeating: "\u{301}", count: 10_000))
    #expect(marked.raw.unicodeScalars.count < 1000)
  }

  @Test(arguments: [
    ("a|b", "a\\|b"), ("<b>&", "&lt;b&gt;&amp;"), ("[a](b) `c` **d** _e_", "\\[a\\](b) \\`c\\` \\*\\*d\\*\\* \\_e\\_"),
    ("@team", "@<!-- -->team"), ("a\nb", "a b"),
  ])
  func `what is put into Markdown is escaped`(foreign: String, shown: String) {
    #expect(("\(foreign)" as MarkdownText).raw == shown)
  }
}
