import Platform

/// The files that a watch covers.
struct WatchScope: Sendable {
  let root: String
  /// A directory, possibly below the root, that this program writes to: reacting to it would cause an endless loop.
  private let ignored: String

  init(_ root: String, ignoring ignored: String = "") {
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    self.ignored = ignored
  }

  /// Whether a directory is the ignored one or lies below it.
  func ignores(_ folder: String) -> Bool { !ignored.isEmpty && Files.lies("\(folder)/x", below: ignored) }
}
