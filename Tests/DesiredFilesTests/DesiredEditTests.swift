import DesiredFiles
import Model
import Platform
import TestSupport
import Testing

/// Values are written into hand-written files: everything else stays the same, to the byte.
@Suite struct DesiredEditTests {
  /// The text after setting values of `app`; nil: the editor refused.
  private func edited(_ text: String, _ values: [String: JSONValue], others: [String: String] = [:]) throws -> String? {
    let scratch = try Scratch()
    try scratch.write("desired/a.yaml", text)
    for (name, text) in others { try scratch.write("desired/\(name)", text) }
    let directory = "\(scratch.path)/desired"
    let loaded = DesiredLoader.load(directory)
    #expect(!loaded.diagnostics.hasErrors, "\(loaded.diagnostics)")
    let app = try #require(loaded.state.resources.first { $0.key.name == "app" })
    do {
      var edit = try DesiredEdit(app, in: loaded.state, directory: directory)
      return String(decoding: try edit.set(values), as: UTF8.self)
    } catch is DesiredEdit.Problem {
      return nil
    }
  }

  private let usual = """
    # what we serve
    proxy_hosts:
      app:   # the app
        domain_names: [app.test, "b.test"]  # both
        forward: http://10.0.0.1:80   # the box
        block_exploits: true # on purpose

        advanced_config: |
          client_max_body_size 0;
          # keep

        # the end of app
      other: { domain_names: [o.test], forward: "http://10.0.0.2:80" }
    """ + "\n"

  @Test(
    arguments: [
      (["block_exploits": false], "block_exploits: true #", "block_exploits: false #"),
      (["forward_port": 8080], "forward: http://10.0.0.1:80 ", "forward: http://10.0.0.1:8080 "),
      (
        ["forward_host": "nas", "forward_scheme": "https"], "forward: http://10.0.0.1:80 ",
        "forward: https://nas:80 "
      ),
      (["domain_names": ["c.test"]], "[app.test, \"b.test\"]", "[c.test]"),
      (
        ["advanced_config": "a 1;\nb 2;\n"], "client_max_body_size 0;\n      # keep\n",
        "a 1;\n      b 2;\n"
      ),
      (
        ["caching_enabled": true], "block_exploits: true # on purpose\n",
        "block_exploits: true # on purpose\n    caching_enabled: true\n"
      ),
      (["advanced_config": ""], "|\n      client_max_body_size 0;\n      # keep\n", "\"\"\n"),
    ] as [([String: JSONValue], String, String)])
  func `only the value changes`(values: [String: JSONValue], before: String, after: String) throws {
    #expect(usual.contains(before))
    #expect(try edited(usual, values) == usual.replacing(before, with: after))
  }

  @Test func `domains below each other stay below each other`() throws {
    let text = "proxy_hosts:\n  app:\n    domain_names:\n    - a.test\n    - b.test\n    forward: http://10.0.0.1:80\n"
    #expect(
      try edited(text, ["domain_names": ["c.test", "d.test", "e.test"]])
        == text.replacing("    - a.test\n    - b.test", with: "    - c.test\n    - d.test\n    - e.test"))
  }

  @Test func `a value from the defaults is set in the host itself`() throws {
    let text = "defaults:\n  proxy_hosts: { caching_enabled: true }\n" + usual
    let result = try #require(try edited(text, ["caching_enabled": false]))
    #expect(result.hasPrefix("defaults:\n  proxy_hosts: { caching_enabled: true }\n"))
    #expect(result.contains("block_exploits: true # on purpose\n    caching_enabled: false\n"))
  }

  @Test func `line ends of another system stay`() throws {
    let text = usual.replacing("\n", with: "\r\n")
    #expect(
      try edited(text, ["block_exploits": false])
        == text.replacing("block_exploits: true", with: "block_exploits: false"))
  }

  @Test func `comments around a text stay, however deep they stand`() throws {
    let text = """
      proxy_hosts:
        app:
          domain_names: [app.test]
          forward: http://10.0.0.1:80
          advanced_config: |  # why
              allow all;
            # less deep
          # at the key
          block_exploits: true
      """
    let result = try edited(text, ["advanced_config": "deny all;\nallow 10.0.0.1;\n"])
    #expect(
      result
        == text.replacing("        allow all;\n", with: "        deny all;\n        allow 10.0.0.1;\n"))
  }

  @Test func `one line of another system stays the only one`() throws {
    let text = usual.replacing("domain_names: [app.test, \"b.test\"]  # both\n", with: "domain_names: [app.test]\r\n")
    #expect(
      try edited(text, ["block_exploits": false])
        == text.replacing("block_exploits: true", with: "block_exploits: false"))
  }

  @Test func `what cannot be changed alone is refused`() throws {
    let shared = """
      x-names: &names [a.test]
      proxy_hosts:
        app:
          domain_names: *names
          forward: http://10.0.0.1:80
      """
    #expect(try edited(shared, ["domain_names": ["b.test"]]) == nil, "an alias")
    let flow = "proxy_hosts: { app: { domain_names: [a.test], forward: \"http://10.0.0.1:80\" } }\n"
    #expect(try edited(flow, ["caching_enabled": true]) == nil, "a field that stands nowhere, on one line")
    #expect(try edited(flow, ["forward_port": 81])?.contains("http://10.0.0.1:81") == true)
    let taken = usual + "  third: { domain_names: [t.test], forward: \"http://10.0.0.3\" }\n"
    #expect(try edited(taken, ["domain_names": ["t.test"]]) == nil, "a domain that another host has")
  }
}
