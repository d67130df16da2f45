package import Model
import Platform
import YAML

/// A change of the desired files: one file gets another text, is made, or goes.
package struct FileChange: Sendable, Equatable {
  /// Below the folder of the desired files.
  package var path: String
  /// nil: the file is made.
  package var before: [UInt8]?
  /// nil: the file goes.
  package var after: [UInt8]?
}

/// Writes, changes and removes entries of the desired files, and leaves everything else as it is.
///
/// Every edit is verified: the files are loaded again with the new text, which must say what is wanted of this entry and the
/// same as before of everything else.
package struct EntryEdit: Sendable {
  /// Why an entry cannot be edited by a program.
  package struct Problem: Error, Sendable {
    package var message: String
    package var location: SourceLocation
  }

  /// What the files would say.
  package struct Proposal: Sendable {
    package var change: FileChange
    package var loaded: LoadedDesired
  }

  private let directory: String
  private let before: DesiredState
  private let secrets: SecretSource

  /// - Parameter before: as loaded from `directory`, without errors.
  package init(_ before: DesiredState, directory: String, secrets: SecretSource) {
    self.before = before
    self.directory = directory
    self.secrets = secrets
  }

  /// A new entry, in a file of its own below `api/`.
  ///
  /// - Throws: `FileError`.
  package func create(_ key: ResourceKey, _ fields: [String: JSONValue]) throws -> Proposal {
    guard let kind = ResourceSchema.of(key.kind) else {
      throw uneditable(key, SourceLocation(file: "", line: 1, column: 1))
    }
    var path = "api/\(key.name).yaml"
    // The name may be that of another kind, too.
    if Files.entryExists("\(directory)/\(path)") { path = "api/\(key.name).\(kind.section).yaml" }
    let lines =
      ["\(kind.section):", "  \(YAMLText.scalar(key.name)):\(fields.isEmpty ? " {}" : "")"]
      + YAMLRendering.mapping(fields, order: EntryMerge.order, indent: 4)
    return propose(FileChange(path: path, before: nil, after: Array((lines.joined(separator: "\n") + "\n").utf8)))
  }

  /// The fields of an entry replaced by these; those that are missing go back to their defaults.
  ///
  /// - Throws: `Problem`, and `FileError`.
  package func replace(_ resource: DesiredResource, _ fields: [String: JSONValue]) throws -> Proposal {
    let known = JSONValue.object(resource.writable)
    var forced: Set<String> = []
    // What was given by something that is now gone has to be said: the second attempt says it.
    for attempt in 0..<2 {
      let proposal = try edited(resource) { merge, _, entry in
        try merge.merge(
          entry.value, into: fields, known: known, shorthands: resource.spec.schema.shorthands, forced: forced)
      }
      guard !proposal.loaded.diagnostics.hasErrors else { return proposal }
      let missing = missing(fields, of: resource, in: proposal)
      if missing.isEmpty, leavesOthers(proposal, resource.key) { return proposal }
      if attempt == 0 { forced = missing }
    }
    throw uneditable(resource.key, resource.source)
  }

  /// The entry gone.
  ///
  /// - Throws: `Problem`, and `FileError`.
  package func remove(_ resource: DesiredResource) throws -> Proposal {
    var proposal = try edited(resource) { merge, section, entry in
      if case .mapping(let entries) = section.value.content, entries.count == 1 {
        merge.remove(section)
      } else {
        try merge.remove(entry.key, from: section.value)
      }
    }
    // A file that says nothing any more goes, unless it has something for people.
    if let text = proposal.change.after, Self.isBlank(text) {
      proposal.change.after = nil
      proposal.loaded = load(proposal.change)
    }
    guard proposal.loaded.diagnostics.hasErrors || leavesOthers(proposal, resource.key) else {
      throw uneditable(resource.key, resource.source)
    }
    return proposal
  }

  // MARK: Places

  private func edited(
    _ resource: DesiredResource, _ body: (inout EntryMerge, _ section: YAMLEntry, _ entry: YAMLEntry) throws -> Void
  ) throws -> Proposal {
    let file = resource.source.file
    let bytes = try Files.read(file)
    guard let (section, entry) = find(resource, in: bytes), file.hasPrefix("\(directory)/") else {
      throw uneditable(resource.key, resource.source)
    }
    var text = EditedText(bytes)
    var merge = EntryMerge(text)
    do {
      try body(&merge, section, entry)
    } catch is EntryMerge.Uneditable {
      throw uneditable(resource.key, resource.source)
    }
    for edit in merge.edits.sorted(by: EditedText.Edit.isLater) { text.replace(edit) }
    var after = text.bytes
    // A text in several lines that comes to stand last would lose its end otherwise.
    if after.last != 0x0a, after.split(separator: 0x0a).last != bytes.split(separator: 0x0a).last { after.append(0x0a) }
    return propose(FileChange(path: String(file.dropFirst(directory.count + 1)), before: bytes, after: after))
  }

  /// Its section and its entry, where it was loaded from.
  private func find(_ resource: DesiredResource, in bytes: [UInt8]) -> (section: YAMLEntry, entry: YAMLEntry)? {
    for document in YAMLParser.parse(bytes).0 {
      guard case .mapping(let sections) = document.content else { continue }
      for section in sections where section.key == resource.spec.schema.section {
        guard case .mapping(let entries) = section.value.content,
          let entry = entries.first(where: { $0.key == resource.key.name && !$0.isMerged }),
          entry.keyNode.start.line == resource.source.line
        else { continue }
        return (section, entry)
      }
    }
    return nil
  }

  private func propose(_ change: FileChange) -> Proposal { Proposal(change: change, loaded: load(change)) }

  private func load(_ change: FileChange) -> LoadedDesired {
    DesiredLoader.load(directory, replacing: ["\(directory)/\(change.path)": change.after], secrets: secrets)
  }

  private func uneditable(_ key: ResourceKey, _ place: SourceLocation) -> Problem {
    Problem(message: "'\(key.name)' is written in a way that a program should not edit", location: place)
  }

  private static func isBlank(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
      || String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).allSatisfy {
        ["---", "..."].contains($0)
      }
  }

  // MARK: Proof

  /// Fields that the new text does not give the values that are wanted.
  private func missing(
    _ fields: [String: JSONValue], of resource: DesiredResource, in proposal: Proposal
  ) -> Set<String> {
    guard let now = proposal.loaded.state.resources.first(where: { $0.key == resource.key }),
      let (_, entry) = find(now, in: proposal.change.after ?? []), case .mapping(let own) = entry.value.content
    else { return Set(fields.keys) }
    let written = Dictionary(firstOf: own.map { ($0.key, $0.value.json) })
    let known = now.writable
    return Set(
      fields.filter { key, value in
        known[key] != value && !(written[key].map { EntryMerge.isSame($0, value) } ?? false)
      }.keys)
  }

  private func leavesOthers(_ proposal: Proposal, _ key: ResourceKey) -> Bool {
    let old = Dictionary(firstOf: before.resources.map { ($0.key, $0) })
    let others = proposal.loaded.state.resources.filter { $0.key != key }
    return others.count == before.resources.count(where: { $0.key != key })
      && others.allSatisfy { old[$0.key]?.writable == $0.writable }
  }
}
