import Testing
import YAML

@Suite struct YAMLParserTests {
  private func problems(_ text: String) -> [YAMLProblem] { YAMLParser.parse(Array(text.utf8)).problems }

  private func entries(_ text: String) throws -> [YAMLEntry] {
    let (documents, problems) = YAMLParser.parse(Array(text.utf8))
    #expect(problems.isEmpty)
    guard case .mapping(let entries) = try #require(documents.first).content else { return [] }
    return entries
  }

  @Test func `positions count from one, in characters`() throws {
    let found = try entries("ä: 1\nkey:   välue\n")
    #expect(found[1].keyNode.start == YAMLMark(line: 2, column: 1))
    #expect(found[1].value.start == YAMLMark(line: 2, column: 8))
    #expect(found[1].value.end == YAMLMark(line: 2, column: 13))
  }

  @Test func `a key that appears twice is reported with both places`() {
    let found = problems("a: 1\nb: 2\na: 3\n")
    #expect(found.map(\.kind) == [.duplicateKey])
    #expect(found[0].mark == YAMLMark(line: 3, column: 1))
    #expect(found[0].related == YAMLMark(line: 1, column: 1))
  }

  @Test func `a merge fills in what is not written, and the first of several wins`() throws {
    let text = """
      x: &x { port: 1, host: a }
      y: &y { port: 2, path: p }
      z: { <<: [*x, *y], host: own }
      """
    guard case .mapping(let merged) = try entries(text)[2].value.content else { return }
    let values = Dictionary(uniqueKeysWithValues: merged.map { ($0.key, $0.value) })
    func scalar(_ key: String) -> String? {
      if case .scalar(let text, _)? = values[key]?.content { text } else { nil }
    }
    #expect(scalar("host") == "own")
    #expect(scalar("port") == "1")
    #expect(scalar("path") == "p")
  }

  @Test func `quoted words are text and plain ones may be more`() throws {
    let found = try entries("a: true\nb: \"true\"\nc: !!str 80\n")
    let plain = found.map { entry -> Bool in
      if case .scalar(_, let plain) = entry.value.content { plain } else { false }
    }
    #expect(plain == [true, false, false])
  }

  @Test func `aliases that would expand without bound are refused`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(names)]\n"
    }
    let (documents, problems) = YAMLParser.parse(Array(text.utf8))
    #expect(problems.map(\.kind) == [.aliasExpansion])
    #expect(documents.isEmpty)
  }

  @Test func `nesting without bound is refused`() {
    #expect(problems(String(repeating: "[", count: 500)).map(\.kind).contains(.depth))
  }

  @Test(arguments: [
    ("a: *nothing\n", YAMLProblem.Kind.unknownAlias), ("a: !ruby/object x\n", .tag), ("? [a, b]\n: 1\n", .key),
    ("<<: 5\n", .merge), ("a: [1, 2\n", .syntax), ("\tb: 1\n", .syntax),
  ])
  func `each kind of mistake has its own kind of problem`(text: String, kind: YAMLProblem.Kind) {
    #expect(problems(text).map(\.kind).contains(kind))
  }

  @Test func `bytes that are not UTF-8 are found where they are`() {
    let found = YAMLParser.parse(Array("a: 1\nb: ".utf8) + [0xff, 0xfe]).problems
    #expect(found.map(\.kind) == [.encoding])
    #expect(found[0].mark == YAMLMark(line: 2, column: 4))
  }

  @Test func `an unfinished key is reported where it begins`() {
    let found = problems("good: 1\nlonely\nnext: 2\n")
    #expect(found.first?.mark.line == 2)
  }
}
