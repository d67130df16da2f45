import FoundationEssentials
import Model
package import Upstream

/// What an answer to `GET /api/` shows of the server that gave it. It needs no login.
enum ServerRecognition {
  static func read(_ answer: UpstreamResponse, from url: String) throws(NPMError) -> ServerInfo {
    if answer.status == 200, let row = try? JSONDecoder().decode(HealthRow.self, from: Data(answer.body)) {
      let version = NPMVersion(row.version.major, row.version.minor, row.version.revision)
      return ServerInfo(version: version, isSetUp: row.setup ?? true)
    }
    throw refusal(answer, url)
  }

  private static func refusal(_ answer: UpstreamResponse, _ url: String) -> NPMError {
    let text = String(decoding: answer.body.prefix(16_384), as: UTF8.self)
    let status = answer.status
    if text.contains("plain HTTP request was sent to HTTPS port") {
      return error("the server at \(url) speaks TLS on this port", "write https:// in npm.url", status)
    }
    if isNPMplus(answer.body) {
      return error(
        "\(url) is NPMplus, whose API is another than that of Nginx Proxy Manager",
        "this release of reconciler manages Nginx Proxy Manager only", status)
    }
    if text.contains("Congratulations!"), text.contains("Nginx Proxy Manager") {
      return error(
        "\(url) is where Nginx Proxy Manager serves its hosts, not where it is administered",
        "npm.url must be NPM's admin address, usually port 81 of the same machine", status)
    }
    let name = product(text, answer.headers)
    let what = name.map { "is \($0), not" } ?? "does not answer like"
    return error(
      "\(url) \(what) Nginx Proxy Manager (status \(status))", "npm.url must be NPM's admin address, usually port 81",
      status)
  }

  private static func error(_ message: String, _ hint: String, _ status: Int) -> NPMError {
    NPMError(.npmNotNPM, message, hint: hint, status: status)
  }

  /// Its answer has the members `oidc` and `password`, and no version.
  private static func isNPMplus(_ body: [UInt8]) -> Bool {
    guard let row = try? JSONDecoder().decode([String: JSONValue].self, from: Data(body)) else { return false }
    return row["status"] == "OK" && row["oidc"] != nil && row["password"] != nil && row["version"] == nil
  }

  /// Products that people confuse with NPM or run beside it, by words in their pages and headers.
  private static let products = [
    ("portwyrm", "Portwyrm"), ("npmplus", "NPMplus"), ("zoraxy", "Zoraxy"), ("portainer", "Portainer"),
    ("traefik", "Traefik"), ("caddy", "Caddy"), ("proxmox", "Proxmox"), ("home assistant", "Home Assistant"),
    ("pi-hole", "Pi-hole"), ("adguard", "AdGuard Home"), ("cockpit", "Cockpit"), ("synology", "a Synology"),
    ("unraid", "Unraid"), ("openwrt", "OpenWrt"), ("unifi", "UniFi"),
  ]

  private static func product(_ text: String, _ headers: [String: String]) -> String? {
    let title = text.firstRange(of: "<title>").flatMap { start in
      text[start.upperBound...].firstRange(of: "</title>").map { text[start.upperBound..<$0.lowerBound] }
    }
    let name = title.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") } ?? ""
    let words = ([name] + ["server", "x-powered-by"].compactMap { headers[$0] }).joined(separator: " ").lowercased()
    if let known = products.first(where: { words.contains($0.0) }) { return known.1 }
    let isGeneral = ["error", "not found", "bad request", "forbidden", "nginx", "index of", "listing"].contains {
      name.lowercased().contains($0)
    }
    return name.isEmpty || isGeneral ? nil : "'\(name.prefix(60))'"
  }
}

/// Looks for NPM without sending it any password.
package struct NPMFinder: Sendable {
  private let transport: any HTTPTransport
  private let caFile: String?
  /// Seconds for one look.
  private static let patience = 3.0

  package init(transport: any HTTPTransport, caFile: String? = nil) {
    self.transport = transport
    self.caFile = caFile
  }

  /// - Throws: `NPMError`: what is there instead, or why nothing answers.
  package func look(at url: String) async throws(NPMError) -> ServerInfo {
    var configuration = UpstreamConfiguration(name: "NPM")
    configuration.connectTimeout = Self.patience
    configuration.firstByteTimeout = Self.patience
    configuration.readTimeout = Self.patience
    configuration.retry.attempts = 1
    configuration.caFile = caFile
    let upstream = UpstreamClient(baseURL: url, configuration: configuration, transport: transport)
    return try ServerRecognition.read(await NPMCall.send(UpstreamRequest("GET", "/api/"), by: upstream), from: url)
  }

  /// The first of these addresses at which NPM answers; all are asked at once.
  package func first(of urls: [String]) async -> (url: String, server: ServerInfo)? {
    let found = await withTaskGroup(of: (Int, ServerInfo)?.self) { group in
      for (index, url) in urls.enumerated() {
        group.addTask { (try? await look(at: url)).map { (index, $0) } }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    return found.compactMap(\.self).min { $0.0 < $1.0 }.map { (urls[$0.0], $0.1) }
  }

  /// What may be meant by an address that is not NPM's: the other scheme, and the usual port.
  package static func alternatives(to url: String) -> [String] {
    guard let origin = UpstreamOrigin(url) else { return [] }
    let host = origin.host.contains(":") && !origin.host.hasPrefix("[") ? "[\(origin.host)]" : origin.host
    let other = origin.scheme == "http" ? "https" : "http"
    let guesses = [
      "\(origin.scheme)://\(host):\(origin.port)", "\(other)://\(host):\(origin.port)", "http://\(host):81",
      "https://\(host):81",
    ]
    return guesses.filter { $0 != url }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Where NPM usually is, as seen from this machine or a container beside it.
  package static let usual = [
    "http://127.0.0.1:81", "http://npm:81", "http://nginx-proxy-manager:81", "http://host.docker.internal:81",
  ]
}
