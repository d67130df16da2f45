import Metrics
import Platform

/// Counts what was answered, by route, never by what a caller writes: the number of series is bounded.
package final class RequestMetrics: Sendable {
  private struct Key: Hashable {
    var method: String
    var route: String
    var status: Int
  }

  /// Upper bounds in seconds.
  private static let bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]
  private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

  private struct State {
    var counts: [Key: Int] = [:]
    var times: [String: Histogram] = [:]
  }

  private let state = Lock(State())

  package init() {}

  func note(method: String, route: String, status: Int, seconds: Double) {
    let method = Self.methods.contains(method) ? method : "none"
    state.withLock { state in
      state.counts[Key(method: method, route: route, status: status), default: 0] += 1
      state.times[route, default: Histogram(bounds: Self.bounds)].note(seconds)
    }
  }

  func families() -> [MetricFamily] {
    let (counts, times) = state.withLock { ($0.counts, $0.times) }
    let requests = counts.map { key, count in
      MetricFamily.Sample(
        [("method", key.method), ("path", key.route), ("status", String(key.status))], Double(count))
    }
    let errors = Dictionary(grouping: counts.filter { $0.key.status >= 400 }) { $0.key.status >= 500 ? "5xx" : "4xx" }
      .map { MetricFamily.Sample([("class", $0.key)], Double($0.value.reduce(0) { $0 + $1.value })) }
    return [
      MetricFamily("http_requests_total", "Requests that were answered.", requests.ordered, kind: .counter),
      MetricFamily("errors_total", "Requests that were refused or failed.", errors.ordered, kind: .counter),
      MetricFamily(
        "http_request_duration_seconds", "Time to the answer; of a stream, to its beginning.",
        times.sorted { $0.key < $1.key }.flatMap { $0.value.samples([("path", $0.key)]) }, kind: .histogram),
    ]
  }
}

extension [MetricFamily.Sample] {
  /// The same order each time.
  fileprivate var ordered: [MetricFamily.Sample] {
    sorted { left, right in
      left.labels.map(\.value).lexicographicallyPrecedes(right.labels.map(\.value))
    }
  }
}
