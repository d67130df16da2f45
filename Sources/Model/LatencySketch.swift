/// A histogram of latencies; its percentiles have an error of at most 5 %. Sketches can be added, for example hours to
/// days.
package struct LatencySketch: Hashable, Sendable {
  /// Upper bounds of the buckets in milliseconds: from 0.01 to about half an hour, each 10 % above the previous one.
  private static let bounds: [Double] = {
    var bounds = [0.01]
    while let last = bounds.last, last < 2_000_000 { bounds.append(last * 1.1) }
    return bounds
  }()
  private var counts: [Int: Int] = [:]

  package init() {}

  package var count: Int { counts.values.reduce(0, +) }

  package mutating func add(_ milliseconds: Double) {
    var low = 0
    var high = Self.bounds.count - 1
    while low < high {
      let middle = (low + high) / 2
      if Self.bounds[middle] < milliseconds { low = middle + 1 } else { high = middle }
    }
    counts[low, default: 0] += 1
  }

  package mutating func add(_ other: LatencySketch) { counts.merge(other.counts, uniquingKeysWith: +) }

  /// The latency in milliseconds that the given share (0 to 1) does not exceed; nil without latencies.
  package func percentile(_ share: Double) -> Double? {
    let rank = max(1, Int((Double(count) * share).rounded(.up)))
    var seen = 0
    for (bucket, number) in counts.sorted(by: { $0.key < $1.key }) {
      seen += number
      // 5 % below its upper bound is the middle of a bucket.
      if seen >= rank { return Self.bounds[bucket] / 1.05 }
    }
    return nil
  }

  /// `bucket:count` for each bucket, as stored.
  package var text: String {
    counts.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
  }

  /// Skips invalid buckets.
  package init(text: String) {
    for pair in text.split(separator: " ") {
      let parts = pair.split(separator: ":")
      guard parts.count == 2, let bucket = Int(parts[0]), Self.bounds.indices.contains(bucket),
        let number = Int(parts[1])
      else { continue }
      counts[bucket, default: 0] += number
    }
  }
}

/// The results of all checks in a time window.
package struct WindowStatistics: Hashable, Sendable {
  package var checks = 0
  package var failures = 0
  /// Of the checks that succeeded.
  package var latencies = LatencySketch()

  package init() {}

  /// From 0 to 1; nil without checks.
  package var availability: Double? { checks == 0 ? nil : Double(checks - failures) / Double(checks) }

  package mutating func note(isOK: Bool, milliseconds: Double?) {
    checks += 1
    if !isOK { failures += 1 }
    if let milliseconds { latencies.add(milliseconds) }
  }

  package mutating func add(_ other: WindowStatistics) {
    checks += other.checks
    failures += other.failures
    latencies.add(other.latencies)
  }
}

/// The results of a host over several windows.
package struct CheckStatistics: Hashable, Sendable {
  package var day = WindowStatistics()
  package var week = WindowStatistics()
  /// Has no latencies.
  package var month = WindowStatistics()

  package init() {}
}
