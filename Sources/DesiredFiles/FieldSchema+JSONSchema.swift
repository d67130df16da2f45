package import Model

/// JSON Schema (2020-12) of fields, for editors.
package enum JSONSchema {
  package static let dialect = JSONValue.string("https://json-schema.org/draft/2020-12/schema")

  package static func object(_ properties: [String: JSONValue], _ summary: String) -> JSONValue {
    [
      "type": "object", "properties": .object(properties), "additionalProperties": false,
      "patternProperties": ["^x-": true], "description": .string(summary),
    ]
  }

  package static func fields(_ fields: [FieldSchema], _ shorthands: [ShorthandSchema] = []) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    for field in fields { members[field.name] = describe(field) }
    for shorthand in shorthands {
      members[shorthand.name] = ["type": "string", "pattern": "^https?://", "description": .string(shorthand.summary)]
    }
    return members
  }

  private static func describe(_ field: FieldSchema) -> JSONValue {
    var members = type(field.type).objectValue ?? [:]
    members["description"] = .string(field.summary)
    if let standard = field.defaultValue, !standard.isNull { members["default"] = standard }
    return .object(members)
  }

  private static func type(_ type: FieldType) -> JSONValue {
    switch type {
    case .bool: ["type": "boolean"]
    case .integer(let range): ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
    case .decimal(let range):
      ["type": "number", "minimum": .double(range.lowerBound), "maximum": .double(range.upperBound)]
    case .port: ["type": "integer", "minimum": 1, "maximum": 65535]
    case .string(let lengths):
      ["type": "string", "minLength": .int(lengths.lowerBound), "maxLength": .int(lengths.upperBound)]
    case .host: ["type": "string", "minLength": 1, "maxLength": 255]
    case .locationPath: ["type": "string", "minLength": 1, "maxLength": 1024]
    case .forwardPath: ["type": "string", "maxLength": 1024]
    case .choice(let choices): ["enum": .array(choices.map { .string($0) })]
    case .domains:
      [
        "type": "array", "items": ["type": "string", "minLength": 1], "minItems": 1, "maxItems": 100,
        "uniqueItems": true,
      ]
    case .texts: ["type": "array", "items": ["type": "string", "minLength": 1]]
    case .reference: ["type": ["string", "null"]]
    case .object(let fields): object(Self.fields(fields, []), "")
    case .list(let fields, _, let shorthands):
      ["type": "array", "items": object(Self.fields(fields.written, shorthands), "")]
    case .snippets: ["type": "array", "items": ["type": "string"], "uniqueItems": true]
    case .labels: ["type": "object", "additionalProperties": ["type": ["string", "number", "boolean"]]]
    case .duration: ["type": "string", "pattern": "^([0-9]+[smhdw])+$"]
    case .date: ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"]
    case .statuses: ["type": ["string", "integer", "array"]]
    case .requestPath: ["type": "string", "pattern": "^/"]
    case .headers: ["type": "object", "additionalProperties": ["type": ["string", "number", "object"]]]
    case .anything: [:]
    case .secret: reference(["keep": ["const": true]])
    case .pem, .pemKey: reference([:])
    }
  }

  /// A text that stands elsewhere.
  private static func reference(_ more: [String: JSONValue]) -> JSONValue {
    let ways: [String: JSONValue] = ["env": ["type": "string"], "file": ["type": "string"]]
    return [
      "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
      "properties": .object(ways.merging(more) { $1 }),
    ]
  }
}
