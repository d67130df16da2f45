/// Builds node trees from parser events and handles anchors, aliases, merge keys, duplicate keys and bounds.
///
/// It uses an explicit stack instead of recursion: deeply nested input cannot overflow the call stack.
struct TreeBuilder {
  private struct Frame {
    var isMapping: Bool
    var start: YAMLMark
    var anchor: String?
    var items: [YAMLNode] = []
    var entries: [YAMLEntry] = []
    var pendingKey: YAMLNode?
    var firstUse: [String: YAMLMark] = [:]
    var merges: [(key: YAMLNode, value: YAMLNode)] = []
    var weight = 1
  }

  private let limits: YAMLParser.Limits
  private var frames: [Frame] = []
  private var anchors: [String: YAMLNode] = [:]
  private var aliasWeight = 0
  private(set) var documents: [YAMLNode] = []
  private(set) var problems: [YAMLProblem] = []

  init(limits: YAMLParser.Limits) { self.limits = limits }

  /// Reads the next event; false: stop reading, a bound was exceeded.
  mutating func consume(_ event: ParserEvent) -> Bool {
    switch event {
    case .documentStart:
      anchors = [:]
    case .scalar(let text, let isPlain, let isBlock, let anchor, let tag, let start, let end):
      let isText = checkTag(tag, at: start) == .text
      var node = YAMLNode(content: .scalar(text, isPlain: isPlain && !isText), start: start, end: end)
      node.isBlock = isBlock
      if let anchor { anchors[anchor] = node }
      add(node)
    case .alias(let name, let start, let end):
      return addAlias(name, start, end)
    case .sequenceStart(let anchor, let tag, let start):
      checkTag(tag, at: start)
      return push(Frame(isMapping: false, start: start, anchor: anchor))
    case .mappingStart(let anchor, let tag, let start):
      checkTag(tag, at: start)
      return push(Frame(isMapping: true, start: start, anchor: anchor))
    case .collectionEnd(let end):
      close(at: end)
    }
    return true
  }

  private mutating func push(_ frame: Frame) -> Bool {
    if frames.count >= limits.depth {
      let message = "more than \(limits.depth) levels of nesting"
      problems.append(YAMLProblem(kind: .depth, message: message, mark: frame.start))
      documents = []
      return false
    }
    frames.append(frame)
    return true
  }

  private mutating func addAlias(_ name: String, _ start: YAMLMark, _ end: YAMLMark) -> Bool {
    guard let node = anchors[name] else {
      let message = "the alias '*\(name)' names no anchor that is complete before it"
      problems.append(
        YAMLProblem(kind: .unknownAlias, message: message, mark: start, length: end.column - start.column))
      add(YAMLNode(content: .scalar("", isPlain: true), start: start, end: end))
      return true
    }
    aliasWeight += node.weight
    if aliasWeight > limits.expandedNodes {
      let message = "the aliases of this file expand to more than \(limits.expandedNodes) nodes"
      problems.append(
        YAMLProblem(kind: .aliasExpansion, message: message, mark: start, length: end.column - start.column))
      documents = []
      return false
    }
    add(node)
    return true
  }

  private mutating func close(at end: YAMLMark) {
    guard var frame = frames.popLast() else { return }
    applyMerges(&frame)
    let content: YAMLNode.Content = frame.isMapping ? .mapping(frame.entries) : .sequence(frame.items)
    var node = YAMLNode(content: content, start: frame.start, end: end)
    node.weight = frame.weight
    if let anchor = frame.anchor { anchors[anchor] = node }
    add(node)
  }

  private mutating func add(_ node: YAMLNode) {
    guard let top = frames.indices.last else {
      documents.append(node)
      return
    }
    frames[top].weight += node.weight
    guard frames[top].isMapping else {
      frames[top].items.append(node)
      return
    }
    guard let key = frames[top].pendingKey else {
      frames[top].pendingKey = node
      return
    }
    frames[top].pendingKey = nil
    addEntry(key, node, to: top)
  }

  private mutating func addEntry(_ key: YAMLNode, _ value: YAMLNode, to frame: Int) {
    guard case .scalar(let text, let isPlain) = key.content else {
      problems.append(YAMLProblem(kind: .key, message: "a key must be a plain word or text", mark: key.start))
      return
    }
    if isPlain && text == "<<" {
      frames[frame].merges.append((key, value))
      return
    }
    if let first = frames[frame].firstUse[text] {
      let message = "the key '\(text)' appears twice in one mapping"
      let length = max(1, key.end.column - key.start.column)
      problems.append(
        YAMLProblem(kind: .duplicateKey, message: message, mark: key.start, length: length, related: first))
      return
    }
    frames[frame].firstUse[text] = key.start
    frames[frame].entries.append(YAMLEntry(key: text, keyNode: key, value: value))
  }

  /// `<<: *base` and `<<: [*a, *b]`: keys of the mapping itself win, then the first mapping in the list.
  private mutating func applyMerges(_ frame: inout Frame) {
    for (key, value) in frame.merges {
      var sources = [value]
      if case .sequence(let items) = value.content { sources = items }
      for source in sources {
        guard case .mapping(let entries) = source.content else {
          let message = "'<<' merges a mapping or a list of mappings, this is \(source.shape)"
          problems.append(YAMLProblem(kind: .merge, message: message, mark: key.start, length: 2))
          continue
        }
        for var entry in entries where frame.firstUse[entry.key] == nil {
          frame.firstUse[entry.key] = entry.keyNode.start
          entry.isMerged = true
          frame.entries.append(entry)
        }
      }
    }
  }

  private enum TagMeaning { case none, text }

  @discardableResult
  private mutating func checkTag(_ tag: String?, at mark: YAMLMark) -> TagMeaning {
    guard let tag else { return .none }
    if tag == "!" || tag == "tag:yaml.org,2002:str" { return .text }
    if ["map", "seq", "int", "bool", "null", "float"].contains(where: { tag == "tag:yaml.org,2002:\($0)" }) {
      return .none
    }
    problems.append(YAMLProblem(kind: .tag, message: "the tag '\(tag)' has no meaning here", mark: mark))
    return .none
  }
}
