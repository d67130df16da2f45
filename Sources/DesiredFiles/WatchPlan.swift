import Platform

/// What has to be watched so that every change of what is read is noticed: the folders with desired files, and each name on
/// the way to them and to what their links lead to. A link that is exchanged, at whatever place of a path, leads to another
/// plan: it is made anew after each change.
struct WatchPlan: Sendable, Equatable {
  /// Folders of which every visible entry matters, without links in their paths.
  private(set) var trees: Set<String> = []
  /// Names that matter in other folders.
  private(set) var names: [String: Set<String>] = [:]

  /// As many links in a row as Linux follows.
  private static let longestChain = 40

  init(_ area: WatchScope, files: Set<String> = []) {
    if let root = follow(area.root) { add(tree: root, area) }
    for file in files { _ = follow(file) }
  }

  /// Every folder that is to be watched.
  var folders: Set<String> { trees.union(names.keys) }

  /// Whether an entry of a folder matters; an empty name: the folder itself.
  func matters(_ name: String, in folder: String) -> Bool {
    if name.isEmpty || names[folder]?.contains(name) == true { return true }
    // Hidden files are no desired files; editors keep theirs so.
    return trees.contains(folder) && !name.hasPrefix(".")
  }

  /// Notes each name on the way to a file or folder; says what is at its end, nil: nothing, yet.
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
        // Links to folders are not read.
        _ = follow(place)
      } else if Files.isDirectory(place, followLinks: false) {
        add(tree: place, area)
      }
    }
  }
}
