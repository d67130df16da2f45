package import Model

/// Converts the objects in NPM to desired files and verifies each one by reading it back.
package struct Exporter {
  private let observed: ObservedState
  private let owner: String
  /// The origin, for the comment at the top.
  private let origin: String
  /// The files of certificates by field, if they are exported too.
  private let uploads: [ResourceID: [String: Secret]]
  private let passwords: DesiredWriter.Passwords
  /// Names of our objects, from the store.
  private let known: [ObjectRef: String]

  package init(
    _ observed: ObservedState, owner: String, origin: String, uploads: [ResourceID: [String: Secret]] = [:],
    known: [ObjectRef: String] = [:], passwords: DesiredWriter.Passwords = .keep
  ) {
    self.passwords = passwords
    self.known = known
    self.uploads = uploads
    self.observed = observed
    self.owner = owner
    self.origin = origin
  }

  /// - Parameter splits: one file per object instead of one per kind.
  package func export(splits: Bool) -> DesiredFileSet {
    var result = DesiredFileSet()
    var mine: [(kind: ResourceSchema, objects: [ObservedResource], names: [String])] = []
    for kind in ResourceSchema.all {
      let objects = ours(kind, &result)
      if !objects.isEmpty { mine.append((kind, objects, ExportNames.names(objects, owner: owner, known: known))) }
    }
    let names = Dictionary(
      firstOf: mine.flatMap { kind, objects, names in
        zip(objects, names).compactMap { object, name -> (ResourceKey, String)? in
          guard object.nameInNPM != nil, isWritable(object, name) else { return nil }
          return (ResourceKey(kind.kind, observed.references.name(kind.kind, object.id)), name)
        }
      })
    result.warnings += mine.flatMap(\.objects).flatMap(goneReferences) + mine.flatMap(\.objects).compactMap(bareAddress)
    for (kind, objects, own) in mine {
      let blocks = zip(objects, own).map { object, name in
        let beside = splits ? "" : "\(kind.section)/"
        for (field, text) in uploads[object.id] ?? [:] where kind.fields.contains(where: \.isUpload) {
          result.secretFiles.append(
            DesiredFileSet.SecretFile(name: "\(kind.section)/\(DesiredWriter.fileName(name, field))", text: text))
        }
        return block(object, name, referring(object.spec, names), beside, &result)
      }
      result.add(blocks, of: kind, splits: splits, header: header)
    }
    if result.files.isEmpty { result.add([], of: .proxyHost, splits: false, header: header) }
    return result
  }

  /// Whether it is written as more than a comment, so that others can refer to it.
  private func isWritable(_ object: ObservedResource, _ name: String) -> Bool {
    var nothing = DesiredFileSet()
    return !block(object, name, object.normalised, "", &nothing).isComment
  }

  private func ours(_ kind: ResourceSchema, _ result: inout DesiredFileSet) -> [ObservedResource] {
    let all = (observed.resources[kind.kind] ?? []).sorted { $0.id < $1.id }.filter { !isLeftOut($0) }
    let count = (observed.resources[kind.kind]?.count ?? 0) - all.count
    if count > 0 {
      result.warnings.append(
        Diagnostic(
          .notExportable, "\(count) \(kind.kind.title)\(count == 1 ? "" : "s") left out: private keys stay in NPM",
          hint: "hosts refer to them by their names; --private-keys writes them with their keys", severity: .warning))
    }
    return all.filter { object in
      guard let marker = object.marker, marker.owner != owner else { return true }
      result.warnings.append(
        warning(.markerForeign, object, "belongs to owner '\(marker.owner)' and is left out", "that owner exports it"))
      return false
    }
  }

  /// Reports references to deleted objects: the row is written as nginx serves it.
  private func goneReferences(_ object: ObservedResource) -> [Diagnostic] {
    object.gone.sorted { $0.key < $1.key }.map { field, number in
      let what = field.replacing("_", with: " ")
      return warning(
        .unknownReference, object, "names \(what) \(number), which is gone from NPM",
        "it is written without, as NPM serves it from its next write on; give it another \(what) here or in NPM")
    }
  }

  /// An IPv6 address without brackets: NPM accepts it, and nginx answers 500.
  private func bareAddress(_ object: ObservedResource) -> Diagnostic? {
    guard object.kind == .proxyHost, let host = object.spec["forward_host"].stringValue,
      let right = try? HostName.normalised(host), right != host
    else { return nil }
    return warning(
      .badValue, object, "forwards to '\(host)', for which nginx answers 500",
      "it is read as '\(right)': 'reconciler diff' shows the change, and applying it repairs the host")
  }

  /// Objects that NPM received as files are exported only with those files.
  private func isLeftOut(_ object: ObservedResource) -> Bool {
    object.spec.schema.fields.contains(where: \.isUpload) && !ResourceSchema.isRequested(object.spec)
      && uploads[object.id] == nil
  }

  /// References with the names that their targets get in the export.
  private func referring(_ spec: Spec, _ names: [ResourceKey: String]) -> Spec {
    var copy = spec.normalised()
    for field in spec.schema.fields {
      guard case .reference(let kind) = field.type, let name = copy[field.name].stringValue else { continue }
      if let own = names[ResourceKey(kind, name)] { copy[field.name] = .string(own) }
    }
    return copy
  }

  /// - Parameter beside: the path from the file to those that it refers to.
  private func block(
    _ object: ObservedResource, _ name: String, _ spec: Spec, _ beside: String, _ result: inout DesiredFileSet
  ) -> DesiredBlock {
    var shown = spec
    if let field = spec.schema.nameField, spec[field] == .string(name) { shown[field] = "" }
    // A key has no value to compare, so it would not be written otherwise.
    if let files = uploads[object.id], files["certificate_key"] != nil { shown["certificate_key"] = "file" }
    // NPM names a requested certificate by its domains.
    if ResourceSchema.isRequested(spec) { shown["nice_name"] = "" }
    let lines = DesiredWriter.lines(name, shown, remark: remark(object), beside: beside, passwords: passwords)
    guard let problem = problem(spec, name, lines, uploads[object.id] ?? [:]) else {
      result.objectCount += 1
      let warning = DesiredBlock.secretWarning(object.spec)
      if !warning.isEmpty { result.suspects.append(name) }
      return DesiredBlock(name: name, lines: warning + lines)
    }
    result.warnings.append(
      warning(
        .notExportable, object, "cannot be written as YAML that reads back the same: \(problem)",
        "it stands in the file as a comment; correct it in NPM, or there"))
    return DesiredBlock(name: name, lines: lines, isComment: true)
  }

  private var header: String {
    let refused = observed.all.count { $0.isEnabled && $0.spec.schema.hasNginxState && $0.nginx != .online }
    let promise =
      refused == 0
      ? "'reconciler diff' finds nothing to do; 'reconciler adopt --all' makes all of it ours"
      : "'reconciler adopt --all' makes it ours, but for what nginx refuses: 'reconciler diff' names it"
    return """
      # Exported from NPM \(observed.version) at \(origin). Fields at their defaults are left out.
      # Next: \(promise).
      # \(passwords == .keep ? "Passwords stay as NPM has them (keep: true)." : "The variables of passwords must be set for both.")

      """
  }

  private func remark(_ object: ObservedResource) -> String {
    let what = object.kind == .proxyHost ? "host \(object.id)" : "\(object.kind.title) \(object.id)"
    switch object.nginx {
    case .refused where object.isEnabled: return "\(what), nginx refuses it"
    case .unknown where object.isEnabled: return "\(what), nginx never confirmed it"
    default: return what
    }
  }

  /// Why the lines do not describe the object correctly; nil: they do.
  private func problem(_ wanted: Spec, _ name: String, _ lines: [String], _ files: [String: Secret]) -> String? {
    if let name = wanted.nameInNPM, observed.references.ids(wanted.kind, name).count > 1 {
      return "NPM has several of that name"
    }
    return DesiredBlock.problem(lines, describing: wanted, name: name, uploads: files)
  }

  private func warning(_ code: DiagnosticCode, _ object: ObservedResource, _ what: String, _ hint: String) -> Diagnostic
  {
    let kind = object.kind == .proxyHost ? "host" : object.kind.title
    let identityKeys = object.spec.identityKeys.joined(separator: ", ")
    return Diagnostic(code, "\(kind) \(object.id) (\(identityKeys)) \(what)", hint: hint, severity: .warning)
  }
}

