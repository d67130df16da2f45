package import Model

/// A time in JSON: RFC 3339 in UTC with milliseconds, for example `2026-11-21T14:02:07.250Z`.
package struct ReportTime: Codable, Hashable, Sendable {
  package var timestamp: Timestamp

  package init(_ timestamp: Timestamp) { self.timestamp = timestamp }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let timestamp = Timestamp(iso8601: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time as in RFC 3339")
    }
    self.timestamp = timestamp
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(timestamp.iso8601)
  }
}
