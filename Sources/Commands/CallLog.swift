import Upstream

/// A call as a log line: `NPM GET /api/nginx/proxy-hosts 200 in 12.1 ms (first byte 11.8), 5120 bytes`.
enum CallLog {
  static func line(_ call: UpstreamObservation) -> String {
    let end = call.status.map(String.init) ?? call.failure.map { "\($0)" } ?? "no answer"
    var phases: [String] = []
    if call.connected > 0 { phases.append("connected \(milliseconds(call.connected))") }
    if call.secured > 0 { phases.append("secured \(milliseconds(call.secured))") }
    if call.firstByte > 0 { phases.append("first byte \(milliseconds(call.firstByte))") }
    let detail = phases.isEmpty ? "" : " (\(phases.joined(separator: ", ")))"
    let retries = call.retries == 0 ? "" : ", attempt \(call.retries + 1)"
    return
      "\(call.upstream) \(call.operation) \(end) in \(milliseconds(call.total)) ms\(detail)\(retries), \(call.bytesReceived) bytes"
  }

  private static func milliseconds(_ seconds: Double) -> String { String((seconds * 10_000).rounded() / 10) }
}
