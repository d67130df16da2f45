import Foundation
import Model
import Platform
import TestSupport
import Testing

@testable import Commands

/// The examples of the help are commands that work: each is run by the real binary.
@Suite struct ExampleTests {
  /// Those that ask, and those that go on until they are ended.
  private static let asking: Set = ["apply"]
  private static let lasting: Set = ["watch", "simulator"]

  @Test func `every command has two examples, and each is understood`() throws {
    for command in Program.commands {
      let examples = CommandExamples.all[command.name] ?? []
      #expect(examples.count >= 2, "\(command.name)")
      for example in examples {
        let words = Self.words(example.line)
        #expect(Program.find(words[0])?.name == command.name, "\(example.line)")
        _ = try ArgumentParser.parse(command, Array(words.dropFirst())) { _ in nil }
      }
    }
    #expect(Set(CommandExamples.all.keys) == Set(Program.commands.map(\.name)))
  }

  private static func words(_ line: String) -> [String] {
    line.split(separator: " > ")[0].split(separator: " ").map(String.init)
  }

  @Test(arguments: CommandExamples.all.values.joined().map(\.line).sorted())
  func `each example does something`(line: String) async throws {
    let words = Self.words(line)
    guard !Self.lasting.contains(words[0]) else { return try await lasts(words) }
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write(
        "wyrmctl.yaml",
        "apiVersion: wyrmctl.com/v1\nproxy_hosts: [{ domain_names: [a.test], forward_host: a, forward_port: 80 }]\n")
      try place.scratch.write(
        "compose.yaml",
        "services: { web: { ports: ['8080:80'], labels: { npm.proxy.domains: web.test, npm.proxy.port: '80' } } }\n")
      if words[0] != "init" {
        try place.scratch.write(
          "desired/a.yaml",
          "proxy_hosts: { grafana: { domain_names: [grafana.example.com], forward: 'http://127.0.0.1:80', validate: off } }\n"
        )
        if words[0] != "apply" { try await place.run("apply", "--yes", exits: 0) }
      }
      // Whatever may listen on this machine: the last address counts.
      let nowhere = words[0] == "healthcheck" ? ["--listen", "unix:\(place.scratch.path)/none.sock"] : []
      let run = try await place.run(words + nowhere)
      let asks = Self.asking.contains(line)
      if words[0] == "healthcheck" { return #expect(run.exit == 1 && run.errors.contains("does not answer")) }
      // What the policy or the state does not allow is understood, too.
      #expect(asks ? run.exit == 64 && run.errors.contains("terminal") : [0, 3, 4].contains(run.exit), "\(run.errors)")
      #expect(asks || !(run.output + run.errors).isEmpty)
    }
  }

  /// Runs one that goes on, and ends it.
  private func lasts(_ words: [String]) async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      // On a port of the kernel's choice: the last one counts.
      let port = words[0] == "simulator" ? ["--listen", "127.0.0.1:0"] : []
      let program = try RunningProgram(words + port, in: place.scratch.path, environment: place.environment)
      if words[0] == "watch" { try await until { place.status("status.json")["counts"]["in_sync"] == 1 } }
      program.terminate()
      // A simulator may be ended before it listens to signals.
      #expect([0, 130, 143].contains(await program.result().exit))
    }
  }
}

/// Completion in a real shell.
@Suite struct CompletionTests {
  private func completed(_ words: [String], in directory: String) async throws -> [String] {
    let script = """
      . <(reconciler completion bash)
      COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " "))); COMP_CWORD=\(words.count - 1)
      _reconciler; printf '%s\\n' "${COMPREPLY[@]}"
      """
    let path = "\(Files.parent(of: ProgramRun.binary)):/usr/bin:/bin"
    let run = try await ChildProcess.run(
      ["/bin/bash", "-c", "cd '\(directory)' && \(script)"], environment: ["PATH": path], timeout: 60)
    #expect(run.errors.isEmpty, "\(run.complaint)")
    return run.text.split(separator: "\n").map(String.init)
  }

  @Test func `names, labels and codes are completed, and nothing that a shell would run`() async throws {
    let scratch = try Scratch()
    try scratch.write(
      "desired/a.yaml",
      """
      proxy_hosts:
        grafana: { domain_names: [g.test], forward: 'http://10.0.0.1:80', labels: { team: infra, evil: '$(touch gone)' } }
        gitea: { domain_names: [h.test], forward: 'http://10.0.0.1:80' }
        wiki: { domain_names: [w.test], forward: 'http://10.0.0.1:80' }
      """)
    #expect(try await completed(["reconciler", "show", "g"], in: scratch.path) == ["gitea", "grafana"])
    #expect(try await completed(["reconciler", "explain", "duplicate-d"], in: scratch.path) == ["duplicate-domain"])
    #expect(try await completed(["reconciler", "diff", "--select", ""], in: scratch.path) == ["team=infra"])
    #expect(try await completed(["reconciler", "doc"], in: scratch.path) == ["doctor"])
    #expect(try await completed(["reconciler", "apply", "--pol"], in: scratch.path) == ["--policy"])
    #expect(try await completed(["reconciler", "diff", "--policy", "s"], in: scratch.path) == ["sync"])
    #expect(try await completed(["reconciler", "list", "-o", "c"], in: scratch.path) == ["csv"])
    #expect(!Files.exists("\(scratch.path)/gone"))
    // Broken files complete nothing, and say nothing.
    try scratch.write("desired/a.yaml", "proxy_hosts: [")
    #expect(try await completed(["reconciler", "show", "g"], in: scratch.path) == [])
  }
}
