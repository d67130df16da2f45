import HTTPServer
import Model
import Platform
import Reports
import Store
import Upstream

/// Heavy work, through the queue.
struct WorkflowRoutes {
  private let source: APISource
  private let desk: WorkflowDesk

  init(_ source: APISource, _ desk: WorkflowDesk) {
    self.source = source
    self.desk = desk
  }

  /// Those that a request can start.
  private static let kinds = WorkflowKind.allCases.filter { $0 != .write }

  private static let accepted = Shape.object([
    "id": Shape.string, "workflow": Shape.string, "state": ["enum": .array(WorkflowRecord.State.names)],
  ])

  private static let members: [String: JSONValue] = [
    "id": Shape.string, "workflow": Shape.string, "state": ["enum": .array(WorkflowRecord.State.names)],
    "progress": Shape.object(["done": Shape.integer, "total": Shape.integer, "message": Shape.string]),
    "started_by": ["type": ["string", "null"]], "correlation_id": Shape.string, "created_at": Shape.time,
    "started_at": ["type": ["string", "null"]], "finished_at": ["type": ["string", "null"]],
    "exit_code": ["type": ["integer", "null"]], "error": ["type": ["object", "null"]],
  ]

  var routes: [Route] {
    Self.kinds.map(start)
      + [
        Route(
          "GET", "/api/workflows", "listWorkflows",
          "Those that wait, run and have ended, newest first; without results",
          parameters: Page.parameters,
          answers: [.init(200, "Newest first.", Shape.json(Shape.list(Shape.object(Self.members))))],
          respond: { try await list($0) }),
        Route(
          "GET", "/api/workflows/{id}/status", "getWorkflow", "How far one is, and what became of it",
          parameters: [Self.wait],
          answers: [
            .init(
              200, "Its state.",
              Shape.json(Shape.object(Self.members.merging(["result": ["type": ["object", "null"]]]) { $1 })))
          ], respond: { try await status($0) }),
        Route(
          "POST", "/api/workflows/{id}/cancel", "cancelWorkflow",
          "Take one out of the queue, or have it end after the change that it is at", access: .role(.write),
          answers: [.init(202, "It ends.", Shape.json(Self.accepted))], respond: { try await cancel($0) }),
      ]
  }

  private static let wait = Route.Parameter(
    "wait", "Seconds to wait for its end.", ["type": "integer", "minimum": 0, "maximum": 60, "default": 0])

  // MARK: Start

  private func start(_ kind: WorkflowKind) -> Route {
    let one: JSONValue = ["type": "string", "minLength": 1, "maxLength": 300, "pattern": "^[^=]"]
    let select: JSONValue = [
      "anyOf": [one, ["type": "array", "maxItems": 100, "items": one]],
      "description": "A name, a label as key=value, or a list of them; none: everything.",
    ]
    var parameters: [String: JSONValue] = [:]
    if [.validate, .diff, .apply, .verify].contains(kind) { parameters["select"] = select }
    if kind == .apply {
      parameters["plan"] = [
        "type": "string", "pattern": "^(sha256:)?[0-9a-f]{8,64}$",
        "description": "The digest of the one plan that may be applied.",
      ]
    }
    if kind == .rollback {
      parameters["run"] = [
        "type": "integer", "minimum": 0, "maximum": 1_000_000_000,
        "description": "The run whose result is to come back; none: the one before the last that changed something.",
      ]
    }
    parameters["npm"] = ["const": "default", "description": "There is one NPM."]
    let known = Array(parameters.keys)
    let shape = Shape.object(parameters, required: [], isOpen: false)
    var route = Route(
      "POST", "/api/workflows/\(kind.rawValue)/start", "start_\(kind.rawValue)",
      "Start `\(kind.rawValue)`; with an `Idempotency-Key`, once", access: .role(kind.writes ? .write : .read),
      body: Shape.object(["parameters": shape], required: [], isOpen: false),
      answers: [.init(202, "It is queued; `Location` tells how far it is.", Shape.json(Self.accepted))]
    ) { request in try await start(kind, known, request) }
    route.isBodyOptional = true
    return route
  }

