import HTTPServer
package import Model

/// The OpenAPI 3.1 description of routes: what is not in their table cannot be asked for.
package enum OpenAPI {
  package static func document(_ routes: [Route], version: String) -> JSONValue {
    var paths: [String: JSONValue] = [:]
    for route in routes {
      var path = paths[route.pattern.text]?.objectValue ?? [:]
      path[route.method.lowercased()] = operation(route)
      paths[route.pattern.text] = .object(path)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "reconciler", "version": .string(version),
        "description": "GitOps for Nginx Proxy Manager: what the daemon knows and does.",
      ],
      "paths": .object(paths),
      "components": [
        "schemas": ["problem": Problem.schema],
        "securitySchemes": [
          "token": ["type": "http", "scheme": "bearer", "description": "Made by `reconciler token create`."],
          "password": ["type": "http", "scheme": "basic", "description": "A token as the password; for reads only."],
        ],
      ],
    ]
  }

  private static func operation(_ route: Route) -> JSONValue {
    var members: [String: JSONValue] = [
      "operationId": .string(route.id), "summary": .string(route.summary),
      "responses": .object(responses(route)),
    ]
    let parameters =
      route.pattern.variables.map { name in parameter(name, "path", "A part of the path.", ["type": "string"], true) }
      + route.parameters.map { parameter($0.name, "query", $0.meaning, $0.schema, false) }
    if !parameters.isEmpty { members["parameters"] = .array(parameters) }
    if let body = route.body {
      members["requestBody"] = [
        "required": .bool(!route.isBodyOptional), "content": ["application/json": ["schema": body]],
      ]
    }
    if case .role(let role) = route.access {
      var security: [JSONValue] = [["token": []]]
      if role == .read { security.append(["password": []]) }
      members["security"] = .array(security)
    }
    return .object(members)
  }

  private static func parameter(
    _ name: String, _ place: String, _ meaning: String, _ schema: JSONValue, _ isRequired: Bool
  ) -> JSONValue {
    [
      "name": .string(name), "in": .string(place), "description": .string(meaning), "required": .bool(isRequired),
      "schema": schema,
    ]
  }

  private static func responses(_ route: Route) -> [String: JSONValue] {
    var found: [String: JSONValue] = [:]
    for answer in route.answers {
      var members: [String: JSONValue] = ["description": .string(answer.meaning)]
      if !answer.content.isEmpty {
        members["content"] = .object(answer.content.mapValues { ["schema": $0] })
      }
      found[String(answer.status)] = .object(members)
    }
    found["default"] = [
      "description": "A refusal, with a code of the error manual.",
      "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/problem"]]],
    ]
    return found
  }

  static func route(_ others: [Route], version: String) -> Route {
    let answers: [Route.Answer] = [.init(200, "This document.", ["application/json": ["type": "object"]])]
    let own = Route("GET", "/api/openapi.json", "getOpenAPI", "This description", answers: answers) { _ in
      throw Problem(500, .internalError, "the description describes itself")
    }
    let document = OpenAPI.document(others + [own], version: version)
    var described = own
    described.respond = { _ in .json(document) }
    return described
  }
}

/// Shapes of answers, for the description.
enum Shape {
  static let string: JSONValue = ["type": "string"]
  static let integer: JSONValue = ["type": "integer"]
  static let time: JSONValue = ["type": "string", "format": "date-time"]

  /// - Parameter isOpen: further members may be there.
  static func object(
    _ members: [String: JSONValue], required: [String]? = nil, isOpen: Bool = true
  ) -> JSONValue {
    var schema: [String: JSONValue] = [
      "type": "object", "properties": .object(members),
      "required": .array((required ?? members.keys.sorted()).map { .string($0) }),
    ]
    if !isOpen { schema["additionalProperties"] = false }
    return .object(schema)
  }

  static func list(_ item: JSONValue) -> JSONValue {
    object(["items": ["type": "array", "items": item], "next": ["type": ["string", "null"]]])
  }

  static func json(_ schema: JSONValue) -> [String: JSONValue] { ["application/json": schema] }
}

/// A part of a list: `?limit=` and `?cursor=`.
struct Page {
  static let parameters = parameters(cursor: Shape.string)
  /// Where the cursor is a number.
  static let numbered = parameters(cursor: ["type": "string", "pattern": "^[0-9]{1,18}$"])

  private static func parameters(cursor: JSONValue) -> [Route.Parameter] {
    [
      .init("limit", "Entries of one answer.", ["type": "integer", "minimum": 1, "maximum": 1000, "default": 100]),
      .init("cursor", "`next` of the answer before.", cursor),
    ]
  }

  var limit: Int
  var cursor: String?

  init(_ request: APIRequest) throws {
    limit = 100
    if let text = request.query["limit"] {
      guard let number = Int(text), (1...1000).contains(number) else {
        throw Problem(400, .apiRequest, "'limit' is a number from 1 to 1000")
      }
      limit = number
    }
    cursor = request.query["cursor"]
  }

  /// The entries after the cursor, which is the key of the last one before, in the order of their keys.
  func take<Item: Encodable & Sendable>(_ all: [Item], key: (Item) -> String) -> HTTPResponse {
    let items = all.sorted { key($0) < key($1) }
    let start = cursor.flatMap { cursor in items.firstIndex { key($0) > cursor } } ?? (cursor == nil ? 0 : items.count)
    let page = Array(items[start...].prefix(limit))
    let isLast = start + page.count >= items.count
    return .json(ListBody(items: page, next: isLast ? nil : page.last.map(key)))
  }
}

struct ListBody<Item: Encodable & Sendable>: Encodable, Sendable {
  var items: [Item]
  var next: String?

  private enum CodingKeys: String, CodingKey { case items, next }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(items, forKey: .items)
    try container.encode(next, forKey: .next)
  }
}
