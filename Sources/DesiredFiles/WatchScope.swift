import Platform

/// Which files a watch is about.
struct WatchScope: Sendable {
  let root: String
  /// A directory that may lie below the root, and in which we write ourselves: to wake for that would never end.
  private let ignored: String

  init(_ root: String, ignoring ignored: String = "") {
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    self.ignored = ignored
  }

  /// Whether a folder is the one in which we write, or lies below it.
  func ignores(_ folder: String) -> Bool { !ignored.isEmpty && Files.lies("\(folder)/x", below: ignored) }
}
