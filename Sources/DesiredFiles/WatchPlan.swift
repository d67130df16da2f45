import Platform

/// The directories and names to watch so that every relevant change is detected: the directories with desired files,
/// and each name on the paths to them and to the targets of their links. A link with a new target, anywhere in a path,
/// leads to another plan: it is computed again after each change.
struct WatchPlan: Sendable, Equatable {
  /// Directories in which every visible entry is relevant; their paths contain no links.
  private(set) var trees: Set<String> = []
  /// Relevant names in other directories.
  private(set) var names: [String: Set<String>] = [:]

  /// Linux follows 40 links in a row.
  private static let longestChain = 40

  init(_ area: WatchScope, files: Set<String> = []) {
    if let root = follow(area.root) { add(tree: root, area) }
    for file in files { _ = follow(file) }
  }

  /// All directories to watch.
  var folders: Set<String> { trees.union(names.keys) }

  /// Whether an entry of a directory is relevant; an empty name: the directory itself.
  func matters(_ name: String, in folder: String) -> Bool {
    if name.isEmpty || names[folder]?.contains(name) == true { return true }
    // Hidden files are not desired files; editors use them for temporary data.
    return trees.contains(folder) && !name.hasPrefix(".")
  }

  /// Records each name on the path to a file or directory; returns its final target, nil if it does not exist yet.
  private mutating func follow(_ path: String) -> String? {
    var rest = Files.absolute(path).split(separator: "/").map(String.init)[...]
    var place = "/"
    var links = 0
    while let name = rest.popFirst() {
      if name == "." { continue }
      if name == ".." {
        place = Files.parent(of: place)
        continue
      }
      names[place, default: []].insert(name)
      let next = place == "/" ? "/\(name)" : "\(place)/\(name)"
      guard let target = Files.linkTarget(next) else {
        place = next
        continue
      }
      links += 1
      guard links <= Self.longestChain else { return nil }
      if target.hasPrefix("/") { place = "/" }
      rest = target.split(separator: "/").map(String.init) + rest
    }
    return Files.exists(place) ? place : nil
  }

  private mutating func add(tree folder: String, _ area: WatchScope) {
    guard Files.isDirectory(folder, followLinks: false), !area.ignores(folder), trees.insert(folder).inserted else {
      return
    }
    for name in (try? Files.entries(folder)) ?? [] where !name.hasPrefix(".") {
      let place = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
      if Files.linkTarget(place) != nil {
        // Links to directories are not followed.
        _ = follow(place)
      } else if Files.isDirectory(place, followLinks: false) {
        add(tree: place, area)
      }
    }
  }
}
