import Platform

/// Which files a watch is about.
struct WatchedArea: Sendable {
  let root: String
  /// A directory that may lie below the root, and in which we write ourselves: to wake for that would never end.
  let ignored: String

  init(_ root: String, ignoring ignored: String) {
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    self.ignored = ignored
  }

  /// Whether a change of this file may matter.
  func contains(_ place: String) -> Bool {
    if place == root { return true }
    // Hidden files are no desired files; editors keep theirs so.
    let name = place.split(separator: "/").last ?? ""
    let isBelow = root == "." ? !place.hasPrefix("/") : place.hasPrefix(root == "/" ? "/" : root + "/")
    return isBelow && !name.hasPrefix(".") && !Files.lies(place, below: ignored)
  }
}
