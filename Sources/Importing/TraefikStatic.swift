import Model

/// Traefik's own settings, as far as they stand in the command line of its service.
struct TraefikStatic {
  struct EntryPoint {
    var hasTLS = false
    var redirects = false
    var middlewares: [String] = []
    /// For routers that name none.
    var isDefault = false
    /// Client certificates and the like.
    var hasOptions = false
    /// Of the container.
    var port: Int?
  }

  /// Whether a command line says what the entry points are, and no file beside it.
  private(set) var isKnown = false
  private(set) var exposesByDefault = true
  private(set) var entryPoints: [String: EntryPoint] = [:]
  /// Why no router can be taken over.
  private(set) var gaps: [String] = []
  private var hasFile = false
  /// Ports of the container that visitors reach by the ports that NPM serves.
  private var reached: Set<Int> = [80, 443]

  init(_ services: [ComposeService]) {
    for service in services where Self.isTraefik(service.image) {
      if service.environment.keys.contains(where: { $0.uppercased().hasPrefix("TRAEFIK_") }) { hasFile = true }
      read(service.command)
      if !service.commandGaps.isEmpty { gaps += service.commandGaps }
      for port in service.ports where port.published == 80 || port.published == 443 { reached.insert(port.container) }
      for port in service.ports where port.published != nil && port.published != 80 && port.published != 443 {
        reached.remove(port.container)
      }
    }
    isKnown = !entryPoints.isEmpty && !hasFile
  }

  private static func isTraefik(_ image: String) -> Bool {
    let name = image.split(separator: "/").last.map(String.init) ?? image
    return name == "traefik" || name.hasPrefix("traefik:") || name.hasPrefix("traefik@")
  }

  /// Whether visitors reach it by the ports that NPM serves; without a port, it is not known otherwise.
  func isReached(_ point: EntryPoint) -> Bool { point.port.map(reached.contains) ?? true }

  /// `--name=value`, `-name=value` or `--name value`.
  private mutating func read(_ command: [String]) {
    var rest = command[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-") else { continue }
      let parts = argument.drop { $0 == "-" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      var value = parts.count > 1 ? String(parts[1]) : "true"
      if parts.count == 1, let next = rest.first, !next.hasPrefix("-") {
        value = next
        rest = rest.dropFirst()
      }
      read(String(parts.first ?? ""), value)
    }
  }

  private mutating func read(_ name: String, _ value: String) {
    let path = name.lowercased().split(separator: ".").map(String.init)
    if path.first == "configfile" { hasFile = true }
    if path == ["providers", "docker", "exposedbydefault"] { exposesByDefault = ImportNode.flag(value) ?? true }
    if path == ["providers", "docker", "constraints"] { gaps.append("Traefik takes only some services (constraints)") }
    guard path.count > 2, path[0] == "entrypoints" else { return }
    var point = entryPoints[path[1]] ?? EntryPoint()
    let rest = path.dropFirst(2).joined(separator: ".")
    switch rest {
    case "address": point.port = Int(value.split(separator: "/")[0].split(separator: ":").last ?? "")
    case "asdefault": point.isDefault = ImportNode.flag(value) ?? false
    case "http.middlewares": point.middlewares += value.split(separator: ",").map(String.init)
    case "http.tls": point.hasTLS = value.isEmpty || value.lowercased() == "true"
    case _ where rest.hasPrefix("http.tls.options"): (point.hasTLS, point.hasOptions) = (true, true)
    case _ where rest.hasPrefix("http.tls."): point.hasTLS = true
    case _ where rest.hasPrefix("http.redirections."): point.redirects = true
    default: break
    }
    entryPoints[path[1]] = point
  }
}

/// The middlewares in labels, by what they do to a host that is without them.
struct TraefikMiddlewares {
  /// By name: the paths of its options, such as `redirectscheme.scheme`.
  private var options: [String: Set<String>] = [:]

  mutating func add(_ name: String, _ option: String) { options[name, default: []].insert(option) }

  enum Effect: Equatable {
    /// It answers every request with a redirection.
    case redirectsToTLS
    /// The same, but for what comes by TLS already.
    case forcesTLS
    /// It only changes answers.
    case isCosmetic
    /// It may decide who gets in, or where a request goes.
    case isNeeded
  }

  /// - Parameter reference: as a router names it: `auth`, `auth@docker`, `auth@file`.
  func effect(_ reference: String) -> Effect {
    let parts = reference.split(separator: "@").map { $0.lowercased() }
    guard let name = parts.first, parts.count == 1 || parts[1] == "docker", let found = options[name] else {
      return .isNeeded
    }
    if found.allSatisfy({ $0.hasPrefix("redirectscheme.") }) { return .redirectsToTLS }
    let forcing: Set = [
      "headers.sslredirect", "headers.ssltemporaryredirect", "headers.sslproxyheaders.x-forwarded-proto",
    ]
    let rest = found.subtracting(forcing)
    guard rest.allSatisfy(Self.isCosmetic) else { return .isNeeded }
    return rest == found ? .isCosmetic : .forcesTLS
  }

  private static func isCosmetic(_ option: String) -> Bool {
    if option == "compress" || option.hasPrefix("compress.") { return true }
    guard option.hasPrefix("headers.") else { return false }
    let names = [
      "customresponseheaders.", "customrequestheaders.x-forwarded-proto", "stsseconds", "stsincludesubdomains",
      "stspreload", "forcestsheader", "framedeny", "customframeoptionsvalue", "contenttypenosniff",
      "browserxssfilter", "custombrowserxssvalue", "contentsecuritypolicy", "referrerpolicy", "permissionspolicy",
      "accesscontrol", "addvaryheader",
    ]
    return names.contains { option.dropFirst(8).hasPrefix($0) }
  }
}
