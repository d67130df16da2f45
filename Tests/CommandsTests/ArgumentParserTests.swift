import Model
import Testing

@testable import Commands

@Suite struct ArgumentParserTests {
  private func parse(_ words: String..., environment: [String: String] = [:]) throws -> ParsedArguments {
    try ArgumentParser.parse(ApplyCommand.definition, words) { environment[$0] }
  }

  @Test func `flags are read in every usual spelling`() throws {
    for words in [["--output", "json"], ["--output=json"], ["-o", "json"], ["-ojson"], ["-o=json"]] {
      let parsed = try ArgumentParser.parse(ApplyCommand.definition, words) { _ in nil }
      #expect(parsed.value(CommonFlags.output) == "json")
    }
    #expect(try parse("-qv").has(CommonFlags.verbose))
  }

  @Test func `the environment fills in what was not typed`() throws {
    let environment = ["RECONCILER_POLICY": "sync", "RECONCILER_ALLOW_DELETES": "1", "RECONCILER_QUIET": "0"]
    let parsed = try parse("--policy", "observe", environment: environment)
    #expect(parsed.value(ApplyFlags.policy) == "observe")
    #expect(parsed.has(ApplyFlags.allowDeletes))
    #expect(!parsed.has(CommonFlags.quiet))
    #expect(try parse(environment: environment).value(ApplyFlags.policy) == "sync")
  }

  @Test(arguments: [
    ["--polcy", "sync"], ["--policy"], ["--policy", "everything"], ["--yes=1"], ["--max-deletes=many"],
  ])
  func `what makes no sense is a usage error`(words: [String]) {
    #expect(throws: UsageError.self) {
      let parsed = try ArgumentParser.parse(ApplyCommand.definition, words) { _ in nil }
      _ = try parsed.integer(ApplyFlags.maxDeletes)
    }
    #expect(throws: UsageError.self) { try ArgumentParser.parse(VersionCommand.definition, ["extra"]) { _ in nil } }
  }

  @Test func `an unknown flag comes with the one that was meant`() {
    #expect { try parse("--polcy", "sync") } throws: { ($0 as? UsageError)?.hint == "did you mean '--policy'?" }
  }

  @Test func `repeatable flags keep every value`() throws {
    #expect(try parse("--select", "a=1", "--select=b=2").all(CommonFlags.select) == ["a=1", "b=2"])
  }

  @Test func `no command declares a flag twice`() {
    for command in Program.commands {
      let names = command.allFlags.map(\.name), shorts = command.allFlags.compactMap(\.short)
      #expect(Set(names).count == names.count)
      #expect(Set(shorts).count == shorts.count)
    }
  }

  @Test func `completion names every command and flag`() {
    for script in [CompletionScript.bash(), CompletionScript.zsh(), CompletionScript.fish()] {
      for command in Program.commands { #expect(script.contains(command.name)) }
      #expect(script.contains("exit-code"))
    }
  }
}
