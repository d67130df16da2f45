import Model
import YAML

/// Turns the text of one mapping into what is wanted, by as few edits as possible: what stays the same keeps its text and its
/// comments.
struct EntryMerge {
  /// It is written in a way that a program should not edit.
  struct Uneditable: Error {}

  private let text: EditedText
  private(set) var edits: [EditedText.Edit] = []

  init(_ text: EditedText) { self.text = text }

  /// - Parameters:
  ///   - known: the values in force, where they may be given in other words: a value that is wanted as it is known stays.
  ///   - parts: for a key that stands for others, those: `forward` for scheme, host and port.
  mutating func merge(
    _ node: YAMLNode, into wanted: [String: JSONValue], known: JSONValue?, shorthands: [ShorthandSchema] = [],
    forced: Set<String> = []
  ) throws {
    guard case .mapping(let all) = node.content else { throw Uneditable() }
    let entries = all.filter { !$0.isMerged }
    var plan = Plan(wanted: wanted)
    for entry in entries {
      plan.decide(entry, known, shorthands)
    }
    for (key, value) in wanted where plan.decided[key] == nil {
      // What defaults, presets or merged mappings already say needs no words of its own.
      if known?[key] != value || forced.contains(key) { plan.added[key] = value }
    }
    guard plan.changesSomething else { return }
    guard !isFlow(node) else { return try rebuild(node, entries, plan) }
    for entry in entries {
      switch plan.verdicts[entry.key] ?? .keep {
      case .keep: break
      case .remove: remove(entry)
      case .replace(let value): try replace(entry, with: value, known: known?[entry.key])
      }
    }
    guard let last = entries.last, let first = entries.first else { throw Uneditable() }
    if !plan.added.isEmpty {
      let lines = YAMLRendering.mapping(plan.added, order: Self.order, indent: first.keyNode.start.column - 1)
      edits.append(EditedText.Edit(below: lastLine(last), lines: lines))
    }
  }

  /// Fields that are written first.
  static let order = ["domain_names", "forward"]

  private enum Verdict {
    case keep
    case remove
    case replace(JSONValue)
  }

  private struct Plan {
    let wanted: [String: JSONValue]
    var verdicts: [String: Verdict] = [:]
    var added: [String: JSONValue] = [:]
    /// Keys of `wanted` that need no further look.
    var decided: [String: Bool] = [:]

    init(wanted: [String: JSONValue]) { self.wanted = wanted }

    var changesSomething: Bool {
      !added.isEmpty || verdicts.values.contains { if case .keep = $0 { false } else { true } }
    }

    mutating func decide(_ entry: YAMLEntry, _ known: JSONValue?, _ shorthands: [ShorthandSchema]) {
      let key = entry.key
      guard !key.hasPrefix("x-") else { return }
      if let value = wanted[key] {
        decided[key] = true
        let isSame = EntryMerge.isSame(entry.value.json, value) || known?[key] == value
        verdicts[key] = isSame ? .keep : .replace(value)
        return
      }
      guard let shorthand = shorthands.first(where: { $0.name == key }) else {
        verdicts[key] = .remove
        return
      }
      let parts = shorthand.parts + (shorthand.path.map { [$0] } ?? [])
      let given = wanted.filter { parts.contains($0.key) }
      guard shorthand.parts.allSatisfy({ given[$0] != nil }) else {
        verdicts[key] = .remove
        return
      }
      if given.allSatisfy({ known?[$0.key] == $0.value }) {
        verdicts[key] = .keep
      } else if let url = DesiredWriter.url(given, shorthand) {
        verdicts[key] = .replace(.string(url.first == "\"" ? String(url.dropFirst().dropLast()) : url))
      } else {
        verdicts[key] = .remove
        return
      }
      for part in given.keys { decided[part] = true }
    }
  }

  /// Whether a value of the file says the same as one of JSON.
  static func isSame(_ written: JSONValue, _ wanted: JSONValue) -> Bool {
    written == wanted || (written == "none" && wanted == .null)
  }

  // MARK: Places

  private func isFlow(_ node: YAMLNode) -> Bool {
    text.startsFlow(SourceLocation(file: "", line: node.start.line, column: node.start.column))
  }

  /// Whether its text stands at another place, behind an anchor.
  private func isAlias(_ entry: YAMLEntry) -> Bool {
    (entry.value.start.line, entry.value.start.column) < (entry.keyNode.start.line, entry.keyNode.start.column)
  }

  /// The last line with something of it.
  private func lastLine(_ entry: YAMLEntry) -> Int {
    let line = entry.keyNode.start.line
    return isAlias(entry) ? line : max(line, lastLine(entry.value, keyIndent: entry.keyNode.start.column - 1))
  }

  private func lastLine(_ node: YAMLNode, keyIndent: Int) -> Int {
    if isFlow(node) { return node.end.line }
    switch node.content {
    case .scalar(let text, let isPlain):
      if node.isBlock { return self.text.blockScalar(span(node), keyIndent: keyIndent).source.endLine }
      return text.isEmpty && isPlain ? node.start.line : node.end.line
    case .sequence(let items):
      return items.map { lastLine($0, keyIndent: node.start.column - 1) }.max() ?? node.start.line
    case .mapping(let entries):
      return entries.filter { !$0.isMerged }.map(lastLine).max() ?? node.start.line
    }
  }

