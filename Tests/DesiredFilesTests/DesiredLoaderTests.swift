import Foundation
import DesiredFiles
import Model
import Platform
import TestSupport
import Testing

@Suite struct DesiredLoaderTests {
  private func load(_ files: [String: String]) throws -> LoadedDesired {
    let scratch = try Scratch()
    for (name, text) in files { try scratch.write("desired/\(name)", text) }
    return DesiredLoader.load(scratch.path + "/desired")
  }

  private func host(_ loaded: LoadedDesired, _ name: String) throws -> DesiredResource {
    #expect(!loaded.diagnostics.hasErrors)
    return try #require(loaded.state.resources.first { $0.key.name == name })
  }

  @Test func `the contract's shape is understood`() throws {
    let loaded = try load([
      "media.yaml": """
      proxy_hosts:
        jellyfin:
          description: Films
          labels: { team: media, tier: 1 }
          domain_names: [jellyfin.example.com, media.example.com]
          forward: https://10.0.0.12:8096
          allow_websocket_upgrade: true
          certificate: none
          access_list: lan
          locations:
            - { path: /api, forward: http://10.0.0.13:8080/v2 }
          advanced_config: |
            client_max_body_size 0;
          validate: warn
      """
    ])
    let jellyfin = try host(loaded, "jellyfin")
    #expect(jellyfin.spec["forward_scheme"] == "https")
    #expect(jellyfin.spec["forward_port"] == 8096)
    #expect(jellyfin.spec["certificate"] == .null)
    #expect(jellyfin.spec["access_list"] == "lan")
    #expect(jellyfin.spec["locations"].arrayValue?[0]["forward_path"] == "/v2")
    #expect(jellyfin.spec["advanced_config"] == "client_max_body_size 0;\n")
    #expect(jellyfin.validation == .warn)
    #expect(jellyfin.labels == ["team": "media", "tier": "1"])
    #expect(jellyfin.source.line == 2)
  }

  @Test func `defaults apply from far to near`() throws {
    let loaded = try load([
      "_defaults.yaml": "defaults: { proxy_hosts: { block_exploits: true, caching_enabled: true, validate: off } }",
      "sub/a.yml": """
      defaults: { proxy_hosts: { caching_enabled: false, forward: http://10.0.0.1:81 } }
      proxy_hosts:
        a: { domain_names: [a.test] }
        b: { domain_names: [b.test], block_exploits: false, forward: http://10.0.0.2 }
      """,
    ])
    let a = try host(loaded, "a"), b = try host(loaded, "b")
    #expect(a.spec["block_exploits"] == true && a.spec["caching_enabled"] == false && a.spec["forward_port"] == 81)
    #expect(b.spec["block_exploits"] == false && b.spec["forward_host"] == "10.0.0.2" && b.spec["forward_port"] == 80)
    #expect(a.validation == .off)
  }

  @Test func `anchors, merges and x- keys work`() throws {
    let loaded = try load([
      "a.yaml": """
      x-base: &base { forward: "http://10.0.0.1:81", block_exploits: true }
      proxy_hosts:
        a: { <<: *base, domain_names: [a.test], x-note: mine }
        b: { <<: *base, domain_names: [b.test], forward_port: 82, forward_host: h, forward_scheme: http }
      """
    ])
    #expect(try host(loaded, "a").spec["forward_port"] == 81)
    #expect(try host(loaded, "b").spec["block_exploits"] == true)
  }

  @Test func `what a host says itself wins over what it merges, through shorthands too`() throws {
    let loaded = try load([
      "a.yaml": """
      x-base: &base { forward: "http://10.0.0.1:80" }
      x-port: &port { forward_port: 9999 }
      proxy_hosts:
        one: { <<: *base, domain_names: [one.test], forward_port: 8080 }
        two: { <<: *port, domain_names: [two.test], forward: "http://10.0.0.2:81" }
      """
    ])
    #expect(try host(loaded, "one").spec["forward_port"] == 8080)
    #expect(try host(loaded, "two").spec["forward_port"] == 81)
  }

  @Test(.timeLimit(.minutes(5))) func `pipes and links to folders are named, not read and not passed over`() throws {
    let scratch = try Scratch()
    try scratch.write("d/a.YAML", "proxy_hosts: { a: { domain_names: [a.test], forward: 'http://h' } }")
    try scratch.write("elsewhere/b.yaml", "proxy_hosts: { b: { domain_names: [b.test], forward: 'http://h' } }")
    #expect(mkfifo(scratch.path + "/d/pipe.yaml", 0o600) == 0)
    #expect(symlink(scratch.path + "/elsewhere", scratch.path + "/d/linked") == 0)
    let loaded = DesiredLoader.load(scratch.path + "/d")
    #expect(loaded.diagnostics.map(\.code) == [.unreadableFile, .unreadableFile])
    #expect(loaded.state.resources.map(\.key.name) == ["a"])
  }

  @Test func `several documents in one file are one file`() throws {
    let text =
      "proxy_hosts: { a: { domain_names: [a.test], forward: 'http://h' } }\n---\nproxy_hosts: { b: { domain_names: [b.test], forward: 'http://h' } }\n"
    #expect(try load(["a.yaml": text]).state.resources.count == 2)
  }

