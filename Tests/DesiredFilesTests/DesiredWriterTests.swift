import DesiredFiles
import Model
import TestSupport
import Testing

@Suite struct DesiredWriterTests {
  @Test func `only what differs from the defaults is written, as people would`() {
    let spec = hostSpec(
      ["a.test", "b.test"], host: "nas", port: 8080,
      [
        "certificate": "my cert", "ssl_forced": true, "enabled": false, "advanced_config": "a 1;\nb 2;\n",
        "locations": [
          [
            "path": "/api", "forward_scheme": "http", "forward_host": "10.0.0.7", "forward_port": 80,
            "forward_path": "/v2", "advanced_config": "x 1;\ny 2;",
          ]
        ],
      ])
    let expected = """
        app:  # host 12
          domain_names: [a.test, b.test]
          forward: http://nas:8080
          certificate: my cert
          ssl_forced: true
          locations:
            - path: /api
              forward: http://10.0.0.7:80/v2
              advanced_config: |-
                x 1;
                y 2;
          advanced_config: |
            a 1;
            b 2;
          enabled: false
      """
    #expect(DesiredWriter.lines("app", spec, remark: "host 12").joined(separator: "\n") == expected)
  }

  /// Texts that unquoted YAML would change or read as another type.
  @Test(arguments: [
    "", " ", "true", "null", "~", "12", "1.5", "0x1f", "none", "auto", "a: b", "a #b", "- a", "&a", "*a", "!a", "%a",
    "@a", "`a", "'a'", "\"a\"", "a\\b", "a\nb", "a\n", "\na", " a\nb", "a\n\n", "a\r\nb", "a\tb", "\ta\nb", "a \nb ",
    "\u{85}x\ny", "x\u{2028}y\nz", "\u{feff}a\nb", "é\n中\n", "a\n\n\nb\n", "\u{7f}a\nb", "a:\nb:", "#a\n#b\n",
    "a\n \nb",
    "1e3", ".inf", "2026-11-21", "yes", "=", "<<", "? a", "| a", "> a", "{a", "[a", "a,b",
  ])
  func `any text reads back as itself`(text: String) throws {
    let spec = hostSpec(["a.test"], ["advanced_config": .string(text)])
    let lines = ["proxy_hosts:"] + DesiredWriter.lines("app", spec)
    let loaded = DesiredLoader.read(Array((lines.joined(separator: "\n") + "\n").utf8), as: "a.yaml")
    #expect(loaded.diagnostics.isEmpty)
    #expect(loaded.state.resources.first?.spec["advanced_config"] == .string(text))
  }
}