  private func span(_ node: YAMLNode) -> FieldSource {
    FieldSource(
      SourceLocation(file: "", line: node.start.line, column: node.start.column), endLine: node.end.line,
      endColumn: node.end.column)
  }

  // MARK: Edits

  /// With everything up to the line before the next one.
  mutating func remove(_ entry: YAMLEntry) {
    edits.append(EditedText.Edit(removing: entry.keyNode.start.line...lastLine(entry)))
  }

  private mutating func replace(_ entry: YAMLEntry, with value: JSONValue, known: JSONValue?) throws {
    let (key, node) = (entry.keyNode.start, entry.value)
    guard !isAlias(entry) else { throw Uneditable() }
    let last = lastLine(entry)
    if last == key.line {
      edits.append(
        EditedText.Edit(
          span(node), lines: [" ".repeated(isEmpty(node) ? 1 : 0) + YAMLRendering.flow(value, key: entry.key)]))
      return
    }
    if case .mapping = node.content, !isFlow(node), let members = value.objectValue, !members.isEmpty {
      return try merge(node, into: members, known: known)
    }
    if case .sequence(let items) = node.content, !isFlow(node), let wanted = value.arrayValue, !wanted.isEmpty,
      mergeList(node, items, wanted, known?.arrayValue)
    {
      return
    }
    let lines = YAMLRendering.lines(value, key: entry.key, indent: key.column - 1)
    if lines[0].isEmpty, node.start.line > key.line {
      // The line of the key stays, with its comment.
      edits.append(EditedText.Edit(replacing: (key.line + 1)...last, with: Array(lines.dropFirst())))
      return
    }
    let head = " ".repeated(key.column - 1) + text.text(from: key, to: entry.keyNode.end) + ":"
    let first = head + (lines[0].isEmpty ? "" : " " + lines[0])
    edits.append(EditedText.Edit(replacing: key.line...last, with: [first] + lines.dropFirst()))
  }

  private func isEmpty(_ node: YAMLNode) -> Bool {
    if case .scalar("", true) = node.content { true } else { false }
  }

  /// Keeps the entries that stay, with their comments; false: their order changes.
  private mutating func mergeList(
    _ node: YAMLNode, _ items: [YAMLNode], _ wanted: [JSONValue], _ known: [JSONValue]?
  ) -> Bool {
    let values = items.enumerated().map { index, item in
      known.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? item.json
    }
    let wantedNow = wanted.prefix { values.contains($0) }
    guard !wantedNow.isEmpty, Set(wanted).count == wanted.count, Set(values).count == values.count,
      values.filter({ wantedNow.contains($0) }) == Array(wantedNow)
    else { return false }
    let indent = node.start.column - 1
    for (item, value) in zip(items, values) where !wantedNow.contains(value) {
      edits.append(EditedText.Edit(removing: item.start.line...lastLine(item, keyIndent: indent)))
    }
    let added = wanted.dropFirst(wantedNow.count)
    guard !added.isEmpty, let last = items.last else { return true }
    let lines = added.flatMap { YAMLRendering.item($0, pad: " ".repeated(indent), indent: indent) }
    edits.append(EditedText.Edit(below: lastLine(last, keyIndent: indent), lines: lines))
    return true
  }

  /// Writes a mapping in braces anew; values that stay keep their text.
  private mutating func rebuild(_ node: YAMLNode, _ entries: [YAMLEntry], _ plan: Plan) throws {
    let isOneLine = node.start.line == node.end.line
    guard isOneLine || !text.hasComment(span(node)), !entries.contains(where: isAlias) else { throw Uneditable() }
    guard entries.count == (node.mappingEntries?.count ?? 0) else { throw Uneditable() }
    var parts: [String] = []
    for entry in entries {
      let key = YAMLText.scalar(entry.key)
      switch plan.verdicts[entry.key] ?? .keep {
      case .keep:
        let isWhole = entry.value.start.line == entry.value.end.line
        let kept = isWhole ? text.text(from: entry.value.start, to: entry.value.end) : nil
        parts.append("\(key): \(kept ?? YAMLRendering.flow(entry.value.json, key: entry.key))")
      case .remove: break
      case .replace(let value): parts.append("\(key): \(YAMLRendering.flow(value, key: entry.key))")
      }
    }
    for (key, value) in plan.added.sorted(by: { $0.key < $1.key }) {
      parts.append("\(YAMLText.scalar(key)): \(YAMLRendering.flow(value, key: key))")
    }
    edits.append(EditedText.Edit(span(node), lines: ["{ \(parts.joined(separator: ", ")) }"]))
  }

  /// Takes one entry out of a mapping; nil: nothing would be left.
  mutating func remove(_ name: String, from node: YAMLNode) throws {
    guard case .mapping(let all) = node.content else { throw Uneditable() }
    let entries = all.filter { !$0.isMerged }
    guard let entry = entries.first(where: { $0.key == name }) else { throw Uneditable() }
    guard isFlow(node) else { return remove(entry) }
    var plan = Plan(wanted: [:])
    plan.verdicts = [name: .remove]
    try rebuild(node, entries, plan)
  }
}

extension YAMLNode {
  fileprivate var mappingEntries: [YAMLEntry]? { if case .mapping(let entries) = content { entries } else { nil } }
}

extension String {
  func repeated(_ count: Int) -> String { String(repeating: self, count: max(0, count)) }
}
