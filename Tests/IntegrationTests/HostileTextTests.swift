import Foundation
import Model
import Platform
import TestSupport
import Testing

/// External texts in every field that others can write, through every output: terminal control sequences, directional
/// marks, HTML, Markdown, line ends, 10,000 characters. Nothing may be printed unescaped, and no layout may break.
@Suite struct HostileTextTests {
  /// No output line may begin with it.
  private static let mark = "PWNED"

  private static let hostile =
    "\u{1b}]0;title\u{7}\u{1b}[2J\r\n\(mark)\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}"
    + "<img src=x onerror=alert(1)>|**b** [c](http://d) `e` @team #1\t" + String(repeating: "x", count: 10_000)

  /// The same without characters that NPM refuses in domains.
  private static let hostileName = "\u{1b}[2J\n\(mark)\u{202e}\u{9b}31m.test"

  private func text(_ value: String) -> JSONValue { .string(value) }

  /// One hand-made object of each kind, hostile in each text field that NPM accepts.
  private func fill(_ npm: SimulatedNPM) async throws {
    let bad = text(Self.hostile), name = text(Self.hostileName)
    let meta: JSONValue = [
      "reconciler": ["owner": bad, "name": bad, "fingerprint": bad], "note": bad, "nginx_err": bad,
    ]
    try await npm.asAdmin(
      "POST", "/api/nginx/access-lists",
      ["name": bad, "items": [["username": bad, "password": bad]], "clients": []])
    try await npm.asAdmin(
      "PUT", "/api/settings/default-site", ["value": "html", "meta": ["html": bad, "redirect": bad]])
    try await npm.asAdmin("POST", "/api/nginx/certificates", ["provider": "other", "nice_name": bad])
    try await npm.asAdmin(
      "POST", "/api/nginx/proxy-hosts",
      [
        "domain_names": [name], "forward_scheme": "http", "forward_host": "10.0.0.1", "forward_port": 80, "meta": meta,
        "access_list_id": 1, "certificate_id": 1, "advanced_config": .string("# " + Self.hostile),
        "locations": [
          ["path": "/a", "forward_scheme": "http", "forward_host": "10.0.0.1", "forward_port": 80, "forward_path": bad]
        ],
      ])
    try await npm.asAdmin(
      "POST", "/api/nginx/redirection-hosts",
      [
        "domain_names": [.string("r" + Self.hostileName)], "forward_domain_name": .string("r\u{1b}[2J\n\(Self.mark)"),
        "forward_scheme": "http", "forward_http_code": 301, "meta": meta,
      ])
    try await npm.asAdmin(
      "POST", "/api/nginx/dead-hosts", ["domain_names": [.string("d" + Self.hostileName)], "meta": meta])
    try await npm.asAdmin(
      "POST", "/api/nginx/streams",
      ["incoming_port": 2000, "forwarding_host": bad, "forwarding_port": 1, "tcp_forwarding": true, "meta": meta])
  }

  private func desire(_ place: Workplace) throws {
    let quoted = JSONOutput.line(text(String(Self.hostile.prefix(900))))
    // The values of our host differ in each field: all are drift.
    try place.scratch.write(
      "desired/good.yaml",
      """
      proxy_hosts:
        app:
          domain_names: [app.test]
          forward: http://127.0.0.1:\(place.npm.port)
          description: \(quoted)
          labels: { team: \(quoted) }
          validate: off
        site:
          domain_names: [site.test]
          forward: http://127.0.0.1:\(place.npm.port)
          validate: off
          suspend: { until: 2099-01-01, reason: "\u{feff}\\e]0;x\\a\\n\(Self.mark) | **b**" }
      """)
  }

  private func spoil(_ npm: SimulatedNPM) async throws {
    for host in try await npm.hosts() where host["domain_names"].arrayValue?.contains("app.test") == true {
      try await npm.asAdmin(
        "PUT", "/api/nginx/proxy-hosts/\(host["id"].intValue ?? 0)",
        [
          "forward_host": "10.0.0.1", "domain_names": ["app.test", .string("b" + Self.hostileName)],
          "advanced_config": .string("# " + Self.hostile),
        ])
    }
  }

  // MARK: Output

