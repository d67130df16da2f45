/// Reads Server-Sent Events from the pieces in which they come (WHATWG HTML, "Server-sent events").
struct EventStreamReader {
  private var line: [UInt8] = []
  private var endsWithReturn = false
  private var data: [String] = []

  /// The data of the events that are complete now.
  mutating func take(_ bytes: [UInt8]) -> [String] {
    var events: [String] = []
    for byte in bytes {
      switch byte {
      case 0x0a where endsWithReturn: endsWithReturn = false
      case 0x0a, 0x0d:
        endsWithReturn = byte == 0x0d
        if let event = endLine() { events.append(event) }
      default:
        endsWithReturn = false
        line.append(byte)
      }
    }
    return events
  }

  private mutating func endLine() -> String? {
    defer { line = [] }
    guard !line.isEmpty else {
      defer { data = [] }
      return data.isEmpty ? nil : data.joined(separator: "\n")
    }
    let parts = String(decoding: line, as: UTF8.self).split(
      separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts[0] == "data" else { return nil }
    let value = parts.count > 1 ? parts[1] : ""
    data.append(String(value.first == " " ? value.dropFirst() : value))
    return nil
  }
}
