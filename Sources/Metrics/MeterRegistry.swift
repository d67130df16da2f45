import Platform

/// Counts, times and gauges of what runs in a daemon. Whoever notes something takes its labels from a fixed set, so that the
/// number of series is bounded.
package final class MeterRegistry: Sendable {
  private struct Series: Hashable {
    var name: String
    /// Names and values in turn.
    var labels: [String]

    init(_ name: String, _ labels: [(String, String)]) {
      self.name = name
      self.labels = labels.flatMap { [$0.0, $0.1] }
    }

    var pairs: [(name: String, value: String)] {
      stride(from: 0, to: labels.count, by: 2).map { (labels[$0], labels[$0 + 1]) }
    }
  }

  private struct State {
    var helps: [String: String] = [:]
    var counts: [Series: Double] = [:]
    var times: [Series: Histogram] = [:]
    var gauges: [(series: Series, value: Gauge)] = []
  }

  private struct Gauge: Sendable {
    let read: @Sendable () -> Double?
  }

  private let state = Lock(State())

  package init() {}

  /// - Parameter name: ends in `_total`.
  package func count(_ name: String, _ help: String, _ labels: [(String, String)] = [], by amount: Double = 1) {
    state.withLock { state in
      state.helps[name] = help
      state.counts[Series(name, labels), default: 0] += amount
    }
  }

  /// - Parameter name: ends in `_seconds`.
  package func time(_ name: String, _ help: String, _ labels: [(String, String)] = [], seconds: Double) {
    state.withLock { state in
      state.helps[name] = help
      state.times[Series(name, labels), default: Histogram(bounds: Self.bounds)].note(seconds)
    }
  }

  /// - Parameter read: called at each scrape; must not block for long. nil: there is none at this time.
  package func gauge(
    _ name: String, _ help: String, _ labels: [(String, String)] = [], read: @escaping @Sendable () -> Double?
  ) {
    state.withLock { state in
      state.helps[name] = help
      state.gauges.append((Series(name, labels), Gauge(read: read)))
    }
  }

  /// Upper bounds in seconds.
  private static let bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

  /// By name.
  package func families() -> [MetricFamily] {
    let now = state.withLock { $0 }
    var families: [String: MetricFamily] = [:]
    func add(_ series: Series, _ kind: MetricFamily.Kind, _ samples: [MetricFamily.Sample]) {
      let empty = MetricFamily(series.name, now.helps[series.name] ?? "", [], kind: kind)
      families[series.name, default: empty].samples += samples
    }
    for (series, value) in now.counts.sorted(by: { $0.key.labels.lexicographicallyPrecedes($1.key.labels) }) {
      add(series, .counter, [.init(series.pairs, value)])
    }
    for (series, value) in now.times.sorted(by: { $0.key.labels.lexicographicallyPrecedes($1.key.labels) }) {
      add(series, .histogram, value.samples(series.pairs))
    }
    for (series, gauge) in now.gauges {
      if let value = gauge.read() { add(series, .gauge, [.init(series.pairs, value)]) }
    }
    return families.values.sorted { $0.name < $1.name }
  }
}
