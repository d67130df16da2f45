import Daemon
import DesiredFiles
import HTTPServer
import Model
import Planning
import Platform
import Reconciler
import Reports
import Store

/// Writes of the desired files, and what of NPM is taken over into them.
struct WriteRoutes {
  private let source: APISource
  private let objects: ObjectRoutes
  private let desk: WriteDesk
  private let workflows: WorkflowDesk
  private let validation: ProxyValidation

  /// Seconds after which a write is told about as a workflow.
  private static let patience = 30.0

  init(_ source: APISource, _ objects: ObjectRoutes, _ workflows: WorkflowDesk) {
    self.source = source
    self.objects = objects
    self.workflows = workflows
    let destinations = DestinationDesk(source.stores, source.policy)
    desk = WriteDesk(source, destinations)
    validation = ProxyValidation(source, destinations)
  }

  var routes: [Route] {
    let validate = Route(
      "POST", "/api/proxies/validate", "validateProxy",
      "Whether a proxy host would be taken, and how its destinations are; nothing is written",
      body: Self.fields(.proxyHost, hasName: false),
      answers: [.init(200, "What was found.", Shape.json(ProxyValidation.shape))],
      respond: { try await validation.respond($0) })
    return [validate]
      + ResourceSchema.all.filter { !$0.isSingleton }.flatMap { kind in
        let path = ObjectRoutes.path(of: kind)
        return [create(kind, path), replace(kind, path), remove(kind, path)]
          + (kind.kind == .proxyHost ? [accept(kind, path)] : [])
      }
  }

  // MARK: Descriptions

  private static let dryRun = Route.Parameter(
    "dry_run", "Answer with the plan, and write nothing.", ["type": "boolean", "default": false])
  private static let message = Route.Parameter(
    "message", "Why, for the log of the repository; one line.", ["type": "string", "maxLength": 200])

  /// The fields as a desired file takes them. What a schema cannot say of them is told with 422.
  private static func fields(_ kind: ResourceSchema, hasName: Bool) -> JSONValue {
    var properties = JSONSchema.fields(kind.writtenFields, kind.shorthands)
    if hasName || kind.nameField != "name" {
      properties["name"] = ["type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"]
    }
    var schema = JSONSchema.object(properties, "A \(kind.kind.title), as in a desired file.").objectValue ?? [:]
    if hasName { schema["required"] = ["name"] }
    return .object(schema)
  }

  private static let changed: JSONValue = {
    let change = Shape.object(
      [
        "outcome": ["enum": ["applied", "failed", "unproven", "not_attempted", "withheld", "unchanged"]],
        "error": ["type": ["object", "null"]], "run": ["type": ["integer", "null"]],
        "note": ["type": ["string", "null"]],
      ])
    return Shape.object(["name": Shape.string, "kind": Shape.string, "change": change])
  }()

  private static func answers(_ status: Int, _ meaning: String) -> [Route.Answer] {
    let answer: JSONValue = [
      "anyOf": [changed, Shape.object(["format_version": Shape.string, "changes": ["type": "array"]])]
    ]
    var answers = [
      Route.Answer(status, meaning, Shape.json(status == 200 ? answer : changed)),
      Route.Answer(202, "It takes longer: `Location` tells how far it is.", Shape.json(["type": "object"])),
    ]
    if status != 200 { answers.append(Route.Answer(200, "The plan.", Shape.json(answer))) }
    return answers
  }

  // MARK: Routes

  private func create(_ kind: ResourceSchema, _ path: String) -> Route {
    Route(
      "POST", path, "create_\(kind.section)", "A new one of \(kind.section), in a file of its own below api/",
      access: .role(.write), parameters: [Self.dryRun, Self.message], body: Self.fields(kind, hasName: true),
      answers: Self.answers(201, "It was written; `change` says what became of it.")
    ) { request in
      var fields = try JSONBody(request, known: nil).members
      guard let name = fields.removeValue(forKey: "name")?.stringValue else {
        throw Problem(422, .missingKey, "'name' is missing, or no text")
      }
      guard ResourceName.isRight(name), !ResourceName.reserved.contains(name) else {
        throw Problem(422, .badName, "'\(name.prefix(100))' is no name for it", hint: ResourceName.hint)
      }
      return try await write(ResourceKey(kind.kind, name), .create(fields), request, path)
    }
  }

  private func replace(_ kind: ResourceSchema, _ path: String) -> Route {
    Route(
      "PUT", "\(path)/{name}", "replace_\(kind.section)",
      "All fields of one; what is not given goes back to its default; with `If-Match` only if it is as you have seen it",
      access: .role(.write), parameters: [Self.dryRun, Self.message], body: Self.fields(kind, hasName: false),
      answers: Self.answers(200, "It was written; `change` says what became of it.")
    ) { request in
      var fields = try JSONBody(request, known: nil).members
      let key = ResourceKey(kind.kind, request.path["name"] ?? "")
      // Some kinds have a field of that name: what NPM calls them.
      if kind.nameField != "name", let name = fields.removeValue(forKey: "name"), name != .string(key.name) {
        throw Problem(
          422, .badName, "'name' is the name in the path: one is not renamed here", hint: "rename it in the file")
      }
      return try await write(key, .replace(fields), request, path)
    }
  }

