import Model

/// The HTTP routers of a project as proxy hosts. Several routers make one: one for http that redirects, one for https, and one
/// for each path with another destination.
struct TraefikRouters {
  private let settings: TraefikStatic
  private var labels = TraefikLabels()

  init(_ settings: TraefikStatic) { self.settings = settings }

  mutating func add(_ service: ComposeService, _ route: ComposeRoute, _ draft: inout ImportDraft) {
    guard service.labels.contains(where: { $0.key.lowercased().hasPrefix("traefik.") }) else { return }
    var service = service
    let isEnabled = service.label("traefik.enable").map(ImportNode.flag) ?? settings.exposesByDefault
    if isEnabled == false {
      if service.label("traefik.enable") == nil {
        draft.note("service \(service.name) is left out: Traefik exposes nothing by default", at: service.place)
      }
      return
    }
    if isEnabled == nil { service.gaps.append("its 'traefik.enable' is neither true nor false") }
    labels.add(service, route, &draft)
  }

  // MARK: Hosts

  /// A proxy host that is put together.
  private struct Host {
    var object: ImportedObject
    var domains: Set<String>
    var hasTLS = false
    /// Plain http is served, too.
    var isPlain = false
    var redirects = false
    var locations: [JSONValue] = []
    /// Paths that only TLS serves.
    var guardedPaths: [String] = []
  }

  /// What could not be expressed.
  private struct Remainder {
    /// Domains of routers that are left out: nothing that has them is as Traefik serves it.
    var spoiled: [(domains: Set<String>, reason: String)] = []
    /// A router for every domain redirects.
    var redirectsAll = false
  }

  func read(into draft: inout ImportDraft) {
    let routers = labels.routers.values.sorted { $0.name < $1.name }
    if !routers.isEmpty && !settings.isKnown {
      draft.note(
        "what Traefik's own settings do to all routers is not known: TLS, redirects and middlewares of entry points",
        at: routers[0].place, hint: "compare with them before an apply; a 'command:' of Traefik in these files is read")
    }
    var hosts: [Host] = []
    let remainder = translate(routers, to: &hosts, &draft)
    for index in hosts.indices {
      hosts[index].redirects = hosts[index].redirects || remainder.redirectsAll
      for (domains, reason) in remainder.spoiled where !domains.isDisjoint(with: hosts[index].domains) {
        hosts[index].object.lack(reason)
      }
      for other in hosts.indices where other != index {
        guard let shared = hosts[index].domains.intersection(hosts[other].domains).min() else { continue }
        hosts[index].object.lack("'\(shared)' is in several routers with different domains")
      }
    }
    draft.objects += hosts.map(finished)
  }

  private func translate(
    _ routers: [TraefikRouter], to hosts: inout [Host], _ draft: inout ImportDraft
  ) -> Remainder {
    var remainder = Remainder()
    var paths: [(router: TraefikRouter, domains: Set<String>, path: String)] = []
    for router in routers {
      do {
        let matches = try TraefikRule.matches(router.options["rule"] ?? "")
        let whole = matches.filter { $0.path == nil }.flatMap(\.domains)
        if !whole.isEmpty { add(router, whole, to: &hosts, &draft) }
        for (path, group) in Dictionary(grouping: matches.filter { $0.path != nil }, by: \.path) {
          paths.append((router, Set(group.flatMap(\.domains).map { $0.lowercased() }), path ?? ""))
        }
      } catch {
        let domains = TraefikRule.domains(in: router.options["rule"] ?? "")
        if domains.isEmpty && isRedirecting(router) {
          remainder.redirectsAll = true
        } else {
          remainder.spoiled.append((domains, "the router \(router.name) is not translated"))
        }
        draft.note("the router \(router.name) is left out: \(error.message)", at: router.place)
      }
    }
    for (router, domains, path) in paths.sorted(by: { ($0.router.name, $0.path) < ($1.router.name, $1.path) }) {
      add(router, domains, path, to: &hosts, &draft)
    }
    return remainder
  }

  private func add(
    _ router: TraefikRouter, _ domains: [String], to hosts: inout [Host], _ draft: inout ImportDraft
  ) {
    let key = Set(domains.map { $0.lowercased() })
    let index = index(of: key, router, domains, in: &hosts)
    note(router, &hosts[index], &draft)
    guard !isRedirecting(router) else {
      hosts[index].redirects = true
      return
    }
    hosts[index].isPlain = hosts[index].isPlain || isPlain(router)
    let known = hosts[index].object.fields["forward_host"]
    labels.fill(&hosts[index].object, router)
    if let known, known != hosts[index].object.fields["forward_host"] {
      hosts[index].object.lack("the routers of its domains lead to different services")
    }
  }

