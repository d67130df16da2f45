import Model

/// A router of Traefik, as labels describe it.
struct TraefikRouter {
  let name: String
  let service: ComposeService
  let route: ComposeRoute
  let place: SourceLocation
  var options: [String: String] = [:]
  /// Why it cannot be taken over.
  var gaps: [String] = []

  /// For messages: what is no name may be a secret that was written in its place.
  var shownName: String { ComposeService.shown(name) }
}

/// What the labels of Traefik in a project say. Names are the same in any case.
struct TraefikLabels {
  private(set) var routers: [String: TraefikRouter] = [:]
  private(set) var middlewares = TraefikMiddlewares()
  /// Load balancers by name, with the service whose container they lead to.
  private(set) var targets: [String: (options: [String: String], route: ComposeRoute)] = [:]
  /// Names of targets that several services have.
  private var sharedTargets: Set<String> = []
  /// Names of the targets of a service, by its place.
  private(set) var targetsOfService: [SourceLocation: Set<String>] = [:]

  private static let knownOptions = ["rule", "entrypoints", "middlewares", "service", "tls", "priority", "rulesyntax"]

  mutating func add(_ service: ComposeService, _ route: ComposeRoute, _ draft: inout ImportDraft) {
    var seen: Set<String> = []
    var others: Set<String> = []
    for label in service.labels {
      let parts = label.key.lowercased().split(separator: ".").map(String.init)
      guard parts.first == "traefik", parts.count > 2 else { continue }
      let option = parts.dropFirst(4).joined(separator: ".")
      switch (parts[1], parts[2]) {
      case ("http", "routers") where parts.count > 4:
        add(option, of: parts[3], label, service, route, isNew: seen.insert(parts[3]).inserted)
      case ("http", "middlewares") where parts.count > 4: middlewares.add(parts[3], option)
      case ("http", "services") where parts.count > 4:
        if let known = targets[parts[3]], known.route.service.place != service.place { sharedTargets.insert(parts[3]) }
        targets[parts[3], default: ([:], route)].options[option] = label.value
        targetsOfService[service.place, default: []].insert(parts[3])
      case ("tcp", _), ("udp", _): others.insert("\(parts[1]) routers: their ports are in Traefik's own settings")
      default: others.insert("'\(ComposeService.shown(label.key))': it is not known")
      }
    }
    for other in others.sorted() {
      draft.note("labels of service \(service.name) are left out, of \(other)", at: service.place)
    }
    if seen.isEmpty, service.label("traefik.enable") != nil {
      draft.note(
        "service \(service.name) is left out: its rule is in Traefik's own settings (defaultRule)", at: service.place)
    }
  }

  private mutating func add(
    _ option: String, of name: String, _ label: ComposeService.Label, _ service: ComposeService, _ route: ComposeRoute,
    isNew: Bool
  ) {
    var router =
      routers[name] ?? TraefikRouter(name: name, service: service, route: route, place: label.place, gaps: service.gaps)
    if router.service.place != service.place { router.gaps.append("two services have a router of this name") }
    let isKnown = Self.knownOptions.contains { option == $0 || option.hasPrefix("\($0).") }
    if !isKnown { router.gaps.append("an option of its router has no counterpart here") }
    if option.hasPrefix("tls.options") { router.gaps.append("its TLS options have no counterpart in NPM") }
    if option == "rulesyntax" { router.gaps.append("the syntax of its rule is not read") }
    router.options[option] = label.value
    routers[name] = router
  }

  /// Sets scheme, host and port of what a router leads to.
  func fill(_ object: inout ImportedObject, _ router: TraefikRouter) {
    let own = targetsOfService[router.service.place] ?? []
    var (options, route): ([String: String], ComposeRoute) = ([:], router.route)
    if let named = router.options["service"] {
      let parts = named.lowercased().split(separator: "@").map(String.init)
      guard let name = parts.first, parts.count == 1 || parts[1] == "docker", let found = targets[name] else {
        return object.lack("its service is not in the labels")
      }
      (options, route) = found
    } else if own.count == 1, let found = own.first.flatMap({ targets[$0] }) {
      (options, route) = found
    } else if own.count > 1 {
      return object.lack("its container has several services, and it names none")
    }
    if sharedTargets.contains(where: { targets[$0]?.route.service.place == route.service.place }) {
      object.lack("several services have its load balancer")
    }
    // With one server, it makes no difference whether a visitor stays with it, or which one is well.
    let known = ["loadbalancer.server.port", "loadbalancer.server.scheme", "loadbalancer.passhostheader"]
    let rest = options.keys.filter { key in
      !known.contains(key) && !key.hasPrefix("loadbalancer.sticky") && !key.hasPrefix("loadbalancer.healthcheck.")
    }
    if !rest.isEmpty || options["loadbalancer.passhostheader"]?.lowercased() == "false" {
      object.lack("its service has options without a counterpart in NPM")
    }
    object.fields["forward_scheme"] = .string(options["loadbalancer.server.scheme"] ?? "http")
    route.fill(&object, ("forward_host", "forward_port"), host: nil, port: options["loadbalancer.server.port"])
  }
}
