import DesiredFiles
import Model

/// Fields that open ways past the guards, or to what the machine keeps secret: only `admin` may set, change or remove them.
struct GuardedFields {
  let role: Role

  /// Each with the value that it has where nothing is said.
  private static let fields: [(name: String, unset: JSONValue)] = [
    ("advanced_config", ""), ("snippets", []), ("validate", "enforce"), ("protect", false), ("on_delete", "delete"),
  ]

  /// - Parameter before: nil: it is new.
  /// - Throws: `Problem`.
  func check(_ order: WriteOrder, _ before: DesiredResource?, _ proposal: EntryEdit.Proposal) throws {
    guard role < .admin else { return }
    switch order.verb {
    case .remove: return
    case .create(let fields), .replace(let fields):
      if let name = fields.sorted(by: { $0.key < $1.key }).first(where: { Self.refersToSecret($0.value) })?.key {
        throw Self.refusal("'\(name)' with { env } or { file }")
      }
    case .accept: break
    }
    // What cannot be read is refused for what is wrong with it.
    guard let after = proposal.loaded.state.resources.first(where: { $0.key == order.key }) else { return }
    if let name = Self.changed(before.map(Self.values) ?? [:], Self.values(after), order) {
      throw Self.refusal("'\(name)'")
    }
  }

  private static func refusal(_ what: String) -> Problem {
    Problem(403, .apiForbidden, "\(what) needs a token with the role 'admin'", hint: "leave it as it is")
  }

  static func refersToSecret(_ value: JSONValue) -> Bool {
    switch value {
    case .array(let items): items.contains(where: refersToSecret)
    case .object(let members):
      (members.count == 1 && ["env", "file"].contains(members.keys.first ?? ""))
        || members.values.contains(where: refersToSecret)
    default: false
    }
  }

  /// What is guarded, by its path.
  private static func values(_ resource: DesiredResource) -> [String: JSONValue] {
    let all = resource.writable
    var found: [String: JSONValue] = [:]
    for (name, unset) in fields { if let value = all[name], value != unset { found[name] = value } }
    if let headers = all["health"]?["headers"].objectValue, !headers.isEmpty {
      found["health.headers"] = .object(headers)
    }
    for location in all["locations"]?.arrayValue ?? [] {
      let path = location["path"].stringValue ?? ""
      for (name, unset) in fields.prefix(2) where location[name] != unset && !location[name].isNull {
        found["locations \(path) \(name)"] = location[name]
      }
    }
    return found
  }

  /// The first field that is not as it was. What defaults of the files give to a new one is not given by the request.
  private static func changed(
    _ before: [String: JSONValue], _ after: [String: JSONValue], _ order: WriteOrder
  ) -> String? {
    let names = Set(before.keys).union(after.keys).sorted()
    return names.first { name in
      guard before[name] != after[name] else { return false }
      guard case .create(let fields) = order.verb else { return true }
      let isGiven = fields[name] != nil || name.contains(" ") || (name == "health.headers" && fields["health"] != nil)
      return isGiven || (fields["preset"] != nil && name != "validate")
    }
  }
}
