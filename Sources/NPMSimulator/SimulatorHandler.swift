import FoundationEssentials
import HTTPServer
import Model
import Platform

/// The HTTP handler: the work of Express and nginx around NPM's code, the faults, and the control calls.
struct SimulatorHandler: HTTPHandler {
  static let jsonType = "application/json; charset=utf-8"
  /// Express refuses larger bodies.
  private static let bodyLimit = 100 * 1024

  struct SeenRequest: Codable, Sendable {
    var method: String
    var path: String
    /// nil: no response yet.
    var status: Int?
    /// Whether NPM has finished the call; the response may still be in transit or delayed.
    var isDone = false
  }

  let engine: SimulatorEngine
  let version: NPMVersion
  let hasControl: Bool
  let faults = FaultRules()
  let frontage = Frontage()
  let onReload: (@Sendable (JSONValue) async -> Void)?
  let stop: ShutdownSignal
  private let seen = Lock<[SeenRequest]>([])

  init(engine: SimulatorEngine, _ settings: Simulator.Settings, stop: ShutdownSignal) {
    self.engine = engine
    version = settings.version
    hasControl = settings.hasControl
    onReload = settings.onReload
    self.stop = stop
  }

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    if hasControl, request.path.hasPrefix("/simulator/") { return await control(request) }
    guard hasControl else { return await answer(request) }
    let number = seen.withLock { list in
      list.append(SeenRequest(method: request.method, path: request.path, status: nil))
      return list.count - 1
    }
    let response = await faulted(request, number)
    seen.withLock { list in if list.indices.contains(number) { list[number].status = response.status } }
    return response
  }

  // MARK: Faults

  private func faulted(_ request: HTTPRequest, _ number: Int) async -> HTTPResponse {
    guard let rule = faults.take(request.method, request.path) else { return await answer(request) }
    if rule.when != .after && rule.action != .delay { return await spoiled(nil, rule) }
    if rule.action == .delay {
      await wait(rule.delay_ms ?? 0)
      return await answer(request)
    }
    let good = await answer(request)
    seen.withLock { list in if list.indices.contains(number) { list[number].isDone = true } }
    return await spoiled(good, rule)
  }

  private func spoiled(_ good: HTTPResponse?, _ rule: FaultRule) async -> HTTPResponse {
    await wait(rule.action == .stall ? rule.delay_ms.flatMap { $0 > 0 ? $0 : nil } ?? 600_000 : rule.delay_ms ?? 0)
    let extra = (rule.headers ?? [:]).map { (name: $0.key, value: $0.value) }
    let error = NPMFault(rule.status ?? 500, "Internal Error")
    var response = good ?? encode(.json(error.status, error.json(withDebug: false)))
    switch rule.action {
    case .status: response = encode(.json(error.status, error.json(withDebug: false)))
    case .reset, .stall: response.delivery = .reset
    case .truncate: response.delivery = .cut(after: response.body.count / 2)
    case .drip: response.delivery = .drip(pause: Double(rule.delay_ms ?? 200) / 1000)
    case .html:
      let page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
      response = HTTPResponse(
        status: rule.status ?? 502, headers: [("Content-Type", "text/html")], body: Array(page.utf8))
    case .mislabel:
      response.headers = response.headers.filter { $0.name != "Content-Type" } + [("Content-Type", "text/plain")]
    case .delay: break
    }
    response.headers += extra
    return response
  }

  /// Waits in slices, so that a stop of the server or new rules end the wait.
  private func wait(_ milliseconds: Int) async {
    var left = milliseconds
    let generation = faults.generation
    while left > 0, !stop.isRequested, faults.generation == generation {
      try? await Task.sleep(for: .milliseconds(min(left, 50)))  // the fault itself: a late response
      left -= 50
    }
  }

  // MARK: NPM

  /// NPM's own nginx is in front of its API: a reload closes idle connections and the connection of the call itself.
  private func answer(_ request: HTTPRequest) async -> HTTPResponse {
    let before = await engine.reloads
    var response = await answerOfNPM(request)
    if let onReload, await engine.reloads != before { await onReload(engine.served()) }
    guard !frontage.isDirect else {
      response.headers.removeAll { $0.name == "Server" }
      return response
    }
    if await engine.reloads != before {
      frontage.reloaded()
      response.headers.append(("Connection", "close"))
    }
    return response
  }

  private func answerOfNPM(_ request: HTTPRequest) async -> HTTPResponse {
    if request.path == "/api" {
      let page =
        "<html>\r\n<head><title>302 Found</title></head>\r\n<body>\r\n<center><h1>302 Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
      return HTTPResponse(
        status: 302, headers: [("Content-Type", "text/html"), ("Location", "/api/"), server], body: Array(page.utf8))
    }
    guard request.path.hasPrefix("/api/") else {
      let page = "<html><body>This is a simulator of Nginx Proxy Manager. It has no pages.</body></html>"
      return HTTPResponse(status: 200, headers: [("Content-Type", "text/html"), server], body: Array(page.utf8))
    }
    switch BodyReader.read(request, limit: Self.bodyLimit) {
    case .failure(let fault): return encode(.json(fault.status, fault.json(withDebug: false)))
    case .success(let body):
      let call = SimulatorCall(
        method: request.method, path: path(request), query: QueryString.parse(request.query ?? ""), body: body,
        contentType: request.headers["content-type"] ?? "", rawBody: request.body,
        authorization: request.headers["authorization"])
      return encode(await Router(engine: engine, version: version).answer(call))
    }
  }

  private func path(_ request: HTTPRequest) -> String {
    let inner = String(request.path.dropFirst(4))
    guard inner.count > 1, inner.hasSuffix("/") else { return inner }
    // A trailing slash is ignored, except after a number: there it is part of the route.
    return inner.dropLast().last?.isNumber == true ? inner : String(inner.dropLast())
  }

  private var server: (name: String, value: String) { ("Server", "reconciler-simulator (NPM \(version))") }

  private func encode(_ answer: SimulatorAnswer) -> HTTPResponse {
    switch answer.body {
    case .json(let value):
      let body = OrderedJSON.encode(value)
      return HTTPResponse(status: answer.status, headers: [("Content-Type", Self.jsonType), server], body: body)
    case .text(let body, let type):
      let headers = type.isEmpty ? [server] : [("Content-Type", type), server]
      return HTTPResponse(status: answer.status, headers: headers, body: body)
    }
  }

  // MARK: Control

  private struct Control: Decodable {
    /// A concurrent client's writes: the next `count` tests fail with an error about the file of host `id`.
    struct Rival: Decodable {
      var id: Int
      var count: Int
    }
    var start: SimulatorState.Start?
    var rival: Rival?
    var held: [Int]?
    var direct: Bool?
    var state: SimulatorState.Nginx?
    var rules: [FaultRule]?
    var issues: Bool?
  }

  private func control(_ request: HTTPRequest) async -> HTTPResponse {
    let body = try? JSONDecoder().decode(Control.self, from: Data(request.body))
    switch (request.method, request.path) {
    case ("POST", "/simulator/reset"):
      guard let start = body?.start else { return refused("start must be fresh-admin or unconfigured") }
      await engine.reset(start)
      frontage.isDirect = false
      faults.replace([])
      seen.withLock { $0 = [] }
    case ("PUT", "/simulator/nginx"):
      guard body?.state != nil || body?.rival != nil else { return refused("state must be ok, broken or stopped") }
      if let state = body?.state { await engine.setNginx(state) }
      if let rival = body?.rival { await engine.setRival(rival.id, rival.count) }
    case ("PUT", "/simulator/ports"):
      guard let held = body?.held else { return refused("held must be a list of ports") }
      await engine.setHeldPorts(Set(held))
    case ("PUT", "/simulator/proxy"):
      guard let direct = body?.direct else { return refused("direct must be true or false") }
      frontage.isDirect = direct
    case ("PUT", "/simulator/letsencrypt"):
      guard let issues = body?.issues else { return refused("issues must be true or false") }
      await engine.setIssuing(issues)
    case ("PUT", "/simulator/faults"):
      guard let rules = body?.rules else { return refused("rules must be a list of fault rules") }
      faults.replace(rules)
    case ("GET", "/simulator/requests"):
      let list = seen.withLock { $0 }
      let data = (try? JSONEncoder().encode(list)) ?? Data()
      return HTTPResponse(status: 200, headers: [("Content-Type", Self.jsonType), server], body: Array(data))
    case ("GET", "/simulator/served"): return encode(.json(200, await engine.served()))
    default: return encode(.json(404, ["error": "no such control call"]))
    }
    return encode(.json(200, true))
  }

  private func refused(_ words: String) -> HTTPResponse { encode(.json(400, ["error": .string(words)])) }
}

/// The nginx between clients and NPM's API.
final class Frontage: Sendable {
  private struct State {
    var isDirect = false
    var reloaded: @Sendable () -> Void = {}
  }
  private let state = Lock(State())

  /// Whether clients reach the API without NPM's nginx.
  var isDirect: Bool {
    get { state.withLock { $0.isDirect } }
    set { state.withLock { $0.isDirect = newValue } }
  }

  func onReload(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.reloaded = body } }
  func reloaded() { state.withLock { $0.reloaded }() }
}
