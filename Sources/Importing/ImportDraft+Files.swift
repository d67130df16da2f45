package import DesiredFiles
package import Model

extension ImportDraft {
  /// The desired files for what was read; what cannot be managed as it stands is in them as a comment.
  ///
  /// - Parameter nameInNPM: of an object that the files have only the number of; nil: it is not known.
  package func files(
    passwords: DesiredWriter.Passwords, splits: Bool, nameInNPM: @escaping (ObjectRef) -> String?
  ) -> DesiredFileSet {
    var writer = ImportWriter(draft: self, passwords: passwords, nameInNPM: nameInNPM)
    return writer.write(splits: splits)
  }
}

/// Writes the objects of a draft, those first that others refer to.
private struct ImportWriter {
  private let draft: ImportDraft
  private let passwords: DesiredWriter.Passwords
  private let nameInNPM: (ObjectRef) -> String?
  private var result = DesiredFileSet()
  /// Names here of objects that are written and not only a comment, by what others refer to them by.
  private var byIdentity: [String: ResourceKey] = [:]
  private var byNumber: [ObjectRef: ResourceKey] = [:]
  /// Of those that are a comment.
  private var commented: Set<String> = []
  private var commentedNumbers: Set<ObjectRef> = []

  init(draft: ImportDraft, passwords: DesiredWriter.Passwords, nameInNPM: @escaping (ObjectRef) -> String?) {
    self.draft = draft
    self.passwords = passwords
    self.nameInNPM = nameInNPM
  }

  mutating func write(splits: Bool) -> DesiredFileSet {
    result.warnings = draft.diagnostics
    for kind in ResourceSchema.all {
      let objects = draft.objects.filter { $0.kind === kind }
      guard !objects.isEmpty else { continue }
      let blocks = zip(objects, names(objects)).map { block($0, $1) }
      result.add(blocks, of: kind, splits: splits, header: header)
    }
    checkTogether()
    result.warnings = result.warnings.inSourceOrder
    return result
  }

  private var header: String {
    """
    # Imported from \(oneLine(draft.origins.joined(separator: ", "))). Fields at their defaults are left out.
    # Next: 'reconciler diff' compares it with NPM; 'reconciler adopt --all' takes over what NPM has already.

    """
  }

  /// Without line ends, which would end a comment.
  private func oneLine(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

  /// Valid names, each once.
  private func names(_ objects: [ImportedObject]) -> [String] {
    var taken: Set<String> = []
    return objects.map { object in
      let claims = Spec(object.kind, json: .object(object.fields)).claims
      let candidates = (object.names + claims).map { ResourceName.made(from: $0) }.filter(ResourceName.isRight)
      let base = candidates.first ?? ResourceName.made(from: object.kind.kind.title)
      let name =
        candidates.first { !taken.contains($0) } ?? (2...).lazy.map { "\(base.prefix(90))-\($0)" }.first {
          !taken.contains($0)
        } ?? base
      taken.insert(name)
      return name
    }
  }

  private mutating func block(_ object: ImportedObject, _ name: String) -> DesiredBlock {
    var gaps = object.gaps
    var fields = object.fields
    for (field, reference) in object.references.sorted(by: { $0.key < $1.key }) {
      switch resolve(reference, field, object) {
      case .success(let value): fields[field] = value
      case .failure(let gap):
        gaps.append(gap.reason)
        fields[field] = .string(reference.description)
      }
    }
    if let field = object.kind.nameField, fields[field] == nil { fields[field] = .string(name) }
    let spec = Spec(object.kind, json: .object(fields)).normalised()
    var shown = spec
    // A requested certificate is called by its domains.
    if let field = object.kind.nameField, spec[field] == .string(name) || ResourceSchema.isRequested(spec) {
      shown[field] = ""
    }
    let remark = oneLine("\(object.origin), \(object.place.file):\(object.place.line)")
    let lines = DesiredWriter.lines(name, shown, remark: remark, passwords: passwords)
    let problem =
      gaps.isEmpty ? DesiredBlock.problem(lines, describing: spec, name: name) : gaps.joined(separator: "; ")
    note(object, name, isComment: problem != nil)
    guard let problem else {
      result.objectCount += 1
      let warning = DesiredBlock.secretWarning(spec)
      if !warning.isEmpty { result.suspects.append(name) }
      return DesiredBlock(name: name, lines: warning + lines)
    }
    result.warnings.append(
      Diagnostic(
        .notTranslated, "\(object.origin) is not translated: \(problem)", at: object.place,
        hint: "it stands in the file as a comment: complete it there", severity: .warning))
    return DesiredBlock(name: name, lines: lines, isComment: true)
  }

  private mutating func note(_ object: ImportedObject, _ name: String, isComment: Bool) {
    let key = ResourceKey(object.kind.kind, name)
    let ref = object.number.map { ObjectRef(object.kind.kind, $0) }
    if isComment {
      if let identity = object.identity { commented.insert(identity) }
      if let ref { commentedNumbers.insert(ref) }
    } else {
      if let identity = object.identity { byIdentity[identity] = key }
      if let ref { byNumber[ref] = key }
    }
  }

  // MARK: References

  private struct Gap: Error {
    var reason: String
  }

  private mutating func resolve(
    _ reference: ImportedReference, _ field: String, _ object: ImportedObject
  ) -> Result<JSONValue, Gap> {
    guard let kind = object.kind.target(of: field) else { return .failure(Gap(reason: "it has no \(field)")) }
    let isComment: Bool
    let what: String
    switch reference {
    case .auto: return .success(FieldType.auto)
    case .identity(let identity):
      if let key = byIdentity[identity], key.kind == kind { return .success(.string(key.name)) }
      (isComment, what) = (commented.contains(identity), "\(kind.title) '\(identity)'")
    case .number(let number):
      let ref = ObjectRef(kind, ResourceID(number))
      if let key = byNumber[ref] { return .success(.string(key.name)) }
      if let name = draft.namesInNPM[ref] ?? nameInNPM(ref) { return .success(.string(name)) }
      guard commentedNumbers.contains(ref) else {
        return .failure(
          Gap(reason: "of its \(kind.title) only the number \(number) is known, and NPM could not be asked"))
      }
      (isComment, what) = (true, "\(kind.title) \(number)")
    }
    guard isComment else { return .failure(Gap(reason: "its \(what) is in none of the files")) }
    // NPM may have such a certificate: the best that is there is taken. A host without its access list would be open.
    guard kind == .certificate else { return .failure(Gap(reason: "its \(what) is not translated")) }
    result.warnings.append(
      Diagnostic(
        .notTranslated, "\(object.origin) gets 'certificate: auto': its \(what) is not translated", at: object.place,
        severity: .warning))
    return .success(FieldType.auto)
  }

  // MARK: All of it

  /// What is wrong only with all of them: a domain that two have.
  private mutating func checkTogether() {
    let text = result.files.map(\.text).joined(separator: "---\n")
    let loaded = DesiredLoader.read(Array(text.utf8), as: "the imported files")
    result.warnings += loaded.diagnostics.filter { $0.severity == .error }.map { error in
      var warning = error
      (warning.severity, warning.location, warning.note) = (.warning, nil, nil)
      return warning
    }
  }
}