  private func remove(_ kind: ResourceSchema, _ path: String) -> Route {
    Route(
      "DELETE", "\(path)/{name}", "remove_\(kind.section)", "Takes one out of the files, and then out of NPM",
      access: .role(.write), parameters: [Self.dryRun, Self.message],
      answers: Self.answers(200, "It was removed; `change` says what became of it.")
    ) { request in
      try await write(ResourceKey(kind.kind, request.path["name"] ?? ""), .remove, request, path)
    }
  }

  private func accept(_ kind: ResourceSchema, _ path: String) -> Route {
    Route(
      "POST", "\(path)/{name}/accept", "accept_\(kind.section)", "What was changed in NPM becomes what the files say",
      access: .role(.write), parameters: [Self.dryRun, Self.message],
      answers: Self.answers(200, "It was written; `change` says what became of it.")
    ) { request in
      let key = ResourceKey(kind.kind, request.path["name"] ?? "")
      let planned = try await source.orders.plan(
        ReconcileOrder(correlation: request.correlation, stop: ShutdownSignal()))
      let change = (planned.plan.changes + planned.plan.withheld).first { $0.key == key }
      let drifted = (change?.fields ?? []).filter { $0.isDrifted && !$0.path.hasPrefix("meta.") }
      guard change?.action == .update, !drifted.isEmpty else {
        guard planned.desired.resources.contains(where: { $0.key == key }) else {
          throw Problem.unknown(key, among: planned.desired.resources.map(\.key.name))
        }
        throw Problem(
          409, .notAcceptable, "'\(key.name)' has no drift that the files could take over",
          hint: "GET /api/drift shows it")
      }
      return try await write(
        key, .accept(Dictionary(firstOf: drifted.map { ($0.path, $0.before) })), request, path)
    }
  }

  // MARK: Work

  private func write(
    _ key: ResourceKey, _ verb: WriteOrder.Verb, _ request: APIRequest, _ path: String
  ) async throws -> HTTPResponse {
    var order = try Self.order(key, verb, request)
    order.hasDefaultCertificate = source.orders.hasDefaultCertificate
    let stop = ShutdownSignal()
    let work = Task { [desk, order] () -> Result<WriteDesk.Result, any Error> in
      do { return .success(try await desk.perform(order, stop: stop)) } catch { return .failure(error) }
    }
    guard let result = await work.value(within: Self.patience) else {
      return try await follow(order, stop, work)
    }
    switch try result.get() {
    case .planned(let planned):
      return .json(PlanReport(planned, nil, planned.warnings + planned.refusals))
    case .written(let written):
      return try await answer(key, written, path)
    }
  }

  private static func order(
    _ key: ResourceKey, _ verb: WriteOrder.Verb, _ request: APIRequest
  ) throws -> WriteOrder {
    var order = WriteOrder(
      key: key, verb: verb, role: request.principal?.role ?? .read, author: request.principal?.name ?? "",
      message: try line(request.query["message"] ?? ""), correlation: request.correlation)
    order.isDryRun = try request.flag("dry_run")
    order.ifMatch = request.header("if-match").map { text in
      text.split(separator: ",").map { $0.trimmingBlanks() }
    }
    return order
  }

  /// What stands in the log of a repository is one line that shows as it is.
  private static func line(_ text: String) throws -> String {
    guard text.unicodeScalars.count <= 200 else {
      throw Problem(422, .badValue, "'message' is one line of up to 200 characters")
    }
    let plain = text.unicodeScalars.map { UnsafeScalar.isUnsafe($0) ? " " : $0 }
    return String(String.UnicodeScalarView(plain)).trimmingBlanks()
  }

  private func answer(_ key: ResourceKey, _ written: WriteDesk.Written, _ path: String) async throws -> HTTPResponse {
    let body = try await objects.changed(key, written)
    guard written.before == nil else { return .json(body.value, headers: body.headers) }
    return .json(body.value, status: 201, headers: body.headers + [("Location", "\(path)/\(key.name)")])
  }

  /// Goes on as a workflow.
  private func follow(
    _ order: WriteOrder, _ stop: ShutdownSignal, _ work: Task<Result<WriteDesk.Result, any Error>, Never>
  ) async throws -> HTTPResponse {
    var record = WorkflowRecord(
      id: WorkflowRoutes.newID(), kind: .write, startedBy: order.author, correlation: order.correlation,
      createdAt: source.now())
    record.parameters.select = [order.key.path]
    let started = try await workflows.follow(record, stop) {
      switch await work.value {
      case .success(.planned(let planned)):
        return WorkflowRunner.outcome(of: PlanReport(planned, nil, planned.warnings))
      case .success(.written(let written)):
        let isFine = ["applied", "unchanged"].contains(written.change.outcome)
        return WorkflowRunner.outcome(
          of: WrittenReport(name: order.key.name, change: written.change), exit: isFine ? .success : .incomplete,
          error: isFine ? nil : Diagnostic(.dependencyFailed, "it was written, and is \(written.change.outcome)"))
      case .failure(let error): return WorkflowRunner.outcome(of: error)
      }
    }
    return WorkflowRoutes.accepted(started)
  }

  private struct WrittenReport: Encodable {
    var name: String
    var change: ChangeBody
  }
}

extension StringProtocol {
  fileprivate func trimmingBlanks() -> String {
    var text = Substring(self)
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