  @Test func `what clashes between files shows both places`() throws {
    let loaded = try load([
      "a.yaml": "proxy_hosts:\n  same: { domain_names: [one.test], forward: 'http://h' }\n",
      "b.yaml": "proxy_hosts:\n  same: { domain_names: [ONE.test], forward: 'http://h' }\n",
    ])
    #expect(Set(loaded.diagnostics.map(\.code)) == [.duplicateName, .duplicateDomain])
    for diagnostic in loaded.diagnostics {
      #expect(diagnostic.location?.file.hasSuffix("b.yaml") == true)
      #expect(diagnostic.note?.location.file.hasSuffix("a.yaml") == true)
    }
    #expect(loaded.filesWithErrors == 1)
  }

  @Test func `a suggestion comes with an unknown key`() throws {
    let loaded = try load(["a.yaml": "proxy_hosts:\n  a: { domain_names: [a.test], forwrad: 'http://h' }\n"])
    #expect(loaded.diagnostics.first?.hint == "did you mean 'forward'?")
  }

  @Test func `an empty, a missing and an unreadable place are told apart`() throws {
    let scratch = try Scratch()
    try Files.createDirectory(scratch.path + "/empty")
    #expect(DesiredLoader.load(scratch.path + "/empty").diagnostics.map(\.code) == [.desiredEmpty])
    #expect(DesiredLoader.load(scratch.path + "/none").diagnostics.map(\.code) == [.desiredMissing])
    try Files.createDirectory(scratch.path + "/odd/sub.d")
    try scratch.write("odd/a.yaml", "proxy_hosts: {}\n")
    #expect(symlink("/nonexistent/file", scratch.path + "/odd/dangling.yaml") == 0)
    #expect(DesiredLoader.load(scratch.path + "/odd").diagnostics.map(\.code) == [.unreadableFile])
  }

  @Test func `defaults that would be passed over in silence are named`() throws {
    let host = "proxy_hosts: { a: { domain_names: [a.test], forward: 'http://h' } }\n"
    let defaults = "defaults: { proxy_hosts: { block_exploits: true } }\n"
    for name in ["_defaults.YAML", "_Defaults.yml"] {
      #expect(try self.host(load([name: defaults, "a.yaml": host]), "a").spec["block_exploits"] == true)
    }
    #expect(try load(["sub/_defaults.yaml": defaults, "a.yaml": host]).diagnostics.map(\.code).contains(.badName))
    let alone = try load(["b.yaml": defaults, "a.yaml": host]).diagnostics
    #expect(alone.map(\.code) == [.noEffect] && !alone.hasErrors)
    let scratch = try Scratch()
    try scratch.write("d/_defaults.yaml", defaults)
    try scratch.write("d/a.yaml", host)
    #expect(DesiredLoader.load(scratch.path + "/d//").state.resources[0].spec["block_exploits"] == true)
  }

  @Test func `a file without a word is an accident, one with a comment is not`() throws {
    let host = "proxy_hosts: { a: { domain_names: [a.test], forward: 'http://h' } }\n"
    for text in ["", "\n \r\n"] {
      #expect(try load(["a.yaml": host, "b.yaml": text]).diagnostics.map(\.code) == [.desiredEmpty])
    }
    #expect(try load(["a.yaml": host, "b.yaml": "# later\n"]).diagnostics.isEmpty)
  }

  @Test func `an alias bomb and bytes that are no text are refused`() throws {
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      bomb += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }
    #expect(try load(["a.yaml": bomb]).diagnostics.map(\.code) == [.yamlTooLarge])
    let scratch = try Scratch()
    try Files.createDirectory(scratch.path + "/d")
    try Files.replace(scratch.path + "/d/a.yaml", with: [0x61, 0x3a, 0x20, 0xff])
    #expect(DesiredLoader.load(scratch.path + "/d").diagnostics.map(\.code) == [.notUTF8])
  }

  @Test func `what begins with an underscore is no resource, but for the file of defaults`() throws {
    let scratch = try Scratch()
    let host = "proxy_hosts:\n  %: { domain_names: [%.test], forward: 'http://10.0.0.1:80' }\n"
    try scratch.write("d/a.yaml", host.replacing("%", with: "a"))
    try scratch.write("d/_draft.yaml", host.replacing("%", with: "draft"))
    try scratch.write("d/_old/b.yaml", host.replacing("%", with: "b"))
    try scratch.write("d/_defaults.yaml", "defaults: { proxy_hosts: { block_exploits: true } }\n")
    let loaded = DesiredLoader.load(scratch.path + "/d")
    #expect(loaded.diagnostics.isEmpty)
    #expect(loaded.state.resources.map(\.key.name) == ["a"])
    #expect(loaded.state.resources.first?.spec["block_exploits"] == true)
    try scratch.write("d/sub/_defaults.yaml", "defaults: { proxy_hosts: { block_exploits: false } }\n")
    #expect(DesiredLoader.load(scratch.path + "/d").diagnostics.map(\.code).contains(.badName))
  }
}
