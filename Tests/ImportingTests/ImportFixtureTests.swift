import DesiredFiles
import Importing
import Model
import Platform
import TestSupport
import Testing

/// Files of other tools, in the shapes in which their own documents show them, beside what becomes of them.
/// `RECORD_IMPORTS=1` writes the latter, to be read before it is committed.
@Suite struct ImportFixtureTests {
  private static let directory = "\(Fixtures.directory)/import"

  static let names = ["wyrmctl", "terraform", "compose"].flatMap { tool in
    ((try? Files.entries("\(directory)/\(tool)")) ?? []).filter { !$0.hasSuffix(".expected") }.map { "\(tool)/\($0)" }
  }

  private func imported(_ name: String) throws -> DesiredFileSet {
    let input = Importer.Input(name: name, bytes: try Files.read("\(Self.directory)/\(name)"))
    let draft = Importer(environment: { _ in nil }, dockerHost: nil).read([input])
    // As an NPM would answer that has them.
    return draft.files(passwords: .keep, splits: false) { ref in ref.id == ResourceID(7) ? "By number" : nil }
  }

  private func text(_ result: DesiredFileSet) -> String {
    let files = result.files.map { "--- \($0.name)\n\($0.text)" }.joined()
    let warnings = result.warnings.map { warning in
      let place = warning.location.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
      return "\(place)\(warning.code.rawValue): \(warning.message)\n"
    }
    return files + "--- warnings\n" + warnings.joined()
  }

  @Test func `there are three shapes of each tool`() {
    #expect(Self.names.count == 9)
  }

  @Test(arguments: names) func `a file becomes what is written beside it`(name: String) throws {
    let found = text(try imported(name))
    let file = "\(Self.directory)/\(name).expected"
    if CurrentProcess.environment("RECORD_IMPORTS") != nil { try Files.replace(file, with: Array(found.utf8)) }
    #expect(found == String(decoding: try Files.read(file), as: UTF8.self))
  }

  @Test(arguments: names) func `what it becomes is valid, and has no secret`(name: String) throws {
    let result = try imported(name)
    for file in result.files {
      let loaded = DesiredLoader.read(Array(file.text.utf8), as: file.name)
      #expect(!loaded.diagnostics.hasErrors, "\(file.text)\(loaded.diagnostics)")
    }
    #expect(!text(result).contains("very-secret-word"))
  }

  @Test func `a file of no known tool is said to be that`() {
    for content in ["", "hosts: []", "[1, 2]", "{}", "proxy_hosts:\n  a: { domain_names: [a.test] }"] {
      let draft = Importer(environment: { _ in nil }, dockerHost: nil).read([
        .init(name: "x.yaml", bytes: Array(content.utf8))
      ])
      #expect(draft.diagnostics.map(\.code) == [.unknownFormat], "\(content)")
    }
  }

  @Test func `a text of another tool does not end a comment`() throws {
    let compose = """
      services:
        "web\\n  evil: {domain_names: [evil.test]}":
          image: web
          container_name: web
          labels: { npm.proxy.domains: a.test, npm.proxy.port: "80" }
      """
    let draft = Importer(environment: { _ in nil }, dockerHost: nil).read([
      .init(name: "c.yaml", bytes: Array(compose.utf8))
    ])
    let result = draft.files(passwords: .keep, splits: false) { _ in nil }
    let loaded = DesiredLoader.read(Array(result.files.map(\.text).joined().utf8), as: "x.yaml")
    #expect(!loaded.diagnostics.hasErrors)
    #expect(loaded.state.resources.map(\.spec.claims) == [["a.test"]])
  }
}
