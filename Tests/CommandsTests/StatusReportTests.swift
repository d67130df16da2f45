import Model
import NPMClient
import Planning
import Platform
import Reconciler
import Reports
import TestSupport
import Testing

/// What the status files say follows from one value, and keeps the times of what has not changed.
@Suite struct StatusReportTests {
  private let early = Timestamp(seconds: 1_790_000_000)
  private let late = Timestamp(seconds: 1_790_000_060)
  private let options = ReconcileOptions(npmURL: "http://npm.test", owner: "homelab")

  private func document(_ changes: [Change], at now: Timestamp) -> StatusDocument {
    let observed = ObservedState(version: NPMVersion(2, 15, 1))
    let planned = PlanResult(
      desired: desiredState(), observed: observed, plan: Plan(owner: "homelab", policy: .sync, changes: changes),
      certificates: CertificateInventory(observed, now: now, days: (warning: 21, error: 7)))
    return StatusDocument(planned, nil, ReconcileSummary(planned, nil), options, at: now)
  }

  private func drifted(_ name: String) -> Change {
    var change = Change(desiredHost(name, hostSpec(["\(name).test"])), hostSpec(["\(name).test"]), .update)
    change.cause = .drifted
    change.fields = [FieldChange(path: "forward_port", before: 1, after: 80, cause: .drifted)]
    return change
  }

  @Test func `a condition keeps its time while its status does, and an entry of drift while it lasts`() throws {
    let first = document([drifted("a")], at: early)
    let second = document([drifted("a"), drifted("b")], at: late).keepingTimes(of: first)
    #expect(second.status[.inSync]?.since.timestamp == early)
    #expect(second.status[.inSync]?.message == "2 differ from the YAML")
    #expect(second.drift?.drift.map(\.name) == ["a", "b"])
    #expect(second.drift?.drift.map(\.since.timestamp) == [early, late])
    let third = document([], at: late).keepingTimes(of: first)
    #expect(third.status[.inSync]?.status == .yes && third.status[.inSync]?.since.timestamp == late)
    #expect(third.status[.applied]?.since.timestamp == early)
  }

  @Test func `files are read back as they were written`() throws {
    let scratch = try Scratch()
    let files = StatusFiles(directory: "\(scratch.path)/status")
    #expect(throws: FileError.self) { try files.read() }
    let document = document([drifted("a")], at: early)
    try files.write(document)
    #expect(try files.read() == document)
    let page = try scratch.read("status/status.md")
    #expect(page.contains("1 to do") && page.contains("| a | update | forward\\_port |"))
  }

  @Test func `a failure to write says the same each time`() throws {
    let scratch = try Scratch()
    try scratch.write("status", "a file")
    let files = StatusFiles(directory: "\(scratch.path)/status")
    let messages = (0..<2).map { _ -> String in
      do {
        try files.write(document([], at: early))
        return ""
      } catch { return "\(error)" }
    }
    #expect(messages[0] == messages[1] && messages[0].contains("status"), "\(messages)")
  }

  @Test func `after a partial run nothing is said to be in sync, and no row of before is shown`() throws {
    let scratch = try Scratch()
    let files = StatusFiles(directory: "\(scratch.path)/status")
    try files.write(document([drifted("a")], at: early))
    try files.outdate(by: "rollback", run: 7, at: late)
    let sync = try #require(try files.read().status[.inSync])
    #expect(sync.status == .unknown && sync.reason == "ChangedSince" && sync.since.timestamp == late)
    let page = try scratch.read("status/status.md")
    #expect(page.contains("# reconciler: outdated") && page.contains("run 7 (rollback)") && !page.contains("| a |"))
  }
}