/// Names for hosts without one.
enum ExportNames {
  /// The name in our marker or in the store, if it is valid and unique; else the first label of the first domain if no
  /// other host has it, else the domain.
  static func names(_ hosts: [ObservedResource], owner: String, known: [ObjectRef: String]) -> [String] {
    let claimed = hosts.map { host in
      host.spec.schema.ownershipProof == .marker
        ? host.marker.flatMap { $0.owner == owner ? $0.name : nil } : known[host.ref]
    }
    let counts = Dictionary(claimed.compactMap { $0 }.map { ($0, 1) }, uniquingKeysWith: +)
    // Any account that writes to NPM can set a marker: it becomes a file name only if it is a valid name.
    let marked = claimed.map { name in name.flatMap { counts[$0] == 1 && ResourceName.isRight($0) ? $0 : nil } }
    let short = hosts.map { label($0) }
    var uses: [String: Int] = [:]
    for (own, name) in zip(marked, short) { uses[own ?? name, default: 0] += 1 }
    var taken = Set(marked.compactMap { $0 })
    return hosts.indices.map { index in
      if let own = marked[index] { return own }
      let full = ResourceName.made(from: hosts[index].spec.identityKeys.first ?? "")
      let numbered = ResourceName.made(from: "\(hosts[index].kind.title)-\(hosts[index].id)")
      let candidates =
        (uses[short[index]] == 1 ? [short[index]] : []) + [full, "\(full.prefix(80))-\(hosts[index].id)"]
      let name = candidates.first { ResourceName.isRight($0) && !taken.contains($0) } ?? numbered
      taken.insert(name)
      return name
    }
  }

  private static func label(_ host: ObservedResource) -> String {
    let handle = host.spec.identityKeys.first ?? ""
    guard host.nameInNPM == nil else { return ResourceName.made(from: handle) }
    let labels = handle.split(separator: ".").map(String.init)
    let first = labels.first { $0 != "*" && $0.lowercased() != "www" } ?? labels.first ?? ""
    return ResourceName.made(from: first)
  }
}
