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
  /// What several objects are referred to by: files of different installations.
  private let ambiguous: (identities: Set<String>, numbers: Set<ObjectRef>)
  /// Who has what is held once, by claim, or by kind and name in NPM.
  private var holders: [String: String] = [:]
  /// The same, of objects of the kind that are a comment.
  private var contested: [String: (kind: ResourceKind, index: Int, origin: String)] = [:]

  init(draft: ImportDraft, passwords: DesiredWriter.Passwords, nameInNPM: @escaping (ObjectRef) -> String?) {
    self.draft = draft
    self.passwords = passwords
    self.nameInNPM = nameInNPM
    let numbers = draft.objects.compactMap { object in object.number.map { ObjectRef(object.kind.kind, $0) } }
    ambiguous = (Self.repeated(draft.objects.compactMap(\.identity)), Self.repeated(numbers))
  }

  private static func repeated<Value: Hashable>(_ values: [Value]) -> Set<Value> {
    Set(Dictionary(grouping: values, by: \.self).filter { $0.value.count > 1 }.keys)
  }

  mutating func write(splits: Bool) -> DesiredFileSet {
    result.warnings = draft.diagnostics
    for kind in ResourceSchema.all {
      let objects = draft.objects.filter { $0.kind === kind }
      guard !objects.isEmpty else { continue }
      var resolved: [ImportedObject] = []
      for object in objects { resolved.append(self.resolved(object)) }
      // What is not managed may be what guards its domains.
      for (index, object) in resolved.enumerated() where !object.gaps.isEmpty {
        for key in holderKeys(Spec(kind, json: .object(object.fields))) {
          contested[key] = (kind.kind, index, object.origin)
        }
      }
      let blocks = zip(resolved, names(objects)).enumerated().map { block($1.0, $1.1, at: $0) }
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

  /// A text for a comment: nothing in it ends the comment, or shows otherwise than it is.
  private func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { UnsafeScalar.isUnsafe($0) ? "?" : $0 }))
  }

  /// Names in NPM of objects that are only referred to: an object here must not be called like one of them.
  private func foreignNames(_ kind: ResourceKind) -> Set<String> {
    let own = Set(draft.objects.compactMap { object in object.number.map { ObjectRef(object.kind.kind, $0) } })
    let explained = draft.namesInNPM.filter { $0.key.kind == kind && !own.contains($0.key) }.map(\.value)
    return Set(explained + draft.unknownNumbers.filter { $0.kind == kind }.compactMap(nameInNPM))
  }

  /// Valid names, each once.
  private func names(_ objects: [ImportedObject]) -> [String] {
    var taken = objects.first.map { foreignNames($0.kind.kind) } ?? []
    var counts: [String: Int] = [:]
    return objects.map { object in
      let claims = Spec(object.kind, json: .object(object.fields)).claims
      let candidates = (object.names + claims).map { ResourceName.made(from: $0) }.filter(ResourceName.isRight)
      let base = candidates.first ?? ResourceName.made(from: object.kind.kind.title)
      var name = candidates.first { !taken.contains($0) }
      while name == nil {
        counts[base, default: 1] += 1
        let next = "\(base.prefix(90))-\(counts[base] ?? 2)"
        if !taken.contains(next) { name = next }
      }
      taken.insert(name ?? base)
      return name ?? base
    }
  }

  /// With the names of what it refers to.
  private mutating func resolved(_ object: ImportedObject) -> ImportedObject {
    var copy = object
    for (field, reference) in object.references.sorted(by: { $0.key < $1.key }) {
      switch resolve(reference, field, object) {
      case .success(let value): copy.fields[field] = value
      case .failure(let gap):
        copy.gaps.append(gap.reason)
        copy.fields[field] = .string(reference.description)
      }
    }
    copy.gaps += Self.redact(&copy.fields)
    return copy
  }

  /// - Parameter index: of the object among those of its kind.
  private mutating func block(_ object: ImportedObject, _ name: String, at index: Int) -> DesiredBlock {
    var gaps = object.gaps
    var fields = object.fields
    if let field = object.kind.nameField, fields[field] == nil { fields[field] = .string(name) }
    let spec = Spec(object.kind, json: .object(fields)).normalised()
    gaps += conflicts(spec, index)
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
      for key in holderKeys(spec) { holders[key] = object.origin }
      result.objectCount += 1
      let warning = DesiredBlock.secretWarning(spec)
      if !warning.isEmpty { result.suspects.append(name) }
      return DesiredBlock(name: name, lines: warning + lines)
    }
    result.warnings.append(
      Diagnostic(
        .notTranslated, "\(object.origin) is not translated: \(problem)", at: object.place,
        hint: "it stands in the file as a comment: complete it there", severity: .warning))
    return DesiredBlock(name: name, lines: DesiredBlock.secretWarning(spec) + lines, isComment: true)
  }

  /// What an address or a user name has no place for may be a password.
  private static func redact(_ fields: inout [String: JSONValue]) -> [String] {
    var gaps: [String] = []
    for field in ["forward_host", "forwarding_host"] where fields[field]?.stringValue?.contains("@") == true {
      fields[field] = ""
      gaps.append("its destination holds a login")
    }
    let items = fields["items"]?.arrayValue ?? []
    guard items.contains(where: { $0["username"].stringValue?.contains(":") == true }) else { return gaps }
    fields["items"] = .array(
      items.map { item in
        var members = item.objectValue ?? [:]
        members["username"] = item["username"].stringValue.map { .string(String($0.prefix { $0 != ":" })) }
        return .object(members)
      })
    return gaps + ["a user name holds a colon"]
  }

  /// A domain, a port and a name in NPM are held once: the first object has it.
  private func conflicts(_ spec: Spec, _ index: Int) -> [String] {
    holderKeys(spec).compactMap { key in
      let other = contested[key].flatMap { $0.kind == spec.kind && $0.index == index ? nil : $0.origin }
      return (holders[key] ?? other).map { "'\(key.drop { $0 != "/" }.dropFirst())' is of \($0), too" }
    }
  }

  private func holderKeys(_ spec: Spec) -> [String] {
    spec.nameInNPM.map { ["\(spec.kind.rawValue)/\($0)"] } ?? spec.claims.map { "claim/\($0.lowercased())" }
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
      if ambiguous.identities.contains(identity) { return .failure(Gap(reason: "several objects are '\(identity)'")) }
      if let key = byIdentity[identity], key.kind == kind { return .success(.string(key.name)) }
      (isComment, what) = (commented.contains(identity), "\(kind.title) '\(identity)'")
    case .number(let number):
      let ref = ObjectRef(kind, ResourceID(number))
      if ambiguous.numbers.contains(ref) {
        return .failure(Gap(reason: "several of the files have the \(kind.title) \(number)"))
      }
      if let key = byNumber[ref] { return .success(.string(key.name)) }
      if let name = draft.namesInNPM[ref] ?? nameInNPM(ref) {
        // Such a name says something else here.
        let isName = !name.isEmpty && !name.hasPrefix("#") && !["none", "auto"].contains(name)
        return isName
          ? .success(.string(name)) : .failure(Gap(reason: "its \(kind.title) \(number) has no name to write"))
      }
      guard commentedNumbers.contains(ref) else {
        return .failure(
          Gap(reason: "of its \(kind.title) only the number \(number) is known"))
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
    result.warnings += loaded.diagnostics.filter { $0.severity == .error && $0.code != .desiredEmpty }.map { error in
      var warning = error
      (warning.severity, warning.location, warning.note) = (.warning, nil, nil)
      return warning
    }
  }
}
