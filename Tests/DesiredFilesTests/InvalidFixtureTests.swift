import DesiredFiles
import Model
import Platform
import TestSupport
import Testing

/// Each file in Fixtures/invalid has marks `# expect: code@column` on its wrong lines. The loader must report exactly
/// these, all at once.
@Suite struct InvalidFixtureTests {
  private static let files = (try? Files.below(Fixtures.directory + "/invalid").files) ?? []

  @Test func `there are fixtures`() { #expect(Self.files.count >= 10) }

  @Test(arguments: files) func `every mistake is reported where it is`(file: String) throws {
    let text = String(decoding: try Files.read(file), as: UTF8.self)
    let scratch = try Scratch()
    let path = try scratch.write("desired/file.yaml", text)
    let found = DesiredLoader.load(scratch.path + "/desired").diagnostics
    let reported = found.map { "\($0.location?.line ?? 0): \($0.code.rawValue)@\($0.location?.column ?? 0)" }
    #expect(found.allSatisfy { $0.location?.file == path })
    #expect(Set(reported) == Self.marks(in: text))
    #expect(Set(reported).count == reported.count, "nothing is printed twice")
  }

  private static func marks(in text: String) -> Set<String> {
    var marks: Set<String> = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard let mark = line.firstRange(of: "# expect: ") else { continue }
      for word in line[mark.upperBound...].split(separator: " ") { marks.insert("\(index + 1): \(word)") }
    }
    return marks
  }
}
