import Model
import Testing

@Suite struct CronExpressionTests {
  /// 2026-11-21 is a Saturday.
  private let saturday = LocalMinute(minute: 30, hour: 2, day: 21, month: 11, weekday: 6)

  @Test(arguments: [
    "30 2 * * *", "*/10 2 * * sat", "0,30 0-5 * nov 6", "30 2 21 * mon", "30 2 1 * 6", "* * * * 5-7",
    "30-59/30 2 * 1-12 *",
  ])
  func `it is time`(text: String) throws { #expect(try #require(CronExpression(text)).matches(saturday)) }

  @Test(arguments: ["31 2 * * *", "30 2 22 * *", "30 2 * * sun", "30 2 * 12 *", "30 2 1 * mon", "*/20 2 * * *"])
  func `it is not time`(text: String) throws {
    let isTime = try #require(CronExpression(text)).matches(saturday)
    #expect(!isTime)
  }

  @Test(arguments: [
    "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "a * * * *", "5-1 * * * *",
    "*/0 * * * *", "1, * * * *",
  ])
  func `it is no time at all`(text: String) { #expect(CronExpression(text) == nil) }

  @Test(arguments: [
    ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"), ("@weekly", "0 0 * * 0"),
    ("@Monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
  ])
  func `a nickname stands for its time`(nickname: String, text: String) throws {
    let meant = try #require(CronExpression(text))
    #expect(CronExpression(nickname) == meant)
  }

  @Test func `seconds become a date`() {
    #expect(LocalMinute(seconds: 1_795_228_200) == saturday)
    #expect(LocalMinute(seconds: 0) == LocalMinute(minute: 0, hour: 0, day: 1, month: 1, weekday: 4))
    #expect(LocalMinute(seconds: 951_782_400) == LocalMinute(minute: 0, hour: 0, day: 29, month: 2, weekday: 2))
  }
}
