/// A metric with its samples in the Prometheus text format.
package struct MetricFamily: Sendable {
  package enum Kind: String, Sendable { case gauge, counter }

  package struct Sample: Sendable {
    package var labels: [(name: String, value: String)]
    package var value: Double

    package init(_ labels: [(name: String, value: String)] = [], _ value: Double) {
      self.labels = labels
      self.value = value
    }
  }

  package var name: String
  package var kind: Kind
  package var help: String
  package var samples: [Sample]

  package init(_ name: String, _ help: String, _ samples: [Sample], kind: Kind = .gauge) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  /// A metric without labels.
  package init(_ name: String, _ help: String, _ value: Double, kind: Kind = .gauge) {
    self.init(name, help, [Sample([], value)], kind: kind)
  }
}

/// Prometheus' text format 0.0.4.
package enum PrometheusText {
  /// Omits families without samples.
  package static func text(_ families: [MetricFamily]) -> String {
    var lines: [String] = []
    for family in families where !family.samples.isEmpty {
      lines.append("# HELP \(family.name) \(escaped(family.help, quotes: false))")
      lines.append("# TYPE \(family.name) \(family.kind.rawValue)")
      for sample in family.samples {
        let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
        lines.append("\(family.name)\(labels.isEmpty ? "" : "{\(labels)}") \(number(sample.value))")
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    let plain = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    return quotes ? plain.replacing("\"", with: "\\\"") : plain
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
  }
}
