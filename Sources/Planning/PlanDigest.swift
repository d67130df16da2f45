import Hashing
import Model

extension Plan {
  /// Names the plan: equal for equal changes to equal objects, and another for each difference that a plan shows. Carries no
  /// time, no measurement, no secret and not who changed what in NPM.
  package var digest: String { SHA256Digest.labelled(CanonicalJSON.bytes(canonical)) }

  /// Whether this is the plan of a digest, which may be shortened to eight digits.
  package static func matches(_ digest: String, _ wanted: String) -> Bool {
    let prefix = "sha256:"
    let bare = wanted.hasPrefix(prefix) ? String(wanted.dropFirst(prefix.count)) : wanted
    return bare.count >= 8 && digest.dropFirst(prefix.count).hasPrefix(bare.lowercased())
  }

  private var canonical: JSONValue {
    [
      "plan": 2, "owner": .string(owner), "policy": .string(policy.rawValue),
      "changes": .array(changes.map(\.canonical)), "withheld": .array(withheld.map(\.canonical)),
      "unchanged": Self.paths(unchanged.sorted()), "adoptable": Self.paths(adoptable.sorted()),
      "aside": Self.paths(outOfScope.map(\.key)), "bare": Self.labels(hostsToRewrite), "owned": .int(ownedCount),
    ]
  }

  fileprivate static func paths(_ keys: [ResourceKey]) -> JSONValue { .array(keys.map { .string($0.path) }) }

  fileprivate static func labels(_ objects: [ObservedResource]) -> JSONValue {
    .array(objects.map { .string("\($0.kind.rawValue)/\($0.id)") })
  }
}

extension Change {
  fileprivate var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "action": .string(action == .release(isDisabling: true) ? "disable" : action.kind.rawValue),
      "key": .string(key.path),
      "cause": .string(cause.rawValue), "id": id.map { .int($0.number) } ?? .null,
      "fields": .array(fields.map(\.canonical)), "desired": desired?.withoutDigests.json ?? .null,
      "observed": observed?.normalised.withoutDigests.json ?? .null,
      "marker": observed?.marker?.json ?? .null, "former": renamedFrom.map { .string($0.path) } ?? .null,
      "exchanges": Plan.paths(exchangesWith), "rewrites": Plan.labels(rewrites),
    ]
    if let source { members["source"] = .string("\(source.file):\(source.line):\(source.column)") }
    if let blockReason {
      members["obstacle"] = [
        .string(blockReason.code.rawValue), .string(blockReason.message), blockReason.hint.map { .string($0) } ?? .null,
      ]
    }
    if let suspension { members["suspension"] = [.string(suspension.until), .string(suspension.reason)] }
    if case .refused(let message)? = observed?.nginx { members["nginx"] = .string(message) }
    return .object(members)
  }
}

extension FieldChange {
  fileprivate var canonical: JSONValue { [.string(path), before, after, .string(cause.rawValue)] }
}
