import Daemon
import HTTPServer
import Model
import Probe
import Reports

/// What the files want and what NPM has.
struct ObjectRoutes {
  private let source: APISource

  init(_ source: APISource) { self.source = source }

  var routes: [Route] {
    let all = Route(
      "GET", "/api/proxies/all", "listEverything", "Everything in NPM that holds a domain, ours or not",
      parameters: Page.parameters, answers: [.init(200, "By kind and name.", Shape.json(Shape.list(Self.shape)))]
    ) { request in
      let domains = Set(ResourceSchema.all.filter { $0.claimField == "domain_names" }.map(\.kind))
      let bodies = await bodies(try source.entries().filter { domains.contains($0.object.kind) })
      return try Page(request).take(bodies) { "\($0.kind)/\($0.name)/\($0.id ?? 0)" }
    }
    let kinds = ResourceSchema.all.filter { !$0.isSingleton }
    return [all]
      + kinds.flatMap { kind in
        let path = Self.path(of: kind)
        // What /api/certificates answers is as `reconciler certificates` prints it: all that NPM has.
        return kind.kind == .certificate ? [one(kind, path)] : [list(kind, path), one(kind, path)]
      }
  }

  /// Proxy hosts have a short name of their own.
  static func path(of kind: ResourceSchema) -> String {
    kind.kind == .proxyHost ? "/api/proxies" : "/api/\(kind.section)"
  }

  /// What a write made of one.
  func changed(
    _ key: ResourceKey, _ written: WriteDesk.Written
  ) async throws -> (value: Changed, headers: [(name: String, value: String)]) {
    let entry = source.objects.entries?.first {
      $0.object.kind == key.kind && $0.object.name == key.name && $0.object.source != nil
    }
    guard let entry else { return (Changed(key, nil, written.change), []) }
    return (Changed(key, await bodies([entry])[0], written.change), [("ETag", entry.etag)])
  }

  /// An object, where it is still known, and what became of a change of it.
  struct Changed: Encodable, Sendable {
    private let key: ResourceKey
    private let body: Body?
    private let change: ChangeBody

    init(_ key: ResourceKey, _ body: Body?, _ change: ChangeBody) {
      self.key = key
      self.body = body
      self.change = change
    }

    private enum CodingKeys: String, CodingKey { case kind, name, change }

    func encode(to encoder: any Encoder) throws {
      try body?.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(key.kind.rawValue, forKey: .kind)
      try container.encode(key.name, forKey: .name)
      try container.encode(change, forKey: .change)
    }
  }

  private func list(_ kind: ResourceSchema, _ path: String) -> Route {
    Route(
      "GET", path, "list_\(kind.section)", "Ours of \(kind.section), by name", parameters: Page.parameters,
      answers: [.init(200, "By name.", Shape.json(Shape.list(Self.shape)))]
    ) { request in
      let bodies = await bodies(try ours(kind)).sorted { $0.name < $1.name }
      return try Page(request).take(bodies) { $0.name }
    }
  }

  private func one(_ kind: ResourceSchema, _ path: String) -> Route {
    Route(
      "GET", "\(path)/{name}", "get_\(kind.section)", "One of \(kind.section), by its name in the files",
      answers: [.init(200, "With its ETag.", Shape.json(Self.shape))]
    ) { request in
      let name = request.path["name"] ?? ""
      guard let entry = try ours(kind).first(where: { $0.object.name == name }) else {
        throw Problem.unknown(ResourceKey(kind.kind, name), among: try ours(kind).map(\.object.name))
      }
      return .json(await bodies([entry])[0], headers: [("ETag", entry.etag)])
    }
  }

  private func ours(_ kind: ResourceSchema) throws -> [ObjectBook.Entry] {
    try source.entries().filter { $0.object.kind == kind.kind && $0.object.source != nil }
  }

  // MARK: Bodies

  struct Body: Encodable, Sendable {
    var kind: String
    var name: String
    @Nullable var id: Int?
    var managed: String
    @Nullable var owner: String?
    var domainNames: [String]
    var destination: String
    @Nullable var health: Health?
    var inSync: Bool
    var sync: String
    @Nullable var reason: String?
    var drift: [DriftReport.Field]
    @Nullable var certificate: ObjectReport.Certificate?
    var enabled: Bool
    var labels: [String: String]
    @Nullable var source: LocationReport?
    var spec: JSONValue

    private enum CodingKeys: String, CodingKey {
      case kind, name, id, managed, owner, destination, health, sync, reason, drift, certificate, enabled, labels
      case source, spec
      case domainNames = "domain_names"
      case inSync = "in_sync"
    }
  }

  private func bodies(_ entries: [ObjectBook.Entry]) async -> [Body] {
    let records = await source.health()?.records ?? []
    let isOutOfDate = source.isOutOfDate
    let health = Dictionary(firstOf: records.map { ($0.target.name, $0.health) })
    return entries.map { entry in
      let object = entry.object
      let isChecked = object.kind == .proxyHost && object.source != nil
      return Body(
        kind: object.kind.rawValue, name: object.name, id: object.id, managed: object.managed.rawValue,
        owner: object.owner, domainNames: object.domainNames, destination: object.destination,
        health: isChecked ? health[object.name] : nil, inSync: object.sync == .inSync && !isOutOfDate,
        sync: isOutOfDate ? "unknown" : object.sync.rawValue,
        reason: isOutOfDate ? "the last reconciliation failed: this is what the one before found" : object.reason,
        drift: entry.drift, certificate: object.certificate, enabled: object.enabled,
        labels: object.labels, source: object.source, spec: entry.spec)
    }
  }

  private static let shape = Shape.object(
    [
      "kind": Shape.string, "name": Shape.string, "id": ["type": ["integer", "null"]],
      "managed": ["enum": ["ours", "other", "unmanaged", "missing"]], "owner": ["type": ["string", "null"]],
      "domain_names": ["type": "array", "items": Shape.string], "destination": Shape.string,
      "health": ["enum": ["healthy", "unhealthy", "unknown", nil]], "in_sync": ["type": "boolean"],
      "sync": Shape.string, "reason": ["type": ["string", "null"]], "drift": ["type": "array"],
      "certificate": ["type": ["object", "null"]], "enabled": ["type": "boolean"],
      "labels": ["type": "object", "additionalProperties": Shape.string], "source": ["type": ["object", "null"]],
      "spec": ["type": "object"],
    ])
}
