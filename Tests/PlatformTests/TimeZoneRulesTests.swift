import Model
import Platform
import Testing

@Suite struct TimeZoneRulesTests {
  private func offset(_ zone: TimeZoneRules, _ time: String) throws -> Int {
    zone.offset(at: Int(try #require(Timestamp(iso8601: time)).seconds)) / 60
  }

  @Test func `Berlin has its summer`() throws {
    let zone = try #require(TimeZoneRules("Europe/Berlin"))
    #expect(try offset(zone, "2026-01-15T12:00:00Z") == 60)
    #expect(try offset(zone, "2026-03-29T00:59:59Z") == 60)
    #expect(try offset(zone, "2026-03-29T01:00:00Z") == 120)
    #expect(try offset(zone, "2026-10-25T00:59:59Z") == 120)
    #expect(try offset(zone, "2026-10-25T01:00:00Z") == 60)
    // After the last transition of every table.
    #expect(try offset(zone, "2060-07-01T00:00:00Z") == 120)
    #expect(try offset(zone, "2060-12-01T00:00:00Z") == 60)
  }

  @Test(arguments: [
    ("Australia/Sydney", "2060-01-01T00:00:00Z", 660), ("Australia/Sydney", "2060-07-01T00:00:00Z", 600),
    ("Asia/Kolkata", "2050-01-01T00:00:00Z", 330), ("America/New_York", "2060-07-01T00:00:00Z", -240),
    ("Etc/GMT+3", "2060-07-01T00:00:00Z", -180), ("UTC", "2026-07-01T00:00:00Z", 0),
  ])
  func `other places have other clocks`(name: String, time: String, minutes: Int) throws {
    #expect(try offset(try #require(TimeZoneRules(name)), time) == minutes)
  }

  @Test(arguments: ["", "Nowhere/Land", "../../../etc/passwd", "/etc/localtime", "Europe"])
  func `what is no zone is none`(name: String) { #expect(TimeZoneRules(name) == nil) }

  @Test func `a damaged file is no zone`() throws {
    let bytes = try Files.read("/usr/share/zoneinfo/Europe/Berlin")
    for length in stride(from: 0, to: bytes.count, by: 37) {
      // Any result is accepted, but no crash.
      _ = TimeZoneRules(file: Array(bytes.prefix(length)))?.offset(at: 1_800_000_000)
    }
    #expect(TimeZoneRules(file: Array(bytes.prefix(200))) == nil)
  }
}
