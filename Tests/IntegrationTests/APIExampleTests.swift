import Curl
import Foundation
import Model
import Platform
import TestSupport
import Testing

/// The examples of the page on the API, as they stand there, with the real curl.
@Suite struct APIExampleTests {
  /// The commands of console blocks, those that go on over several lines included.
  private static func commands(_ page: String) throws -> [String] {
    let text = String(decoding: try Files.read("\(Fixtures.project)/docs/\(page)"), as: UTF8.self)
    var found: [String] = []
    var isOpen = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("```") { isOpen = line == "```console" }
      guard isOpen else { continue }
      if line.hasPrefix("$ ") {
        found.append(String(line.dropFirst(2)))
      } else if let last = found.last, last.hasSuffix("\\") {
        found[found.count - 1] = last.dropLast() + line
      }
    }
    return found.filter { $0.hasPrefix("curl ") }
  }

  @Test func `each example of the page on the API works`() async throws {
    let commands = try Self.commands("api.md")
    #expect(commands.count >= 10)
    try await APIDaemon.with("policy: sync\n") { _, daemon in
      try await daemon.allowUnchecked()
      try daemon.place.desire("grafana", "grafana.test")
      let token = try await daemon.token("admin")
      try await until { try await daemon.ask("/api/proxies/grafana").status == 200 }
      var last = JSONValue.null
      for command in commands {
        let etag = try await daemon.ask("/api/proxies/wiki").headers["etag"] ?? ""
        let isStream = command.contains("-sN")
        let line =
          command.replacing("http://127.0.0.1:9890", with: "http://localhost").replacing("\"THE-ETAG\"", with: etag)
          .replacing("/ID/", with: "/\(last["id"].stringValue ?? "")/")
          .replacing("sha256:DIGEST", with: last["result"]["digest"].stringValue ?? "sha256:none")
          .replacing(
            "curl -s", with: "curl --fail-with-body --unix-socket \(daemon.socket)\(isStream ? " -m 1" : "") -s")
        let run = try await ChildProcess.run(
          ["sh", "-c", line], environment: ["PATH": "/usr/bin:/bin", "TOKEN": token], timeout: 60)
        // A stream ends when there is no more time.
        #expect(run.exit == (isStream ? 28 : 0), "\(line)\n\(run.text)\n\(run.complaint)")
        last = (try? JSONDecoder().decode(JSONValue.self, from: Data(run.output))) ?? last
      }
      #expect(last["workflow"] == "apply")
    }
  }
}
