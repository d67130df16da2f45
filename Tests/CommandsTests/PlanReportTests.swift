import Foundation
import Model
import Planning
import Reports
import TestSupport
import Testing

/// Reports are read back as they were written, and have the members that the contract promises.
@Suite struct PlanReportTests {
  private func members(_ value: some Encodable) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(JSONOutput.line(value).utf8))
  }

  @Test func `a change has all members of the contract, null where they have no value`() throws {
    var change = Change(desiredHost("app", hostSpec(["a.test"])), hostSpec(["a.test"]), .create)
    change.fields = [FieldChange(path: "forward_port", before: .null, after: 80, cause: .desiredEdited)]
    let json = try members(ChangeReport(change))
    #expect(json["id"] == .null && json.objectValue?["id"] != nil)
    #expect(json["action"] == "create" && json["source"]["line"] == 1)
    #expect(
      json["fields"].arrayValue?.first == [
        "path": "forward_port", "before": nil, "after": 80, "cause": "desired_edited",
      ])
    #expect(json.objectValue?["outcome"] == nil && json.objectValue?["error"] == nil)
    let applied = try members(ChangeReport(change, isApplied: true))
    #expect(applied["outcome"] == "not_attempted" && applied.objectValue?["error"] == .null)
  }

  @Test func `what is printed without a plan can be read back`() throws {
    let place = SourceLocation(file: "desired/a.yaml", line: 2, column: 3)
    let report = PlanReport([Diagnostic(.badValue, "no", at: place, hint: "write yes")])
    let json = try members(report)
    #expect(json.objectValue?["digest"] == .null && json["changes"] == [])
    #expect(json["diagnostics"].arrayValue?.first?["line"] == 2)
    let read = try JSONDecoder().decode(PlanReport.self, from: Data(JSONOutput.line(report).utf8))
    #expect(read == report)
  }
}
