package import Model
import Platform
import YAML

/// Loads all files below `desired/` and reports all errors of all files at once.
package struct DesiredLoader {
  private let directory: String
  private var loaded = LoadedDesired()
  private var resources: [LocatedResource] = []
  private var globalDefaults: KindDefaults = [:]
  private var replacements: [String: [UInt8]?] = [:]
  private var secrets = SecretSource.live
  private var kinds = ResourceSchema.all
  private var contents: [String: [UInt8]] = [:]
  private var documents: [String: [YAMLNode]] = [:]
  private var snippets = SnippetTexts()
  private var presets = Presets.builtIn

  private init(directory: String) { self.directory = directory }

  /// - Parameters:
  ///   - replacing: texts to use instead of the content of these files, which need not exist; nil: as if it did not.
  ///   - kinds: the kinds that the files may contain.
  package static func load(
    _ directory: String, replacing: [String: [UInt8]?] = [:], kinds: [ResourceSchema] = ResourceSchema.all,
    secrets: SecretSource = .live
  ) -> LoadedDesired {
    var bare = directory
    while bare.count > 1, bare.hasSuffix("/") { bare.removeLast() }
    var loader = DesiredLoader(directory: bare)
    loader.replacements = replacing
    loader.kinds = kinds
    loader.secrets = secrets
    guard let files = loader.listFiles() else { return loader.loaded }
    loader.run(files)
    return loader.loaded
  }

  /// Loads one text as if it were the only file.
  package static func read(_ bytes: [UInt8], as file: String, secrets: SecretSource = .any) -> LoadedDesired {
    var loader = DesiredLoader(directory: ".")
    loader.secrets = secrets
    loader.replacements = [file: bytes]
    loader.run([file])
    return loader.loaded
  }

  private mutating func run(_ files: [String]) {
    for file in files { read(file) }
    // Only files that may contain snippets are parsed before the hosts that use them, and kept until then.
    for file in files where !isDefaults(file) && mentionsSnippets(file) { readSnippets(file) }
    for file in files where Presets.isNamedPresets(file) { readPresets(file) }
    let defaults = files.filter { isDefaults($0) }
    for file in defaults { readDefaults(file) }
    for file in files where !isDefaults(file) && !Presets.isNamedPresets(file) { readFile(file) }
    for file in files where Self.isNamedDefaults(file) && !isDefaults(file) {
      // Without a message, defaults meant for all hosts would apply to none of them.
      loaded.diagnostics.append(
        Diagnostic(
          .badName, "the file of defaults counts only directly below \(directory)/",
          at: SourceLocation(file: file, line: 1, column: 1),
          hint: "move it there, or give it another name: its 'defaults:' then hold for the file itself"))
    }
    loaded.state.fileCount = files.count
    loaded.diagnostics += CrossFileCheck.run(resources) + SnippetSection.unused(snippets)
    loaded.diagnostics = loaded.diagnostics.inSourceOrder
    loaded.state.resources = resources.map(\.resource)
  }

  private func isYAML(_ file: String) -> Bool {
    let name = file.lowercased()
    return name.hasSuffix(".yaml") || name.hasSuffix(".yml")
  }

  /// Names that begin with `_` are for people and other tools; but for the file of defaults, which is reported where it
  /// does not count.
  private func isSetAside(_ file: String) -> Bool {
    let parts = file.dropFirst(directory.count).split(separator: "/")
    let folders = parts.dropLast()
    return folders.contains { $0.hasPrefix("_") }
      || (parts.last?.hasPrefix("_") == true && !Self.isNamedDefaults(file)
        && !(Presets.isNamedPresets(file) && folders.isEmpty))
  }

  private func unreadable(_ file: String, _ message: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.unreadableFile, message, at: SourceLocation(file: file, line: 1, column: 1), hint: hint)
  }

  private func isDefaults(_ file: String) -> Bool {
    Self.isNamedDefaults(file) && Files.parent(of: file) == directory
  }

  package static func isNamedDefaults(_ file: String) -> Bool {
    let name = file[(file.lastIndex(of: "/").map(file.index(after:)) ?? file.startIndex)...].lowercased()
    return name == "_defaults.yaml" || name == "_defaults.yml"
  }

  private mutating func listFiles() -> [String]? {
    do {
      let listing = try Files.below(directory)
      let there = Set(listing.files)
      let more = replacements.filter { $0.value != nil && !there.contains($0.key) }.keys
      let all = more.isEmpty ? listing.files : (listing.files + more).sorted()
      let files = all.filter { isYAML($0) && !isSetAside($0) && replacements[$0] != .some(nil) }
      // Without a message, hosts in these files would look as if they were removed.
      loaded.diagnostics += listing.others.map { path in
        unreadable(
          path, Files.isDirectory(path) ? "\(path) is a link to a folder" : "\(path) is neither a file nor a folder",
          hint: "links to files are read; links to folders, pipes and devices are not")
      }
      if files.isEmpty {
        loaded.diagnostics += [
          Diagnostic(
            .desiredEmpty, "\(directory)/ holds no .yaml file",
            hint: Self.wayIn(directory))
        ]
        return nil
      }
      return files
    } catch let error as FileError {
      let code: DiagnosticCode = error.isMissing ? .desiredMissing : .unreadableFile
      let hint = error.isMissing ? Self.wayIn(directory) : nil
      loaded.diagnostics = [Diagnostic(code, error.description, hint: hint)]
    } catch {
      loaded.diagnostics = [Diagnostic(.unreadableFile, "cannot list \(directory): \(error)")]
    }
    return nil
  }

  private static func wayIn(_ directory: String) -> String {
    "'reconciler init' sets this folder up; 'reconciler export --out \(directory)' writes what NPM has there; or write a file "
      + "with 'proxy_hosts:', or name another directory with --desired"
  }

  private mutating func read(_ file: String) {
    do {
      let bytes = try (replacements[file] ?? nil) ?? Files.read(file)
      if bytes.allSatisfy({ [0x20, 0x09, 0x0a, 0x0d].contains($0) }) {
        // A failed editor or disk leaves such files, and the hosts in them would look as if they were removed.
        loaded.diagnostics.append(
          Diagnostic(
            .desiredEmpty, "\(file) is empty", at: SourceLocation(file: file, line: 1, column: 1),
            hint: "bring it back; if nothing is meant to be in it, remove the file or write a comment into it"))
      }
      loaded.texts.add(file, bytes)
      contents[file] = bytes
    } catch {
      loaded.diagnostics.append(unreadable(file, "\(error)"))
    }
  }

  private func mentionsSnippets(_ file: String) -> Bool {
    contents[file].map { Files.holds(Array(SnippetSection.key.utf8), in: $0) } ?? false
  }

  /// The documents of a file, parsed once: an earlier parse result is handed over and not kept.
  private mutating func parse(_ file: String) -> [YAMLNode] {
    if let known = documents.removeValue(forKey: file) { return known }
    guard let bytes = contents[file] else { return [] }
    let (documents, problems) = YAMLParser.parse(bytes)
    loaded.diagnostics += problems.map { $0.diagnostic(in: file) }
    return documents
  }

  private func decoder(_ file: String) -> ValueDecoder {
    var decoder = ValueDecoder(file: file, secrets: secrets, kinds: kinds)
    decoder.snippets = snippets
    decoder.presets = presets
    return decoder
  }

  /// Texts that hosts in any file can use.
  private mutating func readSnippets(_ file: String) {
    var decoder = decoder(file)
    let found = parse(file)
    documents[file] = found
    for document in found {
      // Problems of a whole document are reported when its hosts are read.
      guard case .mapping(let entries) = document.content else { continue }
      for entry in entries where entry.key == SnippetSection.key { SnippetSection.read(entry.value, &decoder) }
    }
    take(decoder, of: file)
  }

  private mutating func readPresets(_ file: String) {
    var decoder = decoder(file)
    for document in parse(file) { presets.read(document, &decoder) }
    take(decoder, of: file)
  }

  private mutating func readDefaults(_ file: String) {
    var decoder = decoder(file)
    for document in parse(file) {
      for entry in topLevel(document, &decoder) {
        if entry.key == "defaults" {
          merge(DefaultsDecoder.decode(entry.value, &decoder), into: &globalDefaults)
        } else {
          decoder.report(
            .unknownKey, "'\(entry.key)' has no place in the file of defaults", at: decoder.location(entry.keyNode),
            hint: "keep only 'defaults:' here")
        }
      }
    }
    take(decoder, of: file)
  }

  private mutating func readFile(_ file: String) {
    var decoder = decoder(file)
    for document in parse(file) {
      let entries = topLevel(document, &decoder)
      var defaults: KindDefaults = [:]
      for entry in entries where entry.key == "defaults" {
        merge(DefaultsDecoder.decode(entry.value, &decoder), into: &defaults)
      }
      for entry in entries where !["defaults", SnippetSection.key].contains(entry.key) {
        readSection(entry, defaults, &decoder)
      }
      if entries.count == 1, let entry = entries.first, entry.key == "defaults" {
        decoder.report(
          .noEffect, "these defaults hold for this file alone, which has nothing else",
          at: decoder.location(entry.keyNode), hint: "those for all files stand in \(directory)/_defaults.yaml",
          severity: .warning)
      }
    }
    take(decoder, of: file)
  }

  private mutating func take(_ decoder: ValueDecoder, of file: String) {
    loaded.diagnostics += decoder.diagnostics
    loaded.referred.formUnion(decoder.referred)
    snippets = decoder.snippets
    for line in decoder.hiddenLines { loaded.texts.hide(line, of: file) }
  }

  private func merge(_ new: KindDefaults, into old: inout KindDefaults) {
    for (kind, fields) in new { old[kind, default: [:]].merge(fields) { _, last in last } }
  }

  private func topLevel(_ document: YAMLNode, _ decoder: inout ValueDecoder) -> [YAMLEntry] {
    switch document.content {
    case .mapping(let entries): return entries.filter { !$0.key.hasPrefix("x-") }
    case .scalar(let text, true) where YAMLScalar.isNull(text): return []
    default:
      decoder.report(
        .wrongType, "a desired file is a mapping, this is \(document.shape)", at: decoder.location(document),
        hint: "begin with 'proxy_hosts:'")
      return []
    }
  }

  private mutating func readSection(_ entry: YAMLEntry, _ defaults: KindDefaults, _ decoder: inout ValueDecoder) {
    guard let kind = kinds.first(where: { $0.section == entry.key }) else {
      TopLevelKeys.report(entry, &decoder)
      return
    }
    guard case .mapping(let hosts) = entry.value.content else {
      if case .scalar(let text, true) = entry.value.content, YAMLScalar.isNull(text) { return }
      decoder.report(
        .wrongType, "'\(entry.key)' must be a mapping of names, this is \(entry.value.shape)",
        at: decoder.location(entry.value), hint: "write each \(kind.kind.title) as 'name:' and its fields below")
      return
    }
    let layers = [defaults[kind.kind] ?? [:], globalDefaults[kind.kind] ?? [:]]
    let reader = ResourceDecoder(kind: kind, defaults: layers)
    for host in hosts {
      guard !host.key.hasPrefix("x-") else {
        reader.checkAnchor(host, &decoder)
        continue
      }
      if let resource = reader.resource(host, &decoder) { resources.append(resource) }
    }
  }
}
