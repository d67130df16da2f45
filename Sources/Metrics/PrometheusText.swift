/// A metric with its samples.
package struct MetricFamily: Sendable {
  package enum Kind: String, Sendable { case gauge, counter, histogram }

  package struct Sample: Sendable {
    package var labels: [(name: String, value: String)]
    package var value: Double
    /// After the family's name, as `_bucket`.
    package var suffix = ""

    package init(_ labels: [(name: String, value: String)] = [], _ value: Double, suffix: String = "") {
      self.labels = labels
      self.value = value
      self.suffix = suffix
    }
  }

  /// That of a counter ends in `_total`.
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

/// How often values lay below some bounds.
package struct Histogram: Sendable {
  private let bounds: [Double]
  private var counts: [Int]
  private var sum = 0.0

  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  package mutating func note(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }

  package func samples(_ labels: [(name: String, value: String)]) -> [MetricFamily.Sample] {
    var total = 0
    var samples: [MetricFamily.Sample] = []
    for (count, bound) in zip(counts, bounds.map { String($0) } + ["+Inf"]) {
      total += count
      samples.append(.init(labels + [("le", bound)], Double(total), suffix: "_bucket"))
    }
    return samples + [.init(labels, sum, suffix: "_sum"), .init(labels, Double(total), suffix: "_count")]
  }
}

/// Prometheus' text format 0.0.4, and OpenMetrics 1.0.
package enum PrometheusText {
  package enum Format: Sendable {
    case prometheus, openMetrics

    package var mediaType: String {
      switch self {
      case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
      case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
      }
    }
  }

  /// Omits families without samples.
  package static func text(_ families: [MetricFamily], as format: Format = .prometheus) -> String {
    var lines: [String] = []
    for family in families where !family.samples.isEmpty {
      let isOpen = format == .openMetrics
      // OpenMetrics names a counter without what its samples end in.
      let name =
        isOpen && family.kind == .counter && family.name.hasSuffix("_total")
        ? String(family.name.dropLast(6)) : family.name
      lines.append("# HELP \(name) \(escaped(family.help, quotes: isOpen))")
      lines.append("# TYPE \(name) \(family.kind.rawValue)")
      for sample in family.samples {
        let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
        lines.append(
          "\(family.name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(number(sample.value))")
      }
    }
    if format == .openMetrics { lines.append("# EOF") }
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
