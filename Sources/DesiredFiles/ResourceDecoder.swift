import Model
import Platform
import YAML

/// One resource with the positions of its parts, before the checks across files.
struct LocatedResource {
  var resource: DesiredResource
  /// The values that only one object may have, with their positions.
  var claims: [(name: String, location: SourceLocation)]
}

/// Defaults by kind, from a file or from `_defaults.yaml`.
typealias KindDefaults = [ResourceKind: DecodedFields]

/// Decodes the entries of one section.
struct ResourceDecoder {
  private let kind: ResourceSchema
  private let fields: [FieldSchema]
  /// Nearest first.
  private let defaults: [DecodedFields]

  init(kind: ResourceSchema, defaults: [DecodedFields]) {
    self.kind = kind
    self.defaults = defaults.filter { !$0.isEmpty }
    fields = kind.writtenFields
  }

  func resource(_ entry: YAMLEntry, _ decoder: inout ValueDecoder) -> LocatedResource? {
    let owner = "\(kind.kind.title) '\(entry.key)'"
    let place = decoder.location(entry.keyNode)
    checkName(entry, &decoder)
    let before = decoder.errorCount
    guard var decoded = decoder.fields(of: entry.value, fields, shorthands: kind.shorthands, owner: owner) else {
      return nil
    }
    let preset = kind.kind == .proxyHost ? decoder.preset(decoded) : nil
    let hasMistakes = decoder.errorCount > before
    if let preset { decoded.merge(preset) { nearer, _ in nearer } }
    for layer in defaults { decoded.merge(layer) { nearer, _ in nearer } }
    decoder.compose(&decoded)
    // Missing keys are reported only if everything written was readable: one mistake, one message.
    if !hasMistakes { decoder.requireAll(decoded, fields, shorthands: kind.shorthands, owner: owner, at: place) }
    return located(entry, decoded, place, isReadable: !hasMistakes, &decoder)
  }

  private func located(
    _ entry: YAMLEntry, _ decoded: DecodedFields, _ place: SourceLocation, isReadable: Bool,
    _ decoder: inout ValueDecoder
  ) -> LocatedResource {
    var spec = Spec(kind)
    for (name, written) in decoded { spec[name] = written.value }
    if let field = kind.nameField, spec[field] == "" { spec[field] = .string(entry.key) }
    var secrets: [String: Secret] = [:]
    for (name, written) in decoded where name != "health" {
      for (path, secret) in written.secrets { secrets[path.isEmpty ? name : "\(name)/\(path)"] = secret }
    }
    var sources = decoded.mapValues(\.source)
    for (name, written) in decoded { for (path, source) in written.parts { sources[name + path] = source } }
    let resource = DesiredResource(
      key: ResourceKey(kind.kind, entry.key), spec: spec, source: place, fieldSources: sources,
      lines: place.line...max(place.line, entry.value.end.line), metadata: metadata(decoded),
      certificate: CertificateCheck.facts(decoded, spec), secrets: secrets)
    warnOfNoEffect(resource, decoded, &decoder)
    check(entry, decoded, resource, isReadable: isReadable, &decoder)
    return LocatedResource(resource: resource, claims: claims(spec, decoded, place))
  }

  private func metadata(_ decoded: DecodedFields) -> DesiredResource.Metadata {
    func text(_ name: String) -> String { decoded[name]?.value.stringValue ?? "" }
    var metadata = DesiredResource.Metadata()
    metadata.description = text("description")
    metadata.labels = decoded["labels"]?.value.objectValue?.compactMapValues(\.stringValue) ?? [:]
    metadata.validation = DesiredResource.Validation(rawValue: text("validate")) ?? .enforce
    metadata.lifecycle = Lifecycle(
      isProtected: decoded["protect"]?.value == true,
      onDelete: Lifecycle.OnDelete(rawValue: text("on_delete")) ?? .delete)
    let suspension = decoded["suspend"]?.value
    metadata.suspension = suspension?["until"].stringValue.map {
      Suspension(until: $0, reason: suspension?["reason"].stringValue ?? "")
    }
    metadata.check = decoded["health"].flatMap { HealthCheckSpec($0.value, secrets: $0.secrets) }
    metadata.objective = decoded["slo"]?.value ?? .null
    metadata.selfHeals = decoded["self_heal"]?.value.boolValue
    metadata.requestsCertificate = decoded["auto_request"]?.value == true
    for field in kind.operatorFields { metadata.fields[field.name] = decoded[field.name]?.value }
    return metadata
  }

