import Foundation
import Hashing
import Model
import Platform
import TestSupport
import Testing

@Suite struct ModelTests {
  @Test func `a secret never shows itself`() {
    struct Holder { var secret = Secret("hunter2") }
    var dumped = ""
    dump(Holder(), to: &dumped)
    for text in ["\(Secret("hunter2"))", String(reflecting: Secret("hunter2")), "\(Holder())", dumped] {
      #expect(!text.contains("hunter2"))
    }
    #expect(Secret("hunter2").reveal() == "hunter2")
  }

  /// Vectors of FIPS 180-4.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func `digests are SHA-256`(text: String, hex: String) {
    #expect(SHA256Digest.labelled(Array(text.utf8)) == "sha256:" + hex)
  }

  @Test(arguments: [
    ("forward_prot", "forward_port"), ("ssl_force", "ssl_forced"), ("fowrard", "forward"), ("zzzzzz", nil),
  ])
  func `a near miss is recognised and a far one is not`(typed: String, meant: String?) {
    let known = ["forward_port", "forward_host", "ssl_forced", "forward", "enabled"]
    #expect(Suggestion.nearest(to: typed, among: known) == meant)
  }

  @Test func `domains are compared without case, order or repetition`() {
    var left = Spec(ResourceSchema.proxyHost), right = Spec(ResourceSchema.proxyHost)
    left["domain_names"] = ["b.test", "A.test", "a.test"]
    right["domain_names"] = ["a.test", "B.test"]
    #expect(left.normalised() == right.normalised())
  }

  @Test func `TLS flags that have nothing to stand on are off`() {
    var spec = Spec(ResourceSchema.proxyHost)
    for flag in ["ssl_forced", "http2_support", "hsts_enabled", "hsts_subdomains"] { spec[flag] = true }
    #expect(spec.normalised()["ssl_forced"] == false)
    #expect(spec.normalised()["http2_support"] == false)
    #expect(spec.normalised()["hsts_subdomains"] == false)
    spec["certificate"] = "wild"
    #expect(spec.normalised()["hsts_subdomains"] == true)
    spec["ssl_forced"] = false
    #expect(spec.normalised()["hsts_enabled"] == false)
    #expect(spec.normalised()["http2_support"] == true)
  }

  @Test func `locations are equal whatever NPM left out`() {
    var left = Spec(ResourceSchema.proxyHost), right = Spec(ResourceSchema.proxyHost)
    let core: [String: JSONValue] = [
      "path": "/x", "forward_scheme": "http", "forward_host": "h", "forward_port": 1,
    ]
    left["locations"] = .array([.object(core.merging(["id": 7, "advanced_config": ""]) { $1 })])
    right["locations"] = .array([.object(core.merging(["forward_path": ""]) { $1 })])
    #expect(left.normalised() == right.normalised())
    left["locations"] = .null
    right["locations"] = []
    #expect(left.normalised() == right.normalised())
  }

  @Test func `texts that only look alike are different`() {
    #expect(JSONValue.string("caf\u{e9}") != JSONValue.string("cafe\u{301}"))
  }

  @Test func `a spec survives its JSON`() {
    var spec = Spec(ResourceSchema.proxyHost)
    spec["forward_port"] = 8096
    spec["locations"] = [["path": "/x"]]
    #expect(Spec(ResourceSchema.proxyHost, json: spec.json) == spec)
  }

  @Test func `an ambiguous name refers to nothing`() {
    var table = NameIndex()
    table.add(.certificate, ResourceID(1), "wild")
    table.add(.certificate, ResourceID(2), "wild")
    table.add(.certificate, ResourceID(3), "one")
    #expect(table.ids(.certificate, "wild").count == 2)
    #expect(table.name(.certificate, ResourceID(1)) == "#1 wild")
    #expect(table.ids(.certificate, "#1 wild") == [ResourceID(1)])
    #expect(table.ids(.certificate, "#1").isEmpty && table.ids(.certificate, "#3 wild").isEmpty)
    table.add(.certificate, ResourceID(4), "#1")
    #expect(table.name(.certificate, ResourceID(4)) == "#4 #1" && table.name(.certificate, ResourceID(9)) == "#9")
    #expect(table.name(.certificate, ResourceID(3)) == "one")
  }

  @Test(arguments: [("2.15.1", "2.14.0"), ("2.13.10", "2.13.9")])
  func `versions compare by number`(newer: String, older: String) throws {
    #expect(try #require(NPMVersion(older)) < #require(NPMVersion(newer)))
    #expect(NPMVersion("2.x") == nil)
  }

  @Test func `a device or a link is written through, never replaced`() throws {
    let scratch = try Scratch()
    let file = try scratch.write("target", "old")
    let link = scratch.path + "/link"
    #expect(symlink(file, link) == 0)
    try Files.output(link, Array("new".utf8))
    #expect(try scratch.read("target") == "new")
    var status = stat()
    #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    let pipe = scratch.path + "/device"
    #expect(symlink("/dev/null", pipe) == 0)
    try Files.output(pipe, Array("gone".utf8))
    #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func `times are written and read in UTC`() {
    let time = Timestamp(seconds: 1_795_247_266.25)
    #expect(time.iso8601 == "2026-11-21T07:47:46.250Z")
    #expect(Timestamp(iso8601: time.iso8601) == time)
    #expect(time.sqlText == "2026-11-21 07:47:46")
  }

  @Test(arguments: [
    ("2026-11-21T07:47:46Z", 1_795_247_266.0), ("2026-11-21T08:47:46.500+01:00", 1_795_247_266.5),
    ("2026-11-20t23:17:46-08:30", 1_795_247_266), ("2024-02-29T00:00:00z", 1_709_164_800), ("1970-01-01T00:00:00Z", 0),
  ])
  func `times of RFC 3339 are read`(text: String, seconds: Double) {
    #expect(Timestamp(iso8601: text)?.seconds == seconds)
  }

  @Test(arguments: [
    "", "yesterday", "2026-11-21", "2026-11-21T07:47:46", "2026-11-21 07:47:46Z", "2026-11-21T07:47Z",
    "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-21T24:00:00Z",
    "2026-11-21T07:60:00Z", "2026-11-21T07:47:46.Z", "2026-11-21T07:47:46+0100", "2026-11-21T07:47:46+24:00",
    "2026-11-21T07:47:46Zx", "1 2 3 4 5 6Z", "+026-11-21T07:47:46Z", "99999999999-1-1T1:1:1Z",
  ])
  func `what is no time is none`(text: String) { #expect(Timestamp(iso8601: text) == nil) }

  @Test func `locations are compared by path, in NPM's own form`() {
    func spec(_ locations: [JSONValue]) -> Spec {
      var spec = Spec(ResourceSchema.proxyHost)
      spec["locations"] = .array(locations)
      return spec.normalised()
    }
    let api: JSONValue = ["path": "/api", "forward_scheme": "http", "forward_host": "10.0.0.1", "forward_port": 80]
    let moved: JSONValue = [
      "path": "/x", "forward_scheme": "http", "forward_host": "10.0.0.2/v2/a", "forward_port": 80, "id": 7,
    ]
    let same: JSONValue = [
      "path": "/x", "forward_scheme": "http", "forward_host": "10.0.0.2", "forward_path": "/v2/a", "forward_port": 80,
      "advanced_config": "",
    ]
    #expect(spec([api, moved]).differences(to: spec([same, api])).isEmpty)
    let first: JSONValue = ["path": "~ ^/a"], second: JSONValue = ["path": "~ ^/b"]
    #expect(
      !spec([first, second]).differences(to: spec([second, first])).isEmpty,
      "the first regular expression that fits counts")
  }
}