  private func expectClean(_ output: String, _ what: String, isMarkdown: Bool = false) {
    let raw = output.unicodeScalars.filter { $0 != "\n" && UnsafeScalar.isUnsafe($0) }
    #expect(raw.isEmpty, "\(what) holds \(Set(raw.map { String($0.value, radix: 16) }))")
    let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(!lines.contains { $0.hasPrefix(Self.mark) }, "\(what): a line end of others begins a line")
    guard isMarkdown else { return }
    #expect(!output.contains("<img") && !output.contains("**b**") && !output.contains("[c]("), "\(what)")
    // Each table keeps its columns.
    var columns = 0
    for line in lines {
      let bars = line.replacing("\\|", with: "").count { $0 == "|" }
      #expect(columns == 0 || !line.hasPrefix("|") || bars == columns, "\(what): \(line)")
      columns = line.hasPrefix("|") ? bars : 0
    }
  }

  private func expectLayout(_ output: String, _ what: String) {
    let longest = output.split(separator: "\n").map(\.count).max() ?? 0
    #expect(longest < 4000, "\(what): a line of \(longest) characters")
  }

  @Test(.timeLimit(.minutes(5))) func `nothing of others comes out raw`() async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      try await fill(npm)
      try desire(place)
      let made = try await place.run("apply", "--yes")
      #expect(made.exit == 0, "\(made.output.prefix(3000))\(made.errors.prefix(3000))")
      try await spoil(npm)
      place.variables["NO_COLOR"] = "1"
      let commands: [[String]] = [
        ["validate"], ["validate", "--probe"], ["diff"], ["diff", "-v"], ["diff", "--write-status"], ["export"],
        ["adopt", "--all", "--dry-run"], ["status"], ["certificates"], ["events"], ["alerts"], ["rollback", "--list"],
        ["suspend", "app", "--for", "1h", "--reason", Self.hostile], ["suspend"], ["resume", "app"],
        ["apply", "--yes"],
        ["events"], ["status"], [Self.hostile], ["diff", "--desired", Self.hostileName], ["resume", Self.hostile],
      ]
      for command in commands {
        for format in ["text", "json", "markdown"] {
          let run = try await place.run(command + (command.count == 1 && command[0].count > 50 ? [] : ["-o", format]))
          let what = "\(command.map { String($0.prefix(20)) }) -o \(format)"
          expectClean(run.output, what, isMarkdown: format == "markdown" && ["diff", "apply"].contains(command[0]))
          expectClean(run.errors, "\(what), stderr")
          if format == "text", command[0] != "export" { expectLayout(run.output + run.errors, what) }
          if format == "json", !run.output.isEmpty { #expect(run.json != .null, "\(what): \(run.output.prefix(300))") }
          try await spoil(npm)
        }
      }
      for file in try Files.below("\(place.scratch.path)/status").files {
        let text = String(decoding: try Files.read(file), as: UTF8.self)
        expectClean(text, file, isMarkdown: file.hasSuffix(".md"))
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `what cannot be read is shown without its orders`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let quoted = JSONOutput.line(text(String(Self.hostile.prefix(900))))
      try place.scratch.write(
        "desired/bad\u{1b}[2J\n\(Self.mark)\u{202e}.yaml",
        "proxy_hosts:\n  \(quoted): { domain_names: [\(quoted)], forward: \(quoted), \u{202e}\(Self.mark): \(quoted) }\n"
      )
      try place.scratch.write("desired/raw.yaml", "# \u{1b}[2J\u{7}\nproxy_hosts: \u{9b}31m\n")
      for format in ["text", "json", "markdown"] {
        let run = try await place.run("validate", "-o", format)
        #expect(run.exit == 3)
        expectClean(run.output + run.errors, "validate -o \(format)")
        if format == "text" { expectLayout(run.output, "validate") }
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a daemon's log and its JSON are clean`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try await fill(npm)
      try desire(place)
      for format in ["text", "json"] {
        let daemon = try place.start("watch", "--log-format", format)
        await daemon.says("suspended")
        try await spoil(npm)
        daemon.terminate()
        let end = await daemon.result()
        expectClean(end.output + end.errors, "watch --log-format \(format)")
      }
    }
  }
}
