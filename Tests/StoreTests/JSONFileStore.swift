import Foundation
import Model
import Platform
import Store

/// Suspensions in a JSON file: shows that another kind of store joins by one type.
actor JSONFileStore: SuspensionStore {
  private struct Row: Codable {
    var subject: String
    var until: Timestamp?
    var reason: String
    var begunAt: Timestamp
  }

  private let path: String

  init(path: String) { self.path = path }

  private func read() throws -> [String: Row] {
    guard Files.exists(path) else { return [:] }
    return try JSONDecoder().decode([String: Row].self, from: Data(try Files.read(path)))
  }

  private func write(_ rows: [String: Row]) throws {
    try Files.replace(path, with: Array(try JSONEncoder().encode(rows)))
  }

  func suspend(_ record: SuspensionRecord) throws {
    var rows = try read()
    rows[record.subject.text] = Row(
      subject: record.subject.text, until: record.until, reason: record.reason, begunAt: record.begunAt)
    try write(rows)
  }

  func resume(_ subject: SuspensionSubject) throws -> Bool {
    var rows = try read()
    guard rows.removeValue(forKey: subject.text) != nil else { return false }
    try write(rows)
    return true
  }

  func suspensions(at now: Timestamp) throws -> [SuspensionRecord] {
    try read().values.filter { row in row.until.map { now < $0 } ?? true }.sorted { $0.subject < $1.subject }
      .compactMap { row in
        SuspensionSubject(text: row.subject).map {
          SuspensionRecord($0, until: row.until, reason: row.reason, begunAt: row.begunAt)
        }
      }
  }
}
