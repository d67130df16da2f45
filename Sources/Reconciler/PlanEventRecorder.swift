package import Model
import NPMClient
import Planning
import Platform

/// The new events of a pass: a difference, a block or a wait is reported once, when it begins. A value that remembers
/// what it reported; a single run begins with an empty one.
package struct PlanEventRecorder: Sendable {
  private var reported: Set<String> = []
  private var digest = ""

  package init() {}

  package mutating func events(_ planned: PlanResult, correlation: String) -> [Event] {
    let matters = drift(planned) + obstacles(planned) + waits(planned) + refusals(planned) + certificates(planned)
    defer { reported = Set(matters.map(\.key)) }
    let news = matters.filter { !reported.contains($0.key) }.map(\.event) + plan(planned)
    return news.map { event in
      var event = event
      event.correlation = correlation
      return event
    }
  }

  private typealias Matter = (key: String, event: Event)

  private mutating func plan(_ planned: PlanResult) -> [Event] {
    let plan = planned.plan
    defer { digest = plan.digest }
    guard !plan.effective.isEmpty, plan.digest != digest else { return [] }
    let kinds: [Change.Kind] = [.create, .update, .delete, .adopt, .release]
    let counts = kinds.map { ($0.rawValue, plan.count($0)) }.filter { $0.1 > 0 }
    let text = counts.map { "\($0.1) to \($0.0)" }.joined(separator: ", ")
    let data = counts.map { ($0.0, JSONValue.int($0.1)) } + [("digest", JSONValue.string(plan.digest))]
    return [
      Event(
        .info, source: "plan", subject: "plan", reason: "Planned", text,
        data: .object(Dictionary(uniqueKeysWithValues: data)))
    ]
  }

  private func drift(_ planned: PlanResult) -> [Matter] {
    (planned.plan.changes + planned.plan.withheld).compactMap { change in
      let fields = change.fields.filter { $0.cause == .drifted || $0.cause == .both }
      guard change.observed != nil, !fields.isEmpty else { return nil }
      let author = change.ref.flatMap { planned.authors[$0] }
      let paths = fields.map(\.path).joined(separator: ", ")
      let by = author.map { " by \($0.user)" } ?? ""
      let data: JSONValue = [
        "fields": .array(
          fields.map { ["path": .string($0.path), "desired": $0.after, "observed": $0.before] }),
        "by": author.map { .string($0.user) } ?? .null,
      ]
      let event = Event(
        .warning, source: "drift", subject: change.key.path, reason: "Drifted",
        "\(change.key.name) was changed in NPM\(by): \(paths)", data: data)
      return ("drift \(change.key.path) \(paths)", event)
    }
  }

  private func obstacles(_ planned: PlanResult) -> [Matter] {
    planned.plan.changes.compactMap { change in
      guard let blockReason = change.blockReason else { return nil }
      let event = Event(
        .warning, source: "plan", subject: change.key.path, reason: "Blocked",
        "\(change.key.name) is blocked: \(blockReason.message)", data: ["code": .string(blockReason.code.rawValue)])
      return ("blocked \(change.key.path) \(blockReason.code.rawValue)", event)
    }
  }

  private func waits(_ planned: PlanResult) -> [Matter] {
    planned.plan.withheld.compactMap { change in
      guard change.suspension != nil else { return nil }
      let event = Event(
        .info, source: "plan", subject: change.key.path, reason: "Held",
        "\(change.key.name) waits: \(planned.plan.holdReason(change))")
      return ("held \(change.key.path)", event)
    }
  }

  private func refusals(_ planned: PlanResult) -> [Matter] {
    planned.refusals.map { refusal in
      let event = Event(
        .error, source: "plan", subject: "plan", reason: "Refused", refusal.message,
        data: ["code": .string(refusal.code.rawValue)])
      return ("refused \(refusal.code.rawValue)", event)
    }
  }

  private func certificates(_ planned: PlanResult) -> [Matter] {
    planned.certificates.expiring.map { entry in
      let event = Event(
        entry.isUrgent ? .error : .warning, source: "certificates", subject: "certificate/\(entry.name)",
        reason: "CertificateExpiring", "certificate '\(entry.name)' ends on \(entry.expires)")
      return ("certificate \(entry.name) \(entry.isUrgent)", event)
    }
  }
}
