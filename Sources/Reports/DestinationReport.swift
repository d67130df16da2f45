import Model
package import Probe

/// A checked destination, as JSON of the contract.
package struct DestinationReport: Codable, Hashable, Sendable {
  package struct Step: Codable, Hashable, Sendable {
    package var step: String
    package var status: String
    /// Milliseconds.
    package var ms: Double?
    package var detail: String?
    package var error: String?
    package var hint: String?

    package init(_ step: ProbeStep) {
      self.step = step.step.rawValue
      status = step.status.rawValue
      ms = step.milliseconds
      detail = step.detail
      error = step.error
      hint = step.hint
    }
  }

  package var name: String
  package var target: String
  /// The path of the location that forwards there; absent: the host itself.
  package var location: String?
  package var ok: Bool
  package var steps: [Step]

  package init(_ result: ProbeResult) {
    name = result.target.name
    target = result.target.url
    location = result.target.location
    ok = result.isOK
    steps = result.steps.map(Step.init)
  }
}
