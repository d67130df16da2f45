import Model
import Testing

@testable import Configuration

@Suite struct InterpolationTests {
  @Test func `references are filled in and unset ones are errors`() throws {
    #expect(try Interpolation.fill("a ${env:X} b") { $0 == "X" ? "1" : nil } == "a 1 b")
    #expect(throws: Interpolation.Problem.self) { try Interpolation.fill("${env:NO}") { _ in nil } }
    #expect(throws: Interpolation.Problem.self) { try Interpolation.fill("${file:/does/not/exist}") { _ in nil } }
    #expect(throws: Interpolation.Problem.self) { try Interpolation.fill("${what}") { _ in nil } }
  }
}

@Suite struct NPMAddressTests {
  @Test(arguments: [
    ("http://npm:81", "http://npm:81"), ("http://npm:81/", "http://npm:81"), ("https://npm/api/", "https://npm"),
    ("", ""),
  ])
  func `an address has one form`(written: String, form: String) throws {
    #expect(try NPMAddress.checked(written) == form)
  }

  @Test(arguments: ["npm:81", "ftp://npm", "http://me:word@npm:81"])
  func `what is no address, or carries a secret, is refused`(written: String) {
    #expect { try NPMAddress.checked(written) } throws: {
      let failure = $0 as? SettingsError
      return failure?.diagnostics.first?.code == .badURL
        && failure?.diagnostics.first?.message.contains("word") == false
    }
  }
}
