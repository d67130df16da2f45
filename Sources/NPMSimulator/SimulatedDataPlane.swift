import Curl
import FoundationEssentials
import HTTPServer
import Model

/// The data plane of the simulated NPM: hosts as the running nginx has them, with their access lists, and the default
/// site for all other names. HTTP only: the use of certificates is shown in `GET /simulator/served`.
struct SimulatedDataPlane: HTTPHandler {
  let engine: SimulatorEngine
  private let client = CurlEngine(maximumLive: 64)

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    let domain = (request.headers["host"] ?? "").lowercased().split(separator: ":").first.map(String.init) ?? ""
    guard let (configuration, row) = await engine.configuration(of: domain) else {
      return Self.defaultSite(await engine.state.defaultSite)
    }
    if let refusal = await Guard(list: engine.state.accessLists.rows[row["access_list_id"]?.intValue ?? 0])
      .refusal(request)
    {
      return refusal
    }
    switch configuration.split(separator: "/").first {
    case "dead_host": return Self.page(404, "<html><head><title>404 Not Found</title></head></html>")
    case "redirection_host": return Self.redirect(row, request)
    default: return await forward(row, request, domain)
    }
  }

  private static func page(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: [("Content-Type", "text/html"), ("Server", "simulated")], body: Array(text.utf8))
  }

  private static func defaultSite(_ setting: [String: JSONValue]) -> HTTPResponse {
    switch setting["value"]?.stringValue {
    case "404": return page(404, "<html><head><title>404 Not Found</title></head></html>")
    case "444":
      var response = page(444, "")
      response.delivery = .reset
      return response
    case "redirect":
      var response = page(301, "")
      response.headers.append(("Location", setting["meta"]?["redirect"].stringValue ?? "/"))
      return response
    case "html": return page(200, setting["meta"]?["html"].stringValue ?? "")
    default: return page(200, "<html><head><title>Default Site</title></head><body>Congratulations!</body></html>")
    }
  }

  private static func redirect(_ row: [String: JSONValue], _ request: HTTPRequest) -> HTTPResponse {
    var response = page(row["forward_http_code"]?.intValue ?? 301, "")
    let scheme = row["forward_scheme"]?.stringValue ?? "auto"
    let path = row["preserve_path"] == true ? request.path : ""
    let target = "\(scheme == "auto" ? "http" : scheme)://\(row["forward_domain_name"]?.stringValue ?? "")\(path)"
    response.headers.append(("Location", target))
    return response
  }

  /// Forwards as nginx does: HTTP/1.1 with the visitor's `Host`. Responses carry `X-Served-By`, except errors.
  private func forward(_ row: [String: JSONValue], _ request: HTTPRequest, _ domain: String) async -> HTTPResponse {
    let target = destination(row, request.path)
    var transfer = HTTPTransfer(method: request.method, url: target + (request.query.map { "?\($0)" } ?? ""))
    transfer.headers = [("Host", domain)]
    transfer.verifiesCertificates = false
    transfer.usesFreshConnection = true
    transfer.connectTimeout = 2
    transfer.totalTimeout = 10
    guard let answer = try? await client.perform(transfer) else {
      return Self.page(502, "<html><head><title>502 Bad Gateway</title></head></html>")
    }
    var headers = [
      ("Content-Type", answer.headers["content-type"] ?? "application/octet-stream"), ("Server", "simulated"),
    ]
    if let location = answer.headers["location"] { headers.append(("Location", location)) }
    let marked: Set = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308]
    if marked.contains(answer.status) { headers.append(("X-Served-By", domain)) }
    return HTTPResponse(status: answer.status, headers: headers, body: answer.body)
  }

  /// The location with the longest matching prefix, else the host's own destination.
  private func destination(_ row: [String: JSONValue], _ path: String) -> String {
    let fitting = (row["locations"]?.arrayValue ?? []).filter { path.hasPrefix($0["path"].stringValue ?? "\0") }
    let best = fitting.max { ($0["path"].stringValue ?? "").count < ($1["path"].stringValue ?? "").count }
    let place = best?.objectValue ?? row
    let host = place["forward_host"]?.stringValue ?? "", port = place["forward_port"]?.intValue ?? 80
    return "\(place["forward_scheme"]?.stringValue ?? "http")://\(host):\(port)\(path)"
  }
}

/// Enforces an access list like nginx.
private struct Guard {
  let list: [String: JSONValue]?

  /// The response to a denied visitor; nil: allowed.
  func refusal(_ request: HTTPRequest) -> HTTPResponse? {
    guard let list else { return nil }
    let users = list["items"]?.arrayValue ?? [], rules = list["clients"]?.arrayValue ?? []
    let isKnown = users.isEmpty || users.contains { credentials($0) == request.headers["authorization"] }
    let isNear = rules.isEmpty || isAllowed(rules)
    let isIn = list["satisfy_any"] == true && !users.isEmpty && !rules.isEmpty ? isKnown || isNear : isKnown && isNear
    if isIn { return nil }
    if !isNear && (users.isEmpty || list["satisfy_any"] != true) { return HTTPResponse(status: 403) }
    return HTTPResponse(status: 401, headers: [("WWW-Authenticate", "Basic realm=\"Authorization required\"")])
  }

  private func credentials(_ user: JSONValue) -> String {
    let text = "\(user["username"].stringValue ?? ""):\(user["password"].stringValue ?? "")"
    return "Basic " + Data(text.utf8).base64EncodedString()
  }

  /// Visitors of the simulator come from this machine. NPM ends each list of addresses with `deny all`.
  private func isAllowed(_ rules: [JSONValue]) -> Bool {
    let first = rules.first { rule in
      let address = rule["address"].stringValue ?? ""
      return address == "all" || address.hasPrefix("127.") || address == "0.0.0.0/0"
    }
    return first?["directive"] == "allow"
  }
}
