package import Model
import Platform
import YAML

/// Writes new values of one resource into its file and changes nothing else.
///
/// Every edit is verified: the files are loaded again with the new text, and must give the new values for this resource
/// and the old ones for everything else.
package struct DesiredEdit {
  /// The reason why a value cannot be written automatically.
  package struct Problem: Error, Sendable {
    package var message: String
    package var location: SourceLocation
  }

  private let directory: String
  private let before: DesiredState
  private let resource: DesiredResource
  private let kind: ResourceSchema
  private let secrets: SecretSource
  private var text: EditedText

  /// - Parameter resource: as loaded from `directory`.
  package init(
    _ resource: DesiredResource, in before: DesiredState, directory: String, secrets: SecretSource = .live
  ) throws {
    self.secrets = secrets
    self.directory = directory
    self.before = before
    self.resource = resource
    kind = resource.spec.schema
    text = EditedText(try Files.read(resource.source.file))
  }

  /// Returns the file's new text with `values`, by field; writes nothing.
  ///
  /// - Throws: `Problem`.
  package mutating func set(_ values: [String: JSONValue]) throws -> [UInt8] {
    var wanted = resource.spec
    for (name, value) in values { wanted[name] = value }
    // From the end of the file to its start, so that positions stay valid.
    for edit in try edits(values, wanted).sorted(by: EditedText.Edit.isLater) { text.replace(edit) }
    let bytes = text.bytes
    try prove(bytes, wanted)
    return bytes
  }

  private func edits(_ values: [String: JSONValue], _ wanted: Spec) throws -> [EditedText.Edit] {
    var edits: [EditedText.Edit] = []
    var covered: Set<String> = []
    for field in kind.fields where values[field.name] != nil && !covered.contains(field.name) {
      let source = resource.fieldSources[field.name].flatMap { isOwn($0) ? $0 : nil }
      if let shorthand = kind.shorthands.first(where: { $0.parts.contains(field.name) }), isWritten(shorthand) {
        guard let source, let url = DesiredWriter.url(wanted.json.objectValue ?? [:], shorthand) else {
          throw problem(field.name)
        }
        covered.formUnion(shorthand.parts)
        edits.append(EditedText.Edit(source, lines: [url]))
      } else if let source, source.parts.isEmpty {
        edits.append(try replacement(field, wanted[field.name], source))
      } else if source != nil
        || resource.fieldSources[FieldSchema.snippets.name] != nil && field.name == FieldSchema.snippetTarget
      {
        // A part of its text comes from snippets, which other hosts may share.
        throw problem(field.name)
      } else {
        edits.append(try insertion(field, wanted[field.name]))
      }
    }
    return edits
  }

  /// Whether it is written in the resource itself, not in a default or behind an alias.
  private func isOwn(_ source: FieldSource) -> Bool {
    source.location.file == resource.source.file && resource.lines.contains(source.location.line)
  }

  private func isWritten(_ shorthand: ShorthandSchema) -> Bool {
    let places = shorthand.parts.compactMap { resource.fieldSources[$0]?.location }
    return places.count == shorthand.parts.count && Set(places).count == 1
  }

  private func replacement(
    _ field: FieldSchema, _ value: JSONValue, _ source: FieldSource
  ) throws -> EditedText.Edit {
    let indent = text.indentation(ofLine: source.location.line)
    guard source.blockLine == nil else {
      let block = text.blockScalar(source, keyIndent: indent)
      // Keep the indentation: less indented comments that follow must not become part of the text.
      var lines = DesiredWriter.value(value, field.type, indent: block.textIndent - 2)
      if let comment = block.comment { lines[0] += "  \(comment)" }
      return EditedText.Edit(block.source, lines: lines)
    }
    if case .domains = field.type, !text.startsFlow(source.location) { return try list(field, value, source) }
    let isOneLine = source.location.line == source.endLine
    guard isOneLine || text.startsFlow(source.location) else { throw problem(field.name) }
    guard isOneLine || !text.hasComment(source) else { throw problem(field.name) }
    if case .domains = field.type {
      return EditedText.Edit(source, lines: [YAMLText.flow(value.arrayValue?.compactMap(\.stringValue) ?? [])])
    }
    if case .list = field.type { throw problem(field.name) }
    if field.isUpload { throw problem(field.name) }
    return EditedText.Edit(source, lines: DesiredWriter.value(value, field.type, indent: indent))
  }

  /// Domains, one per line.
  private func list(_ field: FieldSchema, _ value: JSONValue, _ source: FieldSource) throws -> EditedText.Edit {
    let items = resource.fieldSources.filter { $0.key.hasPrefix(field.name + "[") }.values
    guard var range = items.max(by: { $0.location < $1.location }), items.allSatisfy(isOwn) else {
      throw problem(field.name)
    }
    range.location = source.location
    guard !text.hasComment(range) else { throw problem(field.name) }
    let pad = String(repeating: " ", count: source.location.column - 1)
    let names = value.arrayValue?.compactMap(\.stringValue) ?? []
    return EditedText.Edit(
      range, lines: names.enumerated().map { ($0.offset == 0 ? "- " : pad + "- ") + YAMLText.scalar($0.element) })
  }

  /// Inserts a field that the resource lacks below an existing one.
  private func insertion(_ field: FieldSchema, _ value: JSONValue) throws -> EditedText.Edit {
    let own = resource.fieldSources.filter { !$0.key.contains("[") && isOwn($0.value) && $0.value.blockLine == nil }
    let anchors = own.values.filter { $0.location.line == $0.endLine && $0.location.line > resource.source.line }
    guard let anchor = anchors.max(by: { $0.location.line < $1.location.line }),
      text.indentation(ofLine: anchor.location.line) > text.indentation(ofLine: resource.source.line)
    else { throw problem(field.name) }
    let indent = text.indentation(ofLine: anchor.location.line)
    let lines = DesiredWriter.value(value, field.type, indent: indent)
    let first = String(repeating: " ", count: indent) + "\(field.name):" + (lines[0].isEmpty ? "" : " \(lines[0])")
    return EditedText.Edit(below: anchor.location, lines: [first] + lines.dropFirst())
  }

  private func problem(_ field: String) -> Problem {
    Problem(
      message: "'\(field)' of '\(resource.key.name)' is written in a way that a program should not edit",
      location: resource.fieldSources[field]?.location ?? resource.source)
  }

  /// Loads all files again with the new text in place of the old.
  private func prove(_ bytes: [UInt8], _ wanted: Spec) throws {
    let after = DesiredLoader.load(directory, replacing: [resource.source.file: bytes], secrets: secrets)
    let old = Dictionary(firstOf: before.resources.map { ($0.key, $0.spec) })
    let isSame = after.state.resources.allSatisfy { other in
      other.spec.normalised() == (other.key == resource.key ? wanted : old[other.key])?.normalised()
    }
    guard !after.diagnostics.hasErrors, isSame, after.state.resources.count == before.resources.count else {
      throw Problem(
        message: "the new values of '\(resource.key.name)' cannot be written without changing something else",
        location: resource.source)
    }
  }
}

