import DesiredFiles
import Model
import TestSupport
import Testing

/// `preset:` of a proxy host.
@Suite struct PresetTests {
  private func load(_ files: [String: String]) throws -> LoadedDesired {
    let scratch = try Scratch()
    for (name, text) in files { try scratch.write("desired/\(name)", text) }
    return DesiredLoader.load("\(scratch.path)/desired")
  }

  private func host(_ fields: String) -> String {
    "proxy_hosts:\n  a: { domain_names: [a.test], forward: 'http://10.0.0.1:80', \(fields) }\n"
  }

  private static let names = [
    "audiobookshelf", "forgejo", "gitea", "gotify", "grafana", "homeassistant", "immich", "jellyfin", "n8n",
    "nextcloud",
    "ntfy", "portainer", "uptime-kuma", "vaultwarden",
  ]

  @Test(arguments: names) func `each is right, and does something`(name: String) throws {
    let loaded = try load(["a.yaml": host("preset: \(name)")])
    #expect(loaded.diagnostics == [])
    let resource = try #require(loaded.state.resources.first)
    let plain = try #require(try load(["a.yaml": host("enabled: true")]).state.resources.first)
    #expect(resource.spec != plain.spec || resource.check != nil)
  }

  @Test func `what is written wins over the preset, and that over the defaults`() throws {
    let loaded = try load([
      "_defaults.yaml": "defaults: { proxy_hosts: { block_exploits: true, advanced_config: 'gzip on;' } }",
      "a.yaml": host("preset: jellyfin, health: { path: /other }"),
    ])
    let resource = try #require(loaded.state.resources.first)
    #expect(resource.spec["allow_websocket_upgrade"] == true && resource.spec["block_exploits"] == true)
    #expect(resource.spec["advanced_config"] == "proxy_buffering off;\n")
    #expect(resource.check?.path == "/other")
    let off = try load(["a.yaml": host("preset: jellyfin, allow_websocket_upgrade: false")])
    #expect(off.state.resources.first?.spec["allow_websocket_upgrade"] == false)
  }

  @Test func `an unknown one is named, with the nearest`() throws {
    let loaded = try load(["a.yaml": host("preset: jelyfin")])
    #expect(loaded.diagnostics.map(\.code) == [.unknownReference])
    #expect(loaded.diagnostics.first?.hint?.hasPrefix("did you mean 'jellyfin'?") == true)
    #expect(loaded.diagnostics.first?.location?.line == 2)
    let elsewhere = "dead_hosts: { a: { domain_names: [a.test], preset: jellyfin } }"
    #expect(try load(["a.yaml": elsewhere]).diagnostics.map(\.code) == [.unknownKey])
  }

  @Test func `one's own are added, and replace those of the same name`() throws {
    let own = """
      paperless: { source: "a page", allow_websocket_upgrade: true, caching_enabled: true }
      jellyfin: { http2_support: false }
      """
    let loaded = try load(["_presets.yaml": own, "a.yaml": host("preset: paperless")])
    #expect(loaded.diagnostics == [] && loaded.state.resources.first?.spec["caching_enabled"] == true)
    let replaced = try load(["_presets.yaml": own, "a.yaml": host("preset: jellyfin")])
    #expect(replaced.state.resources.first?.spec["allow_websocket_upgrade"] == false)
    // Domains belong to one host; and a mistake has its place.
    let wrong = try load([
      "_presets.yaml": "x: { domain_names: [a.test] }\ny: { colour: 1 }", "a.yaml": host("enabled: true"),
    ])
    #expect(wrong.diagnostics.map(\.code) == [.unknownKey, .unknownKey])
    #expect(wrong.diagnostics.map(\.location?.line) == [1, 2])
    #expect(
      try load(["_presets.yaml": "- a", "a.yaml": host("enabled: true")]).diagnostics.map(\.code) == [.wrongType])
  }

  @Test func `a file of that name in a folder below is for people`() throws {
    let loaded = try load(["deep/_presets.yaml": "nonsense", "a.yaml": host("enabled: true")])
    #expect(loaded.diagnostics == [])
  }
}
