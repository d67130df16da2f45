import Platform
import Testing

@Suite struct ChildProcessTests {
  private func run(_ script: String, input: [UInt8] = [], timeout: Double = 20) async throws -> ChildProcess.Outcome {
    try await ChildProcess.run(
      ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin", "A": "b"], input: input, timeout: timeout)
  }

  @Test func `output, complaints, exit code and environment come back`() async throws {
    let outcome = try await run("echo $A; echo no >&2; exit 3")
    #expect(outcome.text == "b" && outcome.complaint == "no" && outcome.exit == 3 && !outcome.isSuccess)
  }

  @Test func `more than a pipe holds goes in and comes out`() async throws {
    let bytes = [UInt8](repeating: 0x61, count: 1 << 20)
    #expect(try await run("cat", input: bytes).output == bytes)
    // A child that does not read its input is not an error.
    #expect(try await run("exit 0", input: bytes).isSuccess)
  }

  @Test(.timeLimit(.minutes(5))) func `who takes too long is ended, with what it started`() async throws {
    let outcome = try await run("sleep 1000 & sleep 1000", timeout: 0.2)
    #expect(outcome.timedOut && outcome.exit == 128 + 15)
    let deaf = try await run("exec >&- 2>&-; exec sleep 1000", timeout: 0.2)
    #expect(deaf.timedOut)
    #expect(try await run("trap '' TERM; sleep 1000", timeout: 0.2).exit == 128 + 9)
  }

  @Test(.timeLimit(.minutes(5))) func `what somebody leaves behind is not waited for`() async throws {
    #expect(try await run("sleep 30 & echo done").text == "done")
  }

  @Test(.timeLimit(.minutes(5))) func `a cancelled task ends it`() async throws {
    let task = Task { try await run("sleep 1000", timeout: 1000) }
    task.cancel()
    #expect(try await task.value.timedOut)
  }

  @Test func `a program that is not there is an error`() async {
    await #expect(throws: FileError.self) {
      try await ChildProcess.run(["/no/such/program"], environment: [:], timeout: 5)
    }
  }
}
