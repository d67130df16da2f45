import Model

/// What a desired object needs of this NPM: the objects it names, the fields that this release has.
enum ReferenceRule {
  static func obstacle(_ resource: DesiredResource, _ observed: ObservedState) -> Obstacle? {
    guard let kind = KindDescription.of(resource.key.kind) else { return nil }
    for field in kind.fields {
      let value = resource.spec[field.name]
      if let since = field.since, observed.version < since, value != field.standard {
        let message = "'\(field.name)' needs NPM \(since), this is \(observed.version)"
        return Obstacle(.unsupportedByNPM, message, hint: "remove the field, or update NPM")
      }
      guard case .reference(let target) = field.type, let name = value.stringValue else { continue }
      let ids = observed.references.ids(target, name)
      if ids.isEmpty {
        let message = "NPM has no \(target.title) named '\(name)'"
        return Obstacle(.unknownReference, message, hint: "create it in NPM first, or correct the name")
      }
      if ids.count > 1 {
        let list = ids.map(\.description).joined(separator: ", ")
        let message = "NPM has \(ids.count) \(target.title)s named '\(name)' (\(list))"
        return Obstacle(.ambiguousReference, message, hint: "rename all but one of them in NPM")
      }
    }
    return nil
  }
}
