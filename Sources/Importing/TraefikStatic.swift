import Model

/// Traefik's own settings, as far as they stand in the command line of its service.
struct TraefikStatic {
  struct EntryPoint {
    var hasTLS = false
    var redirects = false
    var middlewares: [String] = []
  }

  /// Whether a service of Traefik with a command line was found.
  private(set) var isKnown = false
  private(set) var exposesByDefault = true
  private(set) var entryPoints: [String: EntryPoint] = [:]

  init(_ services: [ComposeService]) {
    for service in services where Self.isTraefik(service.image) && !service.command.isEmpty {
      isKnown = true
      for argument in service.command where argument.hasPrefix("--") { read(argument.dropFirst(2)) }
    }
  }

  private static func isTraefik(_ image: String) -> Bool {
    let name = image.split(separator: "/").last.map(String.init) ?? image
    return name == "traefik" || name.hasPrefix("traefik:") || name.hasPrefix("traefik@")
  }

  private mutating func read(_ argument: Substring) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let path = parts[0].lowercased().split(separator: ".").map(String.init)
    let value = parts.count > 1 ? parts[1] : "true"
    if path == ["providers", "docker", "exposedbydefault"] { exposesByDefault = ImportNode.flag(value) ?? true }
    guard path.count > 2, path[0] == "entrypoints" else { return }
    var point = entryPoints[path[1]] ?? EntryPoint()
    switch path.dropFirst(2).prefix(2).joined(separator: ".") {
    case "http.tls": point.hasTLS = path.count > 4 || ImportNode.flag(value) != false
    case "http.redirections": point.redirects = true
    case "http.middlewares": point.middlewares += value.split(separator: ",").map(String.init)
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
    case redirectsToTLS
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
    return found.allSatisfy(Self.isCosmetic) ? .isCosmetic : .isNeeded
  }

  private static func isCosmetic(_ option: String) -> Bool {
    if option == "compress" || option.hasPrefix("compress.") { return true }
    guard option.hasPrefix("headers.") else { return false }
    let names = [
      "customresponseheaders", "customrequestheaders", "sts", "forcestsheader", "framedeny", "customframeoptionsvalue",
      "contenttypenosniff", "browserxssfilter", "custombrowserxssvalue", "contentsecuritypolicy", "referrerpolicy",
      "permissionspolicy", "accesscontrol", "addvaryheader",
    ]
    return names.contains { option.dropFirst(8).hasPrefix($0) }
  }
}