  private func add(
    _ router: TraefikRouter, _ domains: Set<String>, _ path: String, to hosts: inout [Host],
    _ draft: inout ImportDraft
  ) {
    guard !isRedirecting(router) else { return }
    if !hosts.contains(where: { $0.domains == domains }) {
      let others = hosts.indices.filter { !hosts[$0].domains.isDisjoint(with: domains) }
      for index in others { hosts[index].object.lack("'\(path)' of some of its domains has another destination") }
    }
    let isNew = !hosts.contains { $0.domains == domains }
    let index = index(of: domains, router, domains.sorted(), in: &hosts)
    if isNew {
      hosts[index].object.lack("only '\(path)' has a destination: NPM needs one for the rest of the domain")
    }
    note(router, &hosts[index], &draft)
    if !isPlain(router) { hosts[index].guardedPaths.append(path) }
    var target = ImportedObject(.proxyHost, router.name, at: router.place, names: [])
    labels.fill(&target, router)
    for gap in target.gaps { hosts[index].object.lack(gap) }
    var location = target.fields
    location["path"] = .string(path)
    if !hosts[index].locations.contains(.object(location)) { hosts[index].locations.append(.object(location)) }
  }

  private func index(
    of domains: Set<String>, _ router: TraefikRouter, _ written: [String], in hosts: inout [Host]
  ) -> Int {
    if let index = hosts.firstIndex(where: { $0.domains == domains }) { return index }
    var object = ImportedObject(
      .proxyHost, "service \(router.service.name)", at: router.place,
      names: [router.service.name, router.name, "\(router.service.name)-\(router.name)"])
    object.fields["domain_names"] = .array(written.map { .string($0) })
    hosts.append(Host(object: object, domains: domains))
    return hosts.count - 1
  }

  /// What holds for each router of a host: TLS, and whatever the host must not be without.
  private func note(_ router: TraefikRouter, _ host: inout Host, _ draft: inout ImportDraft) {
    for gap in router.gaps { host.object.lack(gap) }
    host.hasTLS = host.hasTLS || isEncrypted(router)
    host.redirects = host.redirects || points(router).contains { settings.entryPoints[$0]?.redirects == true }
    for name in middlewares(router) {
      switch labels.middlewares.effect(name) {
      case .redirectsToTLS: break
      case .isCosmetic:
        draft.note(
          "the middleware of the router \(router.name) is left out: headers and compression have no counterpart here",
          at: router.place)
      case .isNeeded: host.object.lack("a middleware of the router \(router.name) has no counterpart here")
      }
    }
  }

  /// What Traefik does by itself: it passes WebSockets on, and offers HTTP/2 with TLS.
  private func finished(_ host: Host) -> ImportedObject {
    var object = host.object
    let isForced = host.hasTLS && (!host.isPlain || host.redirects)
    object.fields["allow_websocket_upgrade"] = true
    object.fields["locations"] = .array(host.locations)
    if object.fields["forward_host"] == nil { object.lack("no router of it leads anywhere") }
    if !isForced, let path = host.guardedPaths.first { object.lack("'\(path)' is served by TLS only") }
    guard host.hasTLS else { return object }
    object.references["certificate"] = .auto
    object.fields["http2_support"] = true
    object.fields["ssl_forced"] = .bool(isForced)
    return object
  }

  // MARK: Routers

  /// Entry points, in lower case; without a label, all that are known.
  private func points(_ router: TraefikRouter) -> [String] {
    guard let written = router.options["entrypoints"] else { return settings.entryPoints.keys.sorted() }
    return written.lowercased().split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
  }

  private func hasTLS(_ point: String) -> Bool {
    // Without Traefik's own settings, the name is the only trace.
    settings.entryPoints[point]?.hasTLS ?? (!settings.isKnown && (point.contains("secure") || point.contains("https")))
  }

  private func tlsLabel(_ router: TraefikRouter) -> Bool? {
    if let tls = router.options["tls"].flatMap(ImportNode.flag) { return tls }
    return router.options.keys.contains { $0.hasPrefix("tls.") } ? true : nil
  }

  private func isEncrypted(_ router: TraefikRouter) -> Bool {
    tlsLabel(router) ?? points(router).contains(where: hasTLS)
  }

  /// Whether it serves plain http.
  private func isPlain(_ router: TraefikRouter) -> Bool {
    guard tlsLabel(router) != true else { return false }
    let points = points(router)
    return points.isEmpty || points.contains { !hasTLS($0) && settings.entryPoints[$0]?.redirects != true }
  }

  /// Its own, and those of its entry points.
  private func middlewares(_ router: TraefikRouter) -> [String] {
    let own = (router.options["middlewares"] ?? "").split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
    return own + points(router).flatMap { settings.entryPoints[$0]?.middlewares ?? [] }
  }

  private func isRedirecting(_ router: TraefikRouter) -> Bool {
    middlewares(router).contains { labels.middlewares.effect($0) == .redirectsToTLS }
  }
}
