import DesiredFiles
import Model
import TestSupport
import Testing

/// Shared texts, and field names of other tools.
@Suite struct SnippetTests {
  private func load(_ files: [String: String]) throws -> LoadedDesired {
    let scratch = try Scratch()
    for (name, text) in files { try scratch.write("desired/\(name)", text) }
    return DesiredLoader.load(scratch.path + "/desired")
  }

  @Test func `snippets of any file come before the host's own text, in their order`() throws {
    let loaded = try load([
      "z.yaml": "snippets:\n  one: one;\n  two: |\n    two 1;\n    two 2;\n",
      "a.yaml": """
      proxy_hosts:
        app:
          domain_names: [app.test]
          forward: http://10.0.0.1
          snippets: [two, one]
          advanced_config: |
            own 1;
            own 2;
          locations:
            - { path: /a, forward: "http://10.0.0.1", snippets: [one] }
            - { path: /b, forward: "http://10.0.0.1", advanced_config: "own;" }
      """,
    ])
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let host = try #require(loaded.state.resources.first)
    #expect(host.spec["advanced_config"] == "two 1;\ntwo 2;\none;\nown 1;\nown 2;\n")
    let locations = host.spec["locations"].arrayValue ?? []
    #expect(locations.map { $0["advanced_config"] } == ["one;\n", "own;"])
    #expect(locations.allSatisfy { $0.objectValue?["snippets"] == nil }, "NPM does not hear of them")
    let source = try #require(host.fieldSources["advanced_config"])
    let places = (0..<5).map { source.line($0) }
    #expect(places.map { $0.file.suffix(6) } == ["z.yaml", "z.yaml", "z.yaml", "a.yaml", "a.yaml"])
    #expect(places.map(\.line) == [4, 5, 2, 7, 8])
  }

  @Test(arguments: ["forward_path: /q, forward: \"http://nas\"", "forward: \"http://nas\", forward_path: /q"])
  func `a path beside a destination without one is kept`(fields: String) throws {
    let loaded = try load([
      "a.yaml": "proxy_hosts:\n  a:\n    domain_names: [a.test]\n    forward: http://nas\n"
        + "    locations: [{ path: /p, \(fields) }]\n"
    ])
    #expect(loaded.state.resources.first?.spec["locations"].arrayValue?.first?["forward_path"] == "/q")
  }

  @Test func `defaults may name them, and a host's own list replaces theirs`() throws {
    let loaded = try load([
      "_defaults.yaml": "defaults: { proxy_hosts: { snippets: [one] } }\n",
      "a.yaml": """
      snippets: { one: "one;", two: "two;" }
      proxy_hosts:
        a: { domain_names: [a.test], forward: "http://10.0.0.1" }
        b: { domain_names: [b.test], forward: "http://10.0.0.1", snippets: [two], advanced_config: "own;" }
        c: { domain_names: [c.test], forward: "http://10.0.0.1", snippets: [] }
      """,
    ])
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    #expect(loaded.state.resources.map { $0.spec["advanced_config"] } == ["one;\n", "two;\nown;", ""])
  }

  @Test func `a program does not edit what is put together`() throws {
    let scratch = try Scratch()
    try scratch.write(
      "desired/a.yaml",
      "snippets: { one: \"one;\" }\nproxy_hosts:\n  a:\n    domain_names: [a.test]\n    forward: http://10.0.0.1\n"
        + "    snippets: [one]\n")
    let directory = scratch.path + "/desired"
    let loaded = DesiredLoader.load(directory)
    let host = try #require(loaded.state.resources.first)
    var edit = try DesiredEdit(host, in: loaded.state, directory: directory)
    #expect(throws: DesiredEdit.Problem.self) { try edit.set(["advanced_config": "other;"]) }
  }

  @Test(arguments: [
    ("domains: [a.test]", "'domain_names'"), ("force_ssl: true", "'ssl_forced'"),
    ("websockets: true", "'allow_websocket_upgrade'"), ("http2: true", "'http2_support'"),
    ("hsts: true", "'hsts_enabled'"), ("ssl: true", "'certificate' and 'ssl_forced'"),
    ("target: x", "as in 'forward: http://10.0.0.1:8080'"), ("forward_uri: x", "'forward'"),
    ("forward_prot: 1", "did you mean 'forward_port'?"),
    ("forward_port: \"80\"", "write 80 without quotes"), ("- *.example.com", "\"*.example.com\""),
    ("domain_names: [*.example.com]", "\"*.example.com\""), ("enabled: \"true\"", "write true"),
  ])
  func `a foreign word gets a hint`(line: String, hint: String) throws {
    let loaded = try load(["a.yaml": "proxy_hosts:\n  a:\n    \(line)\n"])
    #expect(loaded.diagnostics.contains { $0.hint?.contains(hint) == true }, "\(loaded.diagnostics)")
  }

  @Test(arguments: [
    ("30s", 30.0), ("1h30m", 5400), ("1w", 604_800), ("2d12h", 216_000), ("0s", 0), ("1m1h", nil), ("1", nil),
    ("h", nil), ("1h30", nil), ("-1h", nil), ("1H", nil), ("", nil), ("1.5h", nil), ("1h1h", nil),
  ])
  func `durations are added up from the longest on`(text: String, seconds: Double?) {
    #expect(DurationFormat.seconds(text) == seconds)
  }
}
