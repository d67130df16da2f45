import HTTPServer
import Model
import Reports
import Store

/// What the daemon is told: leave something alone, go on with it, be silent about it. Each order is an event with who gave it.
struct OrderRoutes {
  private let source: APISource

  init(_ source: APISource) { self.source = source }

  private static let name: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": 200, "description": "A name of the files, or kind/name.",
  ]
  private static let duration: JSONValue = [
    "type": "string", "pattern": "^[1-9][0-9]{0,5}[smhdw]$", "description": "As 30m, 2h or 7d.",
  ]
  private static let reason: JSONValue = ["type": "string", "maxLength": 1000]

  /// One resource by its name, or everything.
  private static func subjectBody(_ others: [String: JSONValue] = [:]) -> JSONValue {
    let one = ["name": name, "all": ["const": false]].merging(others) { $1 }
    let every = ["all": ["const": true, "description": "Everything."]].merging(others) { $1 }
    return [
      "oneOf": [
        Shape.object(one, required: ["name"], isOpen: false), Shape.object(every, required: ["all"], isOpen: false),
      ]
    ]
  }

  private static let answers: [Route.Answer] = [.init(200, "It was done.", Shape.json(["type": "object"]))]

  var routes: [Route] {
    [
      Route(
        "POST", "/api/suspend", "suspend", "Leave a resource, or everything, alone for a while",
        access: .role(.write), body: Self.subjectBody(["for": Self.duration, "reason": Self.reason]),
        answers: Self.answers,
        respond: { try await suspend($0) }),
      Route(
        "POST", "/api/resume", "resume", "End what was suspended", access: .role(.write),
        body: Self.subjectBody(), answers: Self.answers,
        respond: { try await resume($0) }),
      Route(
        "POST", "/api/alerts/silences", "silence", "No notifications of a rule, a host or a subject for a while",
        access: .role(.write),
        body: Shape.object(
          [
            "match": ["type": "string", "minLength": 1, "maxLength": 300], "for": Self.duration, "reason": Self.reason,
          ], required: ["match"], isOpen: false),
        answers: Self.answers, respond: { try await silence($0) }),
    ]
  }

  private func suspend(_ request: APIRequest) async throws -> HTTPResponse {
    let body = try JSONBody(request, known: ["name", "all", "for", "reason"])
    let subject = try subject(body)
    let now = source.now()
    let record = SuspensionRecord(
      subject, until: try body.seconds("for").map { now + $0 }, reason: try body.text("reason") ?? "", begunAt: now)
    let end = record.until?.iso8601 ?? "resumed"
    let why = record.reason.isEmpty ? "" : ": \(record.reason)"
    let event = request.event(
      "suspend", subject.text, "Suspended", "\(title(subject)) suspended until \(end)\(why)")
    try await source.stores.ask { stores in
      try await stores.suspensions.suspend(record)
      try await stores.events.append(event, at: now)
    }
    source.trigger()
    return .json(SuspensionListReport([record]))
  }

  private func resume(_ request: APIRequest) async throws -> HTTPResponse {
    let subject = try subject(try JSONBody(request, known: ["name", "all"]))
    let now = source.now()
    let event = request.event("suspend", subject.text, "Resumed", "\(title(subject)) resumed")
    let existed = try await source.stores.ask { stores in
      guard try await stores.suspensions.resume(subject) else { return false }
      try await stores.events.append(event, at: now)
      return true
    }
    guard existed else {
      throw Problem(
        409, .notSuspended, "\(title(subject)) is not suspended by an order",
        hint: "'suspend' in the YAML ends in the YAML")
    }
    source.trigger()
    return .json(JSONValue.object(["resumed": .string(subject.text)]))
  }

  private func silence(_ request: APIRequest) async throws -> HTTPResponse {
    let body = try JSONBody(request, known: ["match", "for", "reason"])
    guard let match = try body.text("match", upTo: 300), !match.isEmpty else {
      throw Problem(422, .missingKey, "'match' is missing", hint: "a rule, a host, a subject or '*'")
    }
    let now = source.now()
    let until = now + (try body.seconds("for") ?? 7200)
    let reason = try body.text("reason") ?? ""
    let event = request.event(
      "alerts", match, "Silenced", "alerts of '\(match)' are silent until \(until.iso8601)")
    let number = try await source.stores.ask { stores in
      let number = try await stores.alerts.addSilence(match, until: until, reason: reason)
      try await stores.events.append(event, at: now)
      return number
    }
    return .json(JSONValue.object(["number": .int(number), "match": .string(match), "until": .string(until.iso8601)]))
  }

  // MARK: Subjects

  private func subject(_ body: JSONBody) throws -> SuspensionSubject {
    let (name, isAll) = (try body.text("name", upTo: 200), try body.flag("all") ?? false)
    guard (name == nil) == isAll else {
      throw Problem(422, .badValue, "give 'name', or 'all': true", hint: "one of them")
    }
    guard let name else { return .everything }
    let keys = try source.entries().filter { $0.object.source != nil }.map {
      ResourceKey($0.object.kind, $0.object.name)
    }
    let found = keys.filter { $0.name == name || $0.path == name }
    guard found.count <= 1 else {
      throw Problem(
        409, .badName, "'\(name)' is the name of several", hint: "write \(found.map(\.path).joined(separator: " or "))")
    }
    guard let key = found.first else {
      throw Problem(
        404, .unknownName, "the files have nothing of that name",
        hint: Suggestion.nearest(to: name, among: keys.map(\.name)).map { "is it '\($0)'?" })
    }
    return .resource(key)
  }

  private func title(_ subject: SuspensionSubject) -> String {
    switch subject {
    case .everything: "everything"
    case .resource(let key): "'\(key.name)'"
    }
  }
}