  /// What is wrong with it as a whole.
  private func check(
    _ entry: YAMLEntry, _ decoded: DecodedFields, _ resource: DesiredResource, isReadable: Bool,
    _ decoder: inout ValueDecoder
  ) {
    let place = resource.source
    checkHealth(decoded["health"], &decoder)
    if kind.kind == .certificate, resource.spec["provider"] == "custom" {
      let written: [String] = if case .mapping(let entries) = entry.value.content { entries.map(\.key) } else { [] }
      CertificateCheck.run(decoded, written: written, owner: "\(resource.key)", at: place, now: .now, &decoder)
    }
    if kind.kind == .accessList { PasswordCheck.run(decoded["items"], &decoder) }
    if let field = kind.nameField, resource.spec.nameInNPM?.hasPrefix("#") == true {
      decoder.report(
        .badValue, "a name in NPM that begins with '#' would be taken for a number",
        at: resource.fieldSources[field]?.location ?? place,
        hint: "give it another name")
    }
    // Unreadable fields are missing here and would be reported twice.
    for problem in isReadable ? kind.check(resource.spec) : [] {
      decoder.report(
        problem.code, problem.message, at: resource.fieldSources[problem.path]?.location ?? place, hint: problem.hint,
        severity: problem.severity)
    }
    checkSize(resource, &decoder)
  }

  private func claims(
    _ spec: Spec, _ decoded: DecodedFields, _ place: SourceLocation
  ) -> [(name: String, location: SourceLocation)] {
    let written = kind.claimField.flatMap { decoded[$0] }
    return spec.claims.enumerated().map { index, claim in
      let items = written?.items ?? []
      return (claim, items.indices.contains(index) ? items[index] : written?.location ?? place)
    }
  }

  /// NPM limits the bytes of the JSON body, not the characters of a field.
  private func checkSize(_ resource: DesiredResource, _ decoder: inout ValueDecoder) {
    let spec = resource.spec
    let size = spec.encodedSize
    guard size > RequestSize.available else { return }
    let largest = kind.fields.map(\.name).max { spec[$0].encodedSize < spec[$1].encodedSize } ?? ""
    decoder.report(
      .tooLarge, "it has \(size) bytes as JSON, NPM takes \(RequestSize.available)",
      at: resource.fieldSources[largest]?.location ?? resource.source,
      hint: "'\(largest)' is the largest part"
        + (largest == FieldSchema.snippetTarget ? "; 'include' of a file that nginx can read is a way out" : ""))
  }

  private func checkHealth(_ health: DecodedValue?, _ decoder: inout ValueDecoder) {
    guard let health, health.value["method"] == "HEAD", !health.value["expect_json"].isNull else { return }
    decoder.report(
      .badValue, "an answer to HEAD has no body, so that 'expect_json' could never hold",
      at: health.parts[".method"]?.location ?? health.location, hint: "remove one of them")
  }

  /// `x-` keys hold YAML anchors; a host under such a key would look as if it was removed.
  func checkAnchor(_ entry: YAMLEntry, _ decoder: inout ValueDecoder) {
    guard case .mapping(let members) = entry.value.content, let field = kind.claimField,
      members.contains(where: { $0.key == field })
    else { return }
    decoder.report(
      .badName, "'\(entry.key)' is passed over: names with 'x-' are for anchors", at: decoder.location(entry.keyNode),
      hint: "give the \(kind.kind.title) another name, or take its \(field) away")
  }

  private func checkName(_ entry: YAMLEntry, _ decoder: inout ValueDecoder) {
    guard !ResourceName.isRight(entry.key) || ResourceName.reserved.contains(entry.key) else { return }
    decoder.report(
      .badName, "'\(entry.key)' is no name for \(kind.kind == .accessList ? "an" : "a") \(kind.kind.title)",
      at: decoder.location(entry.keyNode),
      hint: ResourceName.hint)
  }

  /// Warns about TLS flags that NPM clears because their precondition is missing.
  private func warnOfNoEffect(_ resource: DesiredResource, _ decoded: DecodedFields, _ decoder: inout ValueDecoder) {
    let kept = resource.normalised
    for field in kind.fields where field.defaultValue == false {
      guard resource.spec[field.name] == true, kept[field.name] == false, let place = decoded[field.name]?.location
      else { continue }
      decoder.report(
        .noEffect, "'\(field.name)' has no effect on '\(resource.key.name)': \(field.summary.lowercasedFirst)",
        at: place, severity: .warning)
    }
  }
}

/// The rule for names in desired files, which are also used as file names.
package enum ResourceName {
  /// Words that have a meaning of their own where a name could stand.
  package static let reserved: Set<String> = ["all", "validate"]

  package static let hint =
    "use up to 100 letters, digits, '-', '_' and '.', beginning with a letter or digit; not 'all' or 'validate'"

  package static func isRight(_ name: String) -> Bool {
    name.count <= 100 && name.first.map { $0.isLetter || $0.isNumber } == true && !name.hasPrefix("x-")
      && name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
  }

  /// A text reduced to characters that a name may contain; it may be empty.
  package static func made(from text: String) -> String {
    let kept = text.replacing("*.", with: "").lowercased().map { character -> Character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character)) ? character : "-"
    }
    // 'Family & friends' is family-friends.
    let words = String(kept).split(separator: "-").joined(separator: "-")
    return String(words.drop { !$0.isLetter && !$0.isNumber }.prefix(100))
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
