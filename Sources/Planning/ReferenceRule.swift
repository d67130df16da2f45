import Model

/// What a desired object needs of this NPM: the objects it refers to, the fields of this release.
struct ReferenceRule {
  private let index: PlanIndex
  private let selection: Set<ResourceKey>?
  private let certificates: CertificateSelector
  /// Certificates that are gone from the YAML and about to be deleted: not chosen for a host that has an alternative.
  private let leaving: Set<ResourceID>
  private let defaultCertificate: String?

  private var observed: ObservedState { index.observed }

  init(_ index: PlanIndex, _ options: Planner.Options) {
    self.index = index
    selection = options.selection
    leaving = CertificateSelector.leaving(index.ledger, index.desired)
    certificates = CertificateSelector(index.desired, index.observed, today: options.today)
    defaultCertificate = options.defaultCertificate
  }

  /// The spec as NPM would have it: names in the YAML are replaced by NPM's names.
  struct Resolved {
    var spec: Spec
    /// Referenced resources that are in the YAML.
    var needs: [ResourceKey] = []
    var blockReason: BlockReason?
  }

  func resolve(_ resource: DesiredResource) -> Resolved {
    var resolved = Resolved(spec: resource.spec)
    var isAsWritten = true
    guard observed.resources[resource.key.kind] != nil else {
      resolved.blockReason = BlockReason(
        .npmForbidden, "NPM did not show its \(resource.key.kind.title)s to this account",
        hint: resource.spec.schema.isSingleton
          ? "only administrators may see NPM's settings: take it out of the YAML, or use such an account"
          : "give the account the permission in NPM under Users")
      return resolved
    }
    for field in resource.spec.schema.fields {
      let value = resource.spec[field.name]
      if !observed.has(field, of: resource.key.kind) {
        resolved.blockReason = value == field.defaultValue ? nil : unsupported(field)
        if resolved.blockReason == nil { resolved.spec[field.name] = field.defaultValue ?? .null }
        isAsWritten = false
      } else if field.until != nil, value == field.defaultValue, ResourceSchema.isRequested(resource.spec) {
        resolved.blockReason = BlockReason(
          .missingKey, "NPM \(observed.version) wants '\(field.name)' for a request to Let's Encrypt",
          hint: AutomaticCertificates.isAutomatic(resource.key)
            ? "set certificates.letsencrypt_email in the settings"
            : "add it; NPM \(field.until?.description ?? "") and later do without")
      } else if case .reference(let target) = field.type, let name = value.stringValue {
        follow(field.name, ResourceKey(target, name), &resolved, byNPMName: resource.refersByNPMNames)
        isAsWritten = false
      } else if value == FieldType.auto {
        choose(field.name, resource, &resolved)
        isAsWritten = false
      }
      if resolved.blockReason != nil { break }
    }
    resolved.spec = isAsWritten ? resource.normalised : resolved.spec.normalised()
    return resolved
  }

  /// Why a field that this NPM does not have is refused; nil: NPM dropped it, and nothing is lost.
  private func unsupported(_ field: FieldSchema) -> BlockReason? {
    if let since = field.since, observed.version < since {
      let message = "'\(field.name)' needs NPM \(since), this is \(observed.version)"
      return BlockReason(.unsupportedByNPM, message, hint: "remove the field, or update NPM")
    }
    guard field.isKnown(to: observed.version) else { return nil }
    return BlockReason(
      .unsupportedByNPM, "NPM \(observed.version) does not take '\(field.name)', by the schema that it publishes",
      hint: "remove the field")
  }

  private func choose(_ field: String, _ resource: DesiredResource, _ resolved: inout Resolved) {
    let domains = resource.spec.claims
    if let best = certificates.best(for: domains, without: leaving) {
      resolved.spec[field] = .string(best.name)
      if let key = best.key { follow(field, key, &resolved) }
    } else if let defaultCertificate {
      resolved.spec[field] = .string(defaultCertificate)
      follow(field, ResourceKey(.certificate, defaultCertificate), &resolved)
    } else if let last = certificates.best(for: domains) {
      // Being in use, it stays in NPM.
      resolved.spec[field] = .string(last.name)
    } else {
      let isWild = resource.requestsCertificate && domains.contains { $0.hasPrefix("*") }
      resolved.blockReason = BlockReason(
        .noCertificate, "no certificate is good for \(domains.joined(separator: ", "))",
        hint: isWild
          ? "a wildcard is requested by DNS only: write the certificate into the YAML, with 'dns:'"
          : "name one, write one into the YAML, or set certificates.default in the settings")
    }
  }

  private func follow(
    _ field: String, _ key: ResourceKey, _ resolved: inout Resolved, byNPMName: Bool = false
  ) {
    var name = key.name
    if let target = byNPMName ? index.resourcesByNPMName[key] : index.resources[key] {
      let key = target.key
      resolved.needs.append(key)
      name = target.spec.nameInNPM ?? name
      if let id = index.entries[key]?.id, index.objects[ObjectRef(key.kind, id)] != nil {
        resolved.spec[field] = .string(observed.references.name(key.kind, id))
        return
      }
      resolved.spec[field] = .string(name)
      let holders = observed.references.ids(key.kind, name)
      // It does not exist yet: it is created first.
      if holders.isEmpty {
        if selection?.contains(key) == false { resolved.blockReason = unselected(key) }
        return
      }
      let owner = holders.lazy.compactMap { index.keysByObject[ObjectRef(key.kind, $0)] }.first
      if let owner, owner != key {
        resolved.blockReason = BlockReason(
          .nameTaken, "'\(name)' is still the name of '\(owner.name)' in NPM",
          hint: "apply in two steps: give that one its new name first")
        return
      }
    }
    resolved.blockReason = blockReason(key.kind, name, observed.references.ids(key.kind, name))
  }

  private func unselected(_ key: ResourceKey) -> BlockReason {
    BlockReason(
      .dependencyFailed, "it needs \(key), which is not there yet and not selected", hint: "select that one too")
  }

  private func blockReason(_ target: ResourceKind, _ name: String, _ ids: [ResourceID]) -> BlockReason? {
    if ids.isEmpty {
      let near = Suggestion.nearest(to: name, among: index.resources.keys.filter { $0.kind == target }.map(\.name))
      return BlockReason(
        .unknownReference, "NPM has no \(target.title) named '\(name)', and the YAML neither",
        hint: near.map { "did you mean '\($0)'?" } ?? "write it into the YAML or create it in NPM, or correct the name")
    }
    guard ids.count > 1 else { return nil }
    let list = ids.map(\.description).joined(separator: ", ")
    let message = "NPM has \(ids.count) \(target.title)s named '\(name)' (\(list))"
    return BlockReason(.ambiguousReference, message, hint: "rename all but one of them in NPM")
  }
}
