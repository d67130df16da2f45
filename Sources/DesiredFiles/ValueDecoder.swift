package import Model
package import YAML

/// Decodes YAML nodes according to field schemas. Collects every error and continues.
package struct ValueDecoder {
  package let file: String
  package private(set) var diagnostics: [Diagnostic] = []
  /// The number of errors among the diagnostics.
  private(set) var errorCount = 0

  /// Lines that may hold a secret.
  private(set) var hiddenLines: Set<Int> = []
  /// Files that values are read from.
  var referred: Set<String> = []
  /// Snippet texts of all files, by name.
  var snippets = SnippetTexts()
  let secrets: SecretSource
  /// What hosts can name as `preset`.
  var presets = Presets()
  let kinds: [ResourceSchema]

  package init(file: String, secrets: SecretSource = .live, kinds: [ResourceSchema] = ResourceSchema.all) {
    self.file = file
    self.secrets = secrets
    self.kinds = kinds
  }

  package mutating func report(
    _ code: DiagnosticCode, _ message: String, at location: SourceLocation, hint: String? = nil,
    note: Diagnostic.Note? = nil, severity: Diagnostic.Severity = .error
  ) {
    if severity == .error { errorCount += 1 }
    diagnostics.append(Diagnostic(code, message, at: location, hint: hint, note: note, severity: severity))
  }

  /// The fallback position.
  package var start: SourceLocation { SourceLocation(file: file, line: 1, column: 1) }

  package func location(_ node: YAMLNode) -> SourceLocation {
    let length = node.start.line == node.end.line ? max(1, node.end.column - node.start.column) : 1
    return SourceLocation(file: file, line: node.start.line, column: node.start.column, length: length)
  }

  func source(_ node: YAMLNode) -> FieldSource {
    FieldSource(
      location(node), endLine: node.end.line, endColumn: node.end.column,
      blockLine: node.isBlock ? node.start.line + 1 : nil)
  }

  // MARK: Mappings

  /// Decodes a mapping. Unknown keys are errors, `x-` keys are skipped, no field is required yet.
  ///
  /// - Parameter owner: the mapping's owner in messages: `proxy host 'jellyfin'`.
  package mutating func fields(
    of node: YAMLNode, _ fields: [FieldSchema], shorthands: [ShorthandSchema] = [], owner: String
  ) -> DecodedFields? {
    guard case .mapping(let entries) = node.content else {
      report(.wrongType, "\(owner) must be a mapping, this is \(node.shape)", at: location(node))
      return nil
    }
    var decoded: DecodedFields = [:]
    // Fields from `<<` come first, so that local ones override them, including a shorthand over a merged field.
    let ordered = entries.filter(\.isMerged) + entries.filter { !$0.isMerged }
    for entry in ordered where !entry.key.hasPrefix("x-") {
      if let field = fields.first(where: { $0.name == entry.key }) {
        decoded[field.name] = self.field(field, entry, owner: owner)
      } else if let shorthand = shorthands.first(where: { $0.name == entry.key }) {
        expand(shorthand, entry, among: entries, into: &decoded)
      } else {
        unknown(entry, among: fields.map(\.name) + shorthands.map(\.name), owner: owner)
      }
    }
    return decoded
  }

  package mutating func unknown(_ entry: YAMLEntry, among names: [String], owner: String) {
    let hint =
      ForeignWords.hint(entry.key, among: names)
      ?? Suggestion.nearest(to: entry.key, among: names).map { "did you mean '\($0)'?" }
    report(.unknownKey, "unknown key '\(entry.key)' in \(owner)", at: location(entry.keyNode), hint: hint)
  }

  /// Reports missing required fields: a completely missing destination is one error, not three.
  package mutating func requireAll(
    _ decoded: DecodedFields, _ fields: [FieldSchema], shorthands: [ShorthandSchema] = [], owner: String,
    at place: SourceLocation
  ) {
    for field in fields where field.defaultValue == nil && decoded[field.name] == nil {
      if let shorthand = shorthands.first(where: { $0.parts.contains(field.name) }),
        shorthand.parts.allSatisfy({ decoded[$0] == nil })
      {
        guard field.name == shorthand.host else { continue }
        report(
          .missingKey, "\(owner) has no destination", at: place,
          hint: "add '\(shorthand.name): http://host:port', or \(shorthand.parts.joined(separator: ", "))")
      } else {
        report(.missingKey, "\(owner) lacks '\(field.name)'", at: place)
      }
    }
  }

  /// The values of a mapping's fields; missing ones get their defaults.
  private func filled(_ decoded: DecodedFields, _ fields: [FieldSchema]) -> [String: JSONValue] {
    var values: [String: JSONValue] = [:]
    for field in fields { values[field.name] = decoded[field.name]?.value ?? field.defaultValue }
    return values
  }

  private mutating func field(_ field: FieldSchema, _ entry: YAMLEntry, owner: String) -> DecodedValue? {
    let before = errorCount
    guard let decoded = value(entry.value, field.type, name: field.name), errorCount == before else {
      return nil
    }
    return decoded
  }

  private mutating func expand(
    _ shorthand: ShorthandSchema, _ entry: YAMLEntry, among entries: [YAMLEntry], into decoded: inout DecodedFields
  ) {
    if let rival = entries.first(where: { shorthand.parts.contains($0.key) && !$0.isMerged && !entry.isMerged }) {
      report(
        .badValue, "'\(shorthand.name)' and '\(rival.key)' say the same thing twice", at: location(rival.keyNode),
        hint: "keep one of them")
      return
    }
    let place = source(entry.value)
    guard let text = text(entry.value, name: shorthand.name) else { return }
    switch ForwardURL.parse(text, allowsPath: shorthand.path != nil) {
    case .failure(let problem):
      report(problem.isPort ? .portRange : .badURL, problem.message, at: place.location, hint: problem.hint)
    case .success(let url):
      decoded[shorthand.scheme] = DecodedValue(value: .string(url.scheme), source: place)
      decoded[shorthand.host] = DecodedValue(value: .string(url.host), source: place)
      decoded[shorthand.port] = DecodedValue(value: .int(url.port), source: place)
      guard let path = shorthand.path else { return }
      let rival = entries.first { $0.key == path && !$0.isMerged && !entry.isMerged }
      if let rival, !url.path.isEmpty {
        report(
          .badValue, "'\(shorthand.name)' and '\(path)' both name a path", at: location(rival.keyNode),
          hint: "keep one of them")
      } else if rival == nil {
        decoded[path] = DecodedValue(value: .string(url.path), source: place)
      }
    }
  }

  // MARK: Values

  mutating func value(_ node: YAMLNode, _ type: FieldType, name: String) -> DecodedValue? {
    // The secret itself may have been written there, under any key: none of these lines is ever shown.
    if type.holdsSecrets { hiddenLines.formUnion(node.start.line...max(node.start.line, node.end.line)) }
    let plain: JSONValue?
    switch type {
    case .domains: return domains(node, name: name)
    case .list(let fields, let key, let shorthands):
      return list(node, fields, shorthands, key: key, name: name)
    case .object(let fields): return object(node, fields, name: name)
    case .texts: plain = texts(node, name: name)
    case .labels: plain = labels(node, name: name)
    case .anything: plain = anything(node)
    case .secret: return secret(node, name: name)
    case .headers: return headers(node, name: name)
    case .snippets: return snippetNames(node, name: name)
    case .pem, .pemKey: return pem(node, type, name: name)
    default: plain = scalar(node, type, name: name)
    }
    return plain.map { DecodedValue(value: $0, source: source(node)) }
  }

  private mutating func object(_ node: YAMLNode, _ fields: [FieldSchema], name: String) -> DecodedValue? {
    let before = errorCount
    guard let decoded = self.fields(of: node, fields, owner: "'\(name)'"), errorCount == before else {
      return nil
    }
    requireAll(decoded, fields, owner: "'\(name)'", at: location(node))
    for (name, field) in decoded where field.secrets.isEmpty && field.value == .string(SecretFingerprint.kept) {
      guard fields.contains(where: { $0.name == name && $0.type.holdsSecrets }) else { continue }
      report(.badValue, "NPM keeps no '\(name)'", at: field.location, hint: "write { env: NAME } or { file: path }")
    }
    var result = DecodedValue(value: .object(filled(decoded, fields)), source: source(node))
    for (name, field) in decoded {
      result.parts[".\(name)"] = field.source
      for (path, source) in field.parts { result.parts[".\(name)\(path)"] = source }
      for (path, secret) in field.secrets { result.secrets[path.isEmpty ? name : "\(name)/\(path)"] = secret }
    }
    return result
  }

  private mutating func list(
    _ node: YAMLNode, _ fields: [FieldSchema], _ shorthands: [ShorthandSchema], key: String, name: String
  ) -> DecodedValue? {
    guard case .sequence(let items) = node.content else {
      report(.wrongType, "'\(name)' must be a list, this is \(node.shape)", at: location(node))
      return nil
    }
    var result = DecodedValue(value: .null, source: source(node))
    var values: [JSONValue] = []
    var firstUse: [JSONValue: SourceLocation] = [:]
    for item in items {
      let owner = "an entry of '\(name)'"
      let before = errorCount
      guard var decoded = self.fields(of: item, fields.written, shorthands: shorthands, owner: owner),
        errorCount == before
      else { continue }
      compose(&decoded)
      let place = location(item)
      requireAll(decoded, fields, shorthands: shorthands, owner: owner, at: place)
      let complete = filled(decoded, fields)
      if let value = complete[key], let spot = decoded[key]?.location {
        if let first = firstUse[value] {
          report(
            .duplicatePath, "the \(key) '\(value.summary)' appears twice in '\(name)'", at: spot,
            note: Diagnostic.Note("first used", at: first))
        }
        firstUse[value] = firstUse[value] ?? spot
      }
      for (name, field) in decoded {
        result.parts["[\(values.count)].\(name)"] = field.source
        if let secret = field.secrets[""] {
          result.secrets[SecretFingerprint.path(complete[key]?.stringValue ?? "", name)] = secret
        }
      }
      values.append(.object(complete))
      result.items.append(place)
    }
    result.value = .array(values)
    return result
  }

  private mutating func labels(_ node: YAMLNode, name: String) -> JSONValue? {
    guard case .mapping(let entries) = node.content else {
      report(.wrongType, "'\(name)' must be a mapping of names to texts, this is \(node.shape)", at: location(node))
      return nil
    }
    var members: [String: JSONValue] = [:]
    for entry in entries { members[entry.key] = text(entry.value, name: entry.key).map { .string($0) } }
    return .object(members)
  }

  private mutating func domains(_ node: YAMLNode, name: String) -> DecodedValue? {
    guard case .sequence(let items) = node.content else {
      report(
        .wrongType, "'\(name)' must be a list of domains, this is \(node.shape)", at: location(node),
        hint: "write it as [example.com]")
      return nil
    }
    var result = DecodedValue(value: .null, source: source(node))
    if items.isEmpty { report(.badValue, "'\(name)' needs at least one domain", at: location(node)) }
    if items.count > 100 {
      report(.badValue, "'\(name)' has \(items.count) domains, NPM takes 100", at: location(node))
    }
    var names: [JSONValue] = []
    for item in items {
      guard let text = text(item, name: "a domain") else { continue }
      if let problem = DomainName.problem(with: text) {
        report(.badDomain, problem.message, at: location(item), hint: problem.hint)
      } else if let doubt = DomainName.doubt(about: text) {
        report(.badDomain, doubt.message, at: location(item), hint: doubt.hint, severity: .warning)
      }
      result.parts["[\(names.count)]"] = source(item)
      names.append(.string(text))
      result.items.append(location(item))
    }
    result.value = .array(names)
    return result
  }
}