/// A text with replacements by line and column.
struct EditedText {
  struct Edit {
    var place: SourceLocation
    var endLine: Int
    var endColumn: Int
    /// The new text; further lines include their indentation.
    var lines: [String]
    /// Sorts from the end of a text to its start; an insertion below a line comes before a replacement in it.
    static func isLater(_ left: Edit, _ right: Edit) -> Bool {
      left.place == right.place ? left.isInsertion && !right.isInsertion : left.place > right.place
    }

    /// Whether it is inserted below the line of its position and replaces nothing.
    var isInsertion = false

    init(_ source: FieldSource, lines: [String]) {
      place = source.location
      endLine = source.endLine
      endColumn = source.endColumn
      self.lines = lines
    }

    init(below line: Int, lines: [String]) {
      self.init(below: SourceLocation(file: "", line: line, column: 1), lines: lines)
    }

    /// Whole lines.
    init(replacing range: ClosedRange<Int>, with lines: [String]) {
      place = SourceLocation(file: "", line: range.lowerBound, column: 1)
      endLine = range.upperBound
      endColumn = .max
      self.lines = lines
    }

    /// Whole lines, with their ends.
    init(removing range: ClosedRange<Int>) {
      self.init(replacing: range, with: [""])
      (endLine, endColumn) = (range.upperBound + 1, 1)
    }

