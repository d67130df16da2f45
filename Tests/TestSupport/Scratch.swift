import Foundation
import Platform

/// A temporary directory for a test, removed at its end.
package final class Scratch: Sendable {
  package let path: String

  package init() throws {
    path = FileManager.default.temporaryDirectory.path + "/reconciler-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file below the directory; returns its path.
  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    try Files.createDirectory(Files.parent(of: file))
    try Files.replace(file, with: Array(text.utf8))
    return file
  }

  /// Makes `name` a link to `target`, a path relative to the link's directory.
  package func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
  }

  /// Renames a file or link, replacing the target.
  package func rename(_ name: String, _ other: String) throws {
    guard Foundation.rename("\(path)/\(name)", "\(path)/\(other)") == 0 else {
      throw FileError("rename", name)
    }
  }

  package func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

  package func read(_ name: String) throws -> String {
    String(decoding: try Files.read("\(path)/\(name)"), as: UTF8.self)
  }

  /// The text of all files below the directory, for searches.
  package func everything() throws -> String {
    let files = FileManager.default.enumerator(atPath: path)?.allObjects.compactMap { $0 as? String } ?? []
    return files.compactMap { try? Files.read("\(path)/\($0)") }.map { String(decoding: $0, as: UTF8.self) }.joined()
  }
}

/// Files that tests share.
package enum Fixtures {
  package static let directory = Files.parent(of: Files.parent(of: #filePath)) + "/Fixtures"
  package static let project = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))
}
