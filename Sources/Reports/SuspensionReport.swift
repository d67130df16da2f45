import Model
package import Store

/// A suspension by the command line, as JSON.
package struct SuspensionReport: Codable, Hashable, Sendable {
  /// `*`, or `proxy_host/jellyfin`.
  package var subject: String
  /// null: until it is resumed.
  @Nullable package var until: String?
  package var reason: String
  package var since: String

  package init(_ record: SuspensionRecord) {
    subject = record.subject.text
    _until = Nullable(wrappedValue: record.until?.iso8601)
    reason = record.reason
    since = record.begunAt.iso8601
  }
}

/// What `suspend` prints.
package struct SuspensionListReport: Codable, Hashable, Sendable {
  package var formatVersion = "1"
  package var suspended: [SuspensionReport]

  private enum CodingKeys: String, CodingKey {
    case suspended
    case formatVersion = "format_version"
  }

  package init(_ records: [SuspensionRecord]) { suspended = records.map(SuspensionReport.init) }
}