    init(below place: SourceLocation, lines: [String]) {
      self.place = place
      endLine = place.line
      endColumn = place.column
      self.lines = lines
      isInsertion = true
    }
  }

  /// Without line ends.
  private var lines: [String.UnicodeScalarView]
  /// Whether each line ends with a carriage return.
  private var returns: [Bool]

  init(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let all = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    returns = all.map { $0.last == "\r" }
    lines = all.map { String.UnicodeScalarView($0.last == "\r" ? $0.dropLast() : $0) }
  }

  var bytes: [UInt8] {
    Array(zip(lines, returns).map { String($0) + ($1 ? "\r" : "") }.joined(separator: "\n").utf8)
  }

  func indentation(ofLine number: Int) -> Int {
    lines.indices.contains(number - 1) ? lines[number - 1].prefix { $0 == " " }.count : 0
  }

  func startsFlow(_ place: SourceLocation) -> Bool {
    guard lines.indices.contains(place.line - 1) else { return false }
    let rest = lines[place.line - 1].dropFirst(place.column - 1)
    return rest.first == "[" || rest.first == "{"
  }

  func hasComment(_ source: FieldSource) -> Bool {
    (source.location.line...source.endLine).contains { number in
      lines.indices.contains(number - 1) && lines[number - 1].contains("#")
    }
  }

  struct BlockScalar {
    /// From the `|` to the end of the last line of text.
    var source: FieldSource
    var textIndent: Int
    /// The comment after the `|`.
    var comment: String?
  }

  /// Finds the end of a block scalar by its indentation, given in its header or by its first line.
  func blockScalar(_ source: FieldSource, keyIndent: Int) -> BlockScalar {
    let line = source.location.line
    let head = lines[line - 1].dropFirst(source.location.column - 1)
    let mark = head.prefix { $0 != " " && $0 != "#" }
    let said = mark.first { ("1"..."9").contains($0) }.flatMap { Int(String($0)) }
    var textIndent = said.map { keyIndent + $0 }
    var last = line
    for number in (line + 1)..<max(line + 1, lines.count + 1) where !lines[number - 1].allSatisfy({ $0 == " " }) {
      let depth = indentation(ofLine: number)
      guard depth >= textIndent ?? (keyIndent + 1) else { break }
      textIndent = textIndent ?? depth
      last = number
    }
    let comment = head.firstIndex(of: "#").map { String(head[$0...]) }
    return BlockScalar(
      source: FieldSource(source.location, endLine: last, endColumn: lines[last - 1].count + 1),
      textIndent: textIndent ?? (keyIndent + 2), comment: comment)
  }

  /// The text between two places of one line.
  func text(from start: YAMLMark, to end: YAMLMark) -> String {
    guard lines.indices.contains(start.line - 1) else { return "" }
    return String(lines[start.line - 1].dropFirst(start.column - 1).prefix(max(0, end.column - start.column)))
  }

  mutating func replace(_ given: Edit) {
    var edit = given
    // Behind the last line there is nothing that a removal could leave.
    if edit.endLine == lines.count + 1, edit.endColumn == 1 { (edit.endLine, edit.endColumn) = (lines.count, .max) }
    guard lines.indices.contains(edit.place.line - 1), lines.indices.contains(edit.endLine - 1) else { return }
    let new = edit.lines.map(\.unicodeScalars)
    let endings = Array(repeating: returns[edit.place.line - 1], count: new.count)
    if edit.isInsertion {
      lines.insert(contentsOf: new.map { String.UnicodeScalarView($0) }, at: edit.place.line)
      returns.insert(contentsOf: endings, at: edit.place.line)
      return
    }
    returns.replaceSubrange((edit.place.line - 1)..<edit.endLine, with: endings)
    var head = String.UnicodeScalarView(lines[edit.place.line - 1].prefix(edit.place.column - 1))
    let tail = lines[edit.endLine - 1].dropFirst(max(0, edit.endColumn - 1))
    head.append(contentsOf: new[0])
    var result = [head] + new.dropFirst()
    result[result.count - 1].append(contentsOf: tail)
    lines.replaceSubrange((edit.place.line - 1)..<edit.endLine, with: result)
  }
}
