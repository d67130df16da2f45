import Model
import Platform
import Configuration
import Testing

@Suite struct MaintenanceWindowTests {
  /// Saturdays from two to six, in Berlin.
  private func window() throws -> MaintenanceWindow {
    MaintenanceWindow(
      cron: try #require(CronExpression("0 2 * * sat")), duration: 4 * 3600,
      zone: try #require(TimeZoneRules("Europe/Berlin")), reason: "")
  }

  private func end(_ time: String) throws -> String? {
    try window().end(at: try #require(Timestamp(iso8601: time)))?.iso8601
  }

  @Test func `it is open by the clock of its place, summer or winter`() throws {
    #expect(try end("2026-11-21T00:59:59Z") == nil)
    #expect(try end("2026-11-21T01:00:00Z") == "2026-11-21T05:00:00.000Z")
    #expect(try end("2026-11-21T04:59:59Z") == "2026-11-21T05:00:00.000Z")
    #expect(try end("2026-11-21T05:00:00Z") == nil)
    #expect(try end("2026-07-18T00:00:00Z") == "2026-07-18T04:00:00.000Z")
  }

  @Test func `where the clock skips its beginning it begins right after`() throws {
    let window = MaintenanceWindow(
      cron: try #require(CronExpression("30 2 * * sun")), duration: 3600,
      zone: try #require(TimeZoneRules("Europe/Berlin")), reason: "")
    func end(_ time: String) throws -> String? {
      window.end(at: try #require(Timestamp(iso8601: time)))?.iso8601
    }
    // 2027-03-28: 02:00 becomes 03:00, at 01:00 UTC.
    #expect(try end("2027-03-28T00:59:00Z") == nil)
    #expect(try end("2027-03-28T01:00:00Z") == "2027-03-28T02:00:00.000Z")
    #expect(try end("2027-04-04T00:30:00Z") == "2027-04-04T01:30:00.000Z")
  }

  @Test func `of several the one that ends last says until when`() throws {
    let longer = MaintenanceWindow(
      cron: try #require(CronExpression("0 1 * * *")), duration: 86400, zone: .utc, reason: "moving")
    let now = try #require(Timestamp(iso8601: "2026-11-21T02:00:00Z"))
    let pause = MaintenanceWindow.suspension([try window(), longer], at: now)
    #expect(pause == Suspension(until: "2026-11-22T01:00:00.000Z", reason: "maintenance window: moving"))
    #expect(MaintenanceWindow.suspension([], at: now) == nil)
  }
}
