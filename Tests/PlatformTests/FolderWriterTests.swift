import Platform
import TestSupport
import Testing

@Suite struct FolderWriterTests {
  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func `a file is made, replaced and removed, where it is as it was read`() throws {
    let writer = FolderWriter(scratch.path)
    try writer.write("api/a.yaml", before: nil, after: bytes("one"))
    #expect(throws: FolderWriter.Changed.self) { try writer.write("api/a.yaml", before: nil, after: bytes("two")) }
    #expect(throws: FolderWriter.Changed.self) {
      try writer.write("api/a.yaml", before: bytes("x"), after: bytes("two"))
    }
    try writer.write("api/a.yaml", before: bytes("one"), after: bytes("two"))
    #expect(try Files.read("\(scratch.path)/api/a.yaml") == bytes("two"))
    #expect(try Files.entries("\(scratch.path)/api") == ["a.yaml"])
    #expect(throws: FolderWriter.Changed.self) { try writer.write("api/a.yaml", before: bytes("one"), after: nil) }
    try writer.write("api/a.yaml", before: bytes("two"), after: nil)
    #expect(try Files.entries("\(scratch.path)/api").isEmpty)
  }

  @Test func `nothing is written through a link, or above the folder`() throws {
    try scratch.write("outside/a.yaml", "safe")
    try scratch.write("inside/b.yaml", "b")
    try scratch.link("inside/folder", to: "\(scratch.path)/outside")
    try scratch.link("inside/file.yaml", to: "\(scratch.path)/outside/a.yaml")
    try scratch.link("inside/nothing.yaml", to: "\(scratch.path)/outside/new.yaml")
    let writer = FolderWriter("\(scratch.path)/inside")
    for path in ["folder/a.yaml", "folder/new.yaml", "file.yaml", "nothing.yaml", "../outside/a.yaml", "", ".."] {
      for before in [nil, bytes("safe")] {
        #expect(throws: (any Error).self, "\(path)") { try writer.write(path, before: before, after: bytes("spoilt")) }
        #expect(throws: (any Error).self, "\(path)") { try writer.write(path, before: before, after: nil) }
      }
    }
    #expect(try Files.entries("\(scratch.path)/outside") == ["a.yaml"])
    #expect(try Files.read("\(scratch.path)/outside/a.yaml") == bytes("safe"))
  }
}
