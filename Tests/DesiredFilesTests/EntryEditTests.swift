import Foundation
import Model
import Platform
import TestSupport
import Testing

@testable import DesiredFiles

/// Entries written, changed and removed in files that people keep by hand.
@Suite struct EntryEditTests {
  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private var directory: String { "\(scratch.path)/desired" }

  private func load() -> LoadedDesired { DesiredLoader.load(directory, secrets: .any) }

  private func edit() throws -> EntryEdit {
    let loaded = load()
    try #require(!loaded.diagnostics.hasErrors, "\(loaded.diagnostics)")
    return EntryEdit(loaded.state, directory: directory, secrets: .any)
  }

  private func resource(_ name: String, _ kind: ResourceKind = .proxyHost) throws -> DesiredResource {
    try #require(load().state.resources.first { $0.key == ResourceKey(kind, name) })
  }

  /// The new text of the file after the fields that are named here became these; null: they are not given.
  private func changed(
    _ name: String, _ fields: [String: JSONValue], without gone: Set<String> = []
  ) throws -> String {
    let resource = try resource(name)
    let wanted = resource.writable.merging(fields) { $1 }.filter { !gone.contains($0.key) }
    let proposal = try edit().replace(resource, wanted)
    #expect(!proposal.loaded.diagnostics.hasErrors, "\(proposal.loaded.diagnostics)")
    let now = try #require(proposal.loaded.state.resources.first { $0.key == resource.key })
    for (key, value) in fields { #expect(now.writable[key] == value, "\(key)") }
    return String(decoding: proposal.change.after ?? [], as: UTF8.self)
  }

  private static let house = """
    # The house.
    defaults:
      proxy_hosts: { block_exploits: true }

    proxy_hosts:
      # Films.
      jellyfin:   # in the living room
        domain_names:   # all of them
          - films.test       # the short one
          - jellyfin.test    # the long one
        forward: http://10.0.0.5:8096   # the NAS
        # It streams.
        allow_websocket_upgrade: true
        labels:
          team: media   # not ours
          tier: gold
        advanced_config: |
          proxy_buffering off;
          # keep

        health:
          path: /health
          interval: 30s   # often

      # Books.
      books: { domain_names: [books.test], forward: "http://10.0.0.6:80" }  # flat

    """

  private func write(_ text: String) throws { try scratch.write("desired/house.yaml", text) }

  @Test func `what is wanted as it is changes nothing`() throws {
    try write(Self.house)
    #expect(try changed("jellyfin", [:]) == Self.house)
    #expect(try changed("books", [:]) == Self.house)
  }

  @Test(
    arguments: [
      (["forward_port": 8097], "http://10.0.0.5:8096   #", "http://10.0.0.5:8097   #"),
      (["allow_websocket_upgrade": false], "upgrade: true", "upgrade: false"),
      (["domain_names": ["films.test", "kino.test"]], "      - jellyfin.test    # the long one", "      - kino.test"),
      (["domain_names": ["jellyfin.test"]], "      - films.test       # the short one\n", ""),
      (["labels": ["team": "video", "tier": "gold"]], "team: media   #", "team: video   #"),
      (["labels": ["tier": "gold"]], "      team: media   # not ours\n", ""),
      (["health": ["path": "/up", "interval": "30s"]], "path: /health", "path: /up"),
      (
        ["caching_enabled": true], "      interval: 30s   # often\n",
        "      interval: 30s   # often\n    caching_enabled: true\n"
      ),
      (
        ["advanced_config": "gzip on;\n"], "advanced_config: |\n      proxy_buffering off;\n      # keep\n",
        "advanced_config: \"gzip on;\\n\"\n"
      ),
    ] as [([String: JSONValue], String, String)])
  func `a changed value leaves all else as it stands`(fields: [String: JSONValue], old: String, new: String) throws {
    try write(Self.house)
    var fields = fields
    if let new = fields["health"]?.objectValue, let known = try resource("jellyfin").writable["health"]?.objectValue {
      fields["health"] = .object(known.merging(new) { $1 })
    }
    let expected = Self.house.replacing(old, with: new)
    #expect(expected != Self.house, "\(old)")
    #expect(try changed("jellyfin", fields) == expected)
  }

  @Test func `a mapping in braces keeps the words of what stays`() throws {
    try write(Self.house)
    let line = #"books: { domain_names: [books.test], forward: "http://10.0.0.6:80" }  # flat"#
    #expect(
      try changed("books", ["forward_port": 81, "labels": ["a": "b"]])
        == Self.house.replacing(
          line, with: #"books: { domain_names: [books.test], forward: http://10.0.0.6:81, labels: { a: b } }  # flat"#))
  }

  @Test func `a field that is not given any more goes, and its default holds`() throws {
    try write(Self.house)
    let text = try changed("jellyfin", [:], without: ["allow_websocket_upgrade", "health", "labels"])
    for gone in ["upgrade", "health", "interval", "labels", "tier"] { #expect(!text.contains(gone), "\(gone)") }
    for kept in ["# It streams.", "# keep", "# Books.", "# the NAS"] { #expect(text.contains(kept), "\(kept)") }
  }

  @Test func `a line end of another system stays`() throws {
    try write(Self.house.replacing("\n", with: "\r\n"))
    let text = try changed("jellyfin", ["forward_port": 1, "caching_enabled": true])
    #expect(!text.replacing("\r\n", with: "").contains("\n"))
  }

  @Test func `what a merged mapping gives is said where it changes`() throws {
    try write(
      """
      x-base: &base
        forward: http://10.0.0.1:80
        caching_enabled: true
      proxy_hosts:
        a:
          <<: *base
          domain_names: [a.test]
      """)
    #expect(
      try changed("a", ["caching_enabled": false]).hasSuffix("domain_names: [a.test]\n    caching_enabled: false\n"))
    // Without words of its own, what is merged holds.
    #expect(
      try !changed("a", ["domain_names": ["b.test"]], without: ["caching_enabled"]).contains("caching_enabled: false"))
  }

  @Test func `an alias that others use is not edited`() throws {
    try write(
      """
      x-names: &names [a.test]
      proxy_hosts:
        a:
          domain_names: *names
          forward: http://10.0.0.1:80
      """)
    #expect(throws: EntryEdit.Problem.self) { _ = try changed("a", ["domain_names": ["b.test"]]) }
    #expect(try changed("a", ["forward_port": 81]).contains("domain_names: *names\n    forward: http://10.0.0.1:81"))
  }

  @Test func `a new entry gets a file of its own, and its words are read as they are meant`() throws {
    try write(Self.house)
    let fields: [String: JSONValue] = [
      "domain_names": ["new.test", "*.new.test"], "forward": "http://[fd00::1]:80", "description": "yes: # \"no\"\n- x",
      "labels": ["on": "true", "n": "1.0", "e": ""], "certificate": .null, "validate": "off",
      "locations": [["path": "/api", "forward": "http://10.0.0.1:81", "advanced_config": "a;\nb;\n"]],
    ]
    let proposal = try edit().create(ResourceKey(.proxyHost, "new"), fields)
    #expect(!proposal.loaded.diagnostics.hasErrors, "\(proposal.loaded.diagnostics)")
    #expect(proposal.change.path == "api/new.yaml" && proposal.change.before == nil)
    let made = try #require(proposal.loaded.state.resources.first { $0.key.name == "new" })
    #expect(made.metadata.description == "yes: # \"no\"\n- x" && made.labels == ["on": "true", "n": "1.0", "e": ""])
    #expect(made.spec["forward_host"] == "[fd00::1]" && made.spec["certificate"] == .null)
    #expect(made.spec["locations"].arrayValue?.first?["advanced_config"] == "a;\nb;\n")
    let auto = try edit().create(ResourceKey(.proxyHost, "new"), fields.merging(["certificate": "auto"]) { $1 })
    let chosen = auto.loaded.state.resources.first { $0.key.name == "new" }
    #expect(chosen?.writable["certificate"] == "auto")
  }

  @Test func `a removal takes the entry, its section, and a file that says nothing any more`() throws {
    try write(Self.house)
    try scratch.write(
      "desired/one.yaml", "proxy_hosts:\n  one: { domain_names: [one.test], forward: \"http://10.0.0.1:80\" }\n")
    let one = try edit().remove(resource("one"))
    #expect(one.change.path == "one.yaml" && one.change.after == nil && one.loaded.state.resources.count == 2)
    let films = try edit().remove(resource("jellyfin"))
    let text = String(decoding: films.change.after ?? [], as: UTF8.self)
    #expect(text.contains("# Books.") && !text.contains("films.test") && !text.contains("living room"))
    #expect(films.loaded.state.resources.map(\.key.name) == ["books", "one"])
  }

  @Test func `braces over several lines stay, where nothing changes in them`() throws {
    let text = """
      proxy_hosts: {
        a: { domain_names: [a.test],   # all of it
             forward: "http://10.0.0.1:80" },
        b: { domain_names: [b.test],
             forward: "http://10.0.0.1:80" }
      }
      """
    try write(text)
    #expect(try changed("a", [:]) == text && changed("b", [:]) == text)
    // A remark inside would be lost.
    #expect(throws: EntryEdit.Problem.self) { _ = try changed("a", ["forward_port": 81]) }
    #expect(
      try changed("b", ["forward_port": 81]).contains("b: { domain_names: [b.test], forward: http://10.0.0.1:81 }"))
  }

  @Test func `a file without an end of line takes a text in several lines`() throws {
    try write("proxy_hosts:\n  a:\n    domain_names: [a.test]\n    forward: http://10.0.0.1:80")
    #expect(try changed("a", ["advanced_config": "a;\nb;\n"]).hasSuffix("advanced_config: |\n      a;\n      b;\n"))
  }
}
