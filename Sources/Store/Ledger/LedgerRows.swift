import FoundationEssentials
import Model
import Platform
import SQLite

/// A row of the ledger. Rows of kinds that this version does not know are skipped, never dropped.
enum LedgerRow {
  static let columns = "kind, name, npm_id, created_on, applied, domains, unfinished, protected, on_delete, modified_on"

  static func entry(_ row: [SQLiteValue]) throws -> LedgerEntry? {
    let kind = ResourceKind(rawValue: row[0].text)
    guard ResourceSchema.of(kind) != nil else { return nil }
    let applied = try spec(row[4], kind)
    let lifecycle = Lifecycle(
      isProtected: row[7].int != 0, onDelete: Lifecycle.OnDelete(rawValue: row[8].text) ?? .delete)
    return LedgerEntry(
      key: ResourceKey(kind, row[1].text), id: row[2] == .null ? nil : ResourceID(row[2].int),
      createdOn: row[3] == .null ? nil : row[3].text, modifiedOn: row[9] == .null ? nil : row[9].text,
      applied: applied,
      claims: try StoredJSON.decoded(row[5].text, of: "the ledger"), isUnfinished: row[6].int != 0, lifecycle: lifecycle
    )
  }

  static func spec(_ value: SQLiteValue, _ kind: ResourceKind) throws -> Spec? {
    guard case .text(let json) = value, let description = ResourceSchema.of(kind) else { return nil }
    return try StoredJSON.readable("the ledger") {
      try JSONDecoder().decode(AppliedSpec.self, from: Data(json.utf8), configuration: description)
    }.spec
  }

  static func json(_ spec: Spec?) throws -> SQLiteValue {
    try spec.map { .text(try StoredJSON.encoded($0.withoutHints.json)) } ?? .null
  }

  static func values(_ entry: LedgerEntry) throws -> [SQLiteValue] {
    [
      .text(entry.key.kind.rawValue), .text(entry.key.name), entry.id.map { .integer(Int64($0.number)) } ?? .null,
      entry.createdOn.map { .text($0) } ?? .null, try json(entry.applied),
      .text(try StoredJSON.encoded(entry.claims)), .integer(entry.isUnfinished ? 1 : 0),
      .integer(entry.lifecycle.isProtected ? 1 : 0), .text(entry.lifecycle.onDelete.rawValue),
      entry.modifiedOn.map { .text($0) } ?? .null,
    ]
  }
}

/// A spec decoded by the types of its fields: with ten thousand of them, trying every JSON type for each value would
/// dominate the run time.
private struct AppliedSpec: DecodableWithConfiguration {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  var spec: Spec

  init(from decoder: any Decoder, configuration schema: ResourceSchema) throws {
    spec = Spec(schema)
    let container = try decoder.container(keyedBy: Key.self)
    for field in schema.fields {
      let key = Key(stringValue: field.name)
      guard container.contains(key) else { continue }
      spec[field.name] = try container.decodeNil(forKey: key) ? .null : Self.value(field.type, container, key)
    }
  }

  private static func value(
    _ type: FieldType, _ container: KeyedDecodingContainer<Key>, _ key: Key
  ) throws -> JSONValue {
    switch type {
    case .bool: .bool(try container.decode(Bool.self, forKey: key))
    case .integer, .port: .int(try container.decode(Int.self, forKey: key))
    case .string, .host, .choice, .reference, .secret: .string(try container.decode(String.self, forKey: key))
    case .domains: .array(try container.decode([String].self, forKey: key).map { .string($0) })
    default: try container.decode(JSONValue.self, forKey: key)
    }
  }
}

enum HistoryRow {
  static let columns =
    "run, kind, name, action, begun_at, former, before, after, npm_id, created_on, protected, on_delete"

  static func values(_ draft: ChangeIntent) throws -> [SQLiteValue] {
    [
      .integer(Int64(draft.run)), .text(draft.key.kind.rawValue), .text(draft.key.name), .text(draft.action),
      .real(draft.at.seconds), draft.former.map { .text($0.name) } ?? .null, try LedgerRow.json(draft.before),
      try LedgerRow.json(draft.after), draft.id.map { .integer(Int64($0.number)) } ?? .null,
      draft.createdOn.map { .text($0) } ?? .null,
      draft.lifecycle.map { .integer($0.isProtected ? 1 : 0) } ?? .null,
      draft.lifecycle.map { .text($0.onDelete.rawValue) } ?? .null,
    ]
  }

  /// - Parameter row: the columns, then the outcome.
  static func change(_ row: [SQLiteValue]) throws -> HistoryEntry? {
    let kind = ResourceKind(rawValue: row[1].text)
    guard ResourceSchema.of(kind) != nil else { return nil }
    var draft = ChangeIntent(
      run: row[0].int, key: ResourceKey(kind, row[2].text), action: row[3].text,
      before: try LedgerRow.spec(row[6], kind), after: try LedgerRow.spec(row[7], kind),
      at: Timestamp(seconds: row[4].real))
    if case .text(let name) = row[5] { draft.former = ResourceKey(kind, name) }
    if case .integer(let id) = row[8] { draft.id = ResourceID(Int(id)) }
    if case .text(let time) = row[9] { draft.createdOn = time }
    draft.lifecycle = Lifecycle.OnDelete(rawValue: row[11].text).map {
      Lifecycle(isProtected: row[10].int != 0, onDelete: $0)
    }
    return HistoryEntry(draft, outcome: ChangeRecord.Status(rawValue: row[12].text))
  }
}