  private func start(_ kind: WorkflowKind, _ known: [String], _ request: APIRequest) async throws -> HTTPResponse {
    let parameters = try WorkflowParameters(request, known: known)
    var record = WorkflowRecord(
      id: Self.newID(), kind: kind, parameters: parameters, startedBy: request.principal?.name ?? "",
      tokenDigest: request.principal?.digest, correlation: request.correlation, createdAt: source.now())
    if let key = request.header("idempotency-key") {
      guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
        throw Problem(400, .apiRequest, "'Idempotency-Key' has 1 to 255 letters, digits and signs")
      }
      record.idempotencyKey = key
    }
    let queued = try await desk.start(record)
    if queued.id == record.id, kind.writes {
      let event = request.event(
        "workflow", "workflow/\(record.id)", "WorkflowStarted", "\(kind.rawValue) was started")
      let now = source.now()
      try? await source.stores.ask { try await $0.events.append(event, at: now) }
    }
    return Self.accepted(queued)
  }

  /// Not to be guessed from another.
  static func newID() -> String { CorrelationID.random() }

  private struct Accepted: Encodable {
    var id: String
    var workflow: String
    var state: WorkflowRecord.State
  }

  static func accepted(_ record: WorkflowRecord) -> HTTPResponse {
    .json(
      Accepted(id: record.id, workflow: record.kind.rawValue, state: record.state), status: 202,
      headers: [("Location", "/api/workflows/\(record.id)/status")])
  }

  // MARK: Look

  private func list(_ request: APIRequest) async throws -> HTTPResponse {
    let page = try Page(request)
    let found = try await source.stores.ask {
      try await $0.workflows.workflows(before: page.cursor, limit: page.limit + 1)
    }
    let items = found.prefix(page.limit)
    let next = found.count > page.limit ? items.last?.id : nil
    return .json(ListBody(items: items.map { WorkflowReport($0, WorkflowProgress(), hasResult: false) }, next: next))
  }

  private func status(_ request: APIRequest) async throws -> HTTPResponse {
    let id = request.path["id"] ?? ""
    if let text = request.query["wait"] {
      guard let seconds = Int(text), (0...60).contains(seconds) else {
        throw Problem(400, .apiRequest, "'wait' is a number of seconds from 0 to 60")
      }
      await desk.waits(for: id, seconds: Double(seconds))
    }
    guard let (record, progress) = try await desk.status(id) else { throw Self.unknown }
    return .json(WorkflowReport(record, progress))
  }

  private func cancel(_ request: APIRequest) async throws -> HTTPResponse {
    let id = request.path["id"] ?? ""
    guard try await desk.status(id) != nil else { throw Self.unknown }
    guard try await desk.cancel(id) else {
      throw Problem(409, .apiRequest, "it has ended", hint: "GET /api/workflows/\(id)/status tells how")
    }
    guard let (record, _) = try await desk.status(id) else { throw Self.unknown }
    return Self.accepted(record)
  }

  private static let unknown = Problem(
    404, .unknownName, "there is no workflow of that name, or it is not remembered any more",
    hint: "GET /api/workflows names those that are")
}

extension WorkflowRecord.State {
  fileprivate static var names: [JSONValue] { allCases.map { .string($0.rawValue) } }
}

extension WorkflowParameters {
  /// - Throws: `Problem`.
  fileprivate init(_ request: APIRequest, known: [String]) throws {
    self.init()
    let body = try JSONBody(request, known: ["parameters"], isOptional: true)
    guard let given = try body.object("parameters", known: known) else { return }
    select = try given.texts("select", upTo: 100) ?? []
    if select.contains(where: { $0.isEmpty || $0.hasPrefix("=") }) {
      throw Problem(422, .badValue, "'select' has names, or labels as key=value")
    }
    if let npm = try given.text("npm"), npm != "default" {
      throw Problem(422, .unknownName, "there is one NPM, called 'default'")
    }
    plan = try given.text("plan", upTo: 71)
    if let plan, !plan.isDigest {
      throw Problem(422, .badValue, "'plan' is the digest of a plan", hint: "at least eight of its digits")
    }
    run = try given.integer("run", in: 0...1_000_000_000)
  }
}

extension String {
  /// `sha256:` and 8 to 64 hexadecimal digits, or those alone.
  fileprivate var isDigest: Bool {
    let digits = hasPrefix("sha256:") ? dropFirst("sha256:".count) : self[...]
    return (8...64).contains(digits.utf8.count)
      && digits.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}

/// A workflow, as JSON of the contract.
struct WorkflowReport: Encodable, Sendable {
  private let record: WorkflowRecord
  private let progress: WorkflowProgress
  private let hasResult: Bool

  init(_ record: WorkflowRecord, _ progress: WorkflowProgress, hasResult: Bool = true) {
    self.record = record
    self.progress = progress
    self.hasResult = hasResult
  }

  private enum CodingKeys: String, CodingKey {
    case id, workflow, state, progress, result, error, done, total, message
    case startedBy = "started_by"
    case correlation = "correlation_id"
    case createdAt = "created_at"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
    case exitCode = "exit_code"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(record.id, forKey: .id)
    try container.encode(record.kind, forKey: .workflow)
    try container.encode(record.state, forKey: .state)
    var far = container.nestedContainer(keyedBy: CodingKeys.self, forKey: .progress)
    try far.encode(progress.done, forKey: .done)
    try far.encode(progress.total, forKey: .total)
    try far.encode(progress.message, forKey: .message)
    try container.encode(record.startedBy.isEmpty ? nil : record.startedBy, forKey: .startedBy)
    try container.encode(record.correlation, forKey: .correlation)
    try container.encode(record.createdAt.iso8601, forKey: .createdAt)
    try container.encode(record.startedAt?.iso8601, forKey: .startedAt)
    try container.encode(record.finishedAt?.iso8601, forKey: .finishedAt)
    try container.encode(record.exitCode, forKey: .exitCode)
    try container.encode(record.error, forKey: .error)
    if hasResult { try container.encode(record.result, forKey: .result) }
  }
}
