import Foundation
import Model
import Platform
import TestSupport
import Testing

/// The commands of the tutorial, run in its order by a shell, with what they print.
///
/// With RECORD_DOCS=1 the page is rewritten and the run fails, so that it cannot pass as a check.
@Suite struct TutorialTests {
  private static let page = "\(Fixtures.project)/docs/tutorial.md"

  private struct Step {
    /// The line of the page, without `$ `.
    var command: String
    var output: [String]
  }

  private struct Shell {
    let place: Workplace
    var variables: [String: String]

    /// Runs a line; what it exports and unsets stays for the next one.
    mutating func run(_ line: String) async throws -> [String] {
      let dump = "\(place.scratch.path)/.variables"
      let script = "exec 2>&1; \(line); code=$?; env -0 >'\(dump)'; exit $code"
      let run = try await ChildProcess.run(
        ["/bin/sh", "-c", "cd '\(place.scratch.path)/lab' && \(script)"], environment: variables, timeout: 120)
      #expect(run.isSuccess, "\(line): \(run.text)")
      let left = String(decoding: try Files.read(dump), as: UTF8.self).split(separator: "\0")
      variables = Dictionary(
        left.compactMap { pair in
          let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
          return parts.count == 2 ? (parts[0], parts[1]) : nil
        }, uniquingKeysWith: { $1 })
      let text = run.text.replacing(place.npm.url, with: "http://npm.lan:81")
      return text.isEmpty ? [] : text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// What differs from run to run.
  private static func settled(_ line: String) -> String {
    line.replacing(/\((now|[0-9]+ s ago)\)/, with: "(now)").replacing(/\b[0-9]{2}:[0-9]{2}\b/, with: "00:00")
      .replacing(/\b[0-9.]+ (ms|s)\b/, with: { "0 \($0.output.1)" })
      .replacing(/sha256:[0-9a-f]{8}/, with: "sha256:00000000").replacing(/commit [0-9a-f]{10}/, with: "commit 0")
  }

  @Test(.timeLimit(.minutes(5))) func `every command prints what the page says`() async throws {
    try await withSimulator { npm in
      let list = try await npm.asAdmin(
        "POST", "/api/nginx/access-lists",
        ["name": "Family & friends", "items": [["username": "dad", "password": "secret"]], "clients": []])
      for (name, port) in [("wiki", 3000), ("photos", 2342), ("films", 8096)] {
        let body: JSONValue = [
          "domain_names": [.string("\(name).example.com")], "forward_scheme": "http", "forward_host": "10.0.0.12",
          "forward_port": .int(port), "access_list_id": name == "wiki" ? list["id"] : 0,
        ]
        _ = try await npm.asAdmin("POST", "/api/nginx/proxy-hosts", body)
      }
      let place = try Workplace(npm)
      try Files.createDirectory("\(place.scratch.path)/lab")
      try place.scratch.write(".gitconfig", "[user]\nname = Ann\nemail = ann@example.com\n")
      let programs = "\(Files.parent(of: ProgramRun.binary)):\(CurrentProcess.environment("PATH") ?? "")"
      var shell = Shell(
        place: place,
        variables: ["PATH": programs, "HOME": place.scratch.path, "TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "100"])
      try await check(&shell, npm)
    }
  }

  private func check(_ shell: inout Shell, _ npm: SimulatedNPM) async throws {
    let text = String(decoding: try Files.read(Self.page), as: UTF8.self)
    var lines: [String] = []
    var isConsole = false
    var written: [String] = []
    var printed: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("```") { isConsole = line == "```console" }
      guard isConsole, !line.hasPrefix("```") else {
        #expect(written.map(Self.settled) == printed.map(Self.settled))
        (written, printed) = ([], [])
        lines.append(line)
        continue
      }
      guard line.hasPrefix("$ ") else {
        written.append(line)
        continue
      }
      #expect(written.map(Self.settled) == printed.map(Self.settled), "before: \(line)")
      written = []
      printed = try await shell.run(String(line.dropFirst(2)).replacing("http://npm.lan:81", with: npm.url))
      lines += [line] + printed
    }
    guard ProcessInfo.processInfo.environment["RECORD_DOCS"] != nil else { return }
    try Files.replace(Self.page, with: Array(lines.joined(separator: "\n").utf8))
    Issue.record("the page was written anew")
  }
}
