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

  /// What could not be expressed.
  struct Remainder {
    /// Domains of routers that are left out: nothing that has them is as Traefik serves it. nil: any may be meant.
    var spoiled: [(domains: Set<String>?, reason: String)] = []
    /// A router for every domain redirects.
    var redirectsAll = false
  }

  func read(into draft: inout ImportDraft) {
    let routers = labels.routers.values.sorted { $0.name < $1.name }
    if !routers.isEmpty && !settings.isKnown {
      draft.note(
        "what Traefik's own settings do to all routers is not known: TLS, redirects and middlewares of entry points",
        at: routers[0].place,
        hint: "compare with them before an apply; a 'command:' with '--entrypoints...' in these files is read")
    }
    var hosts = TraefikHosts()
    let remainder = translate(routers, to: &hosts, &draft)
    hosts.finish(remainder)
    draft.objects += hosts.all.map(finished)
  }

  private func translate(
    _ routers: [TraefikRouter], to hosts: inout TraefikHosts, _ draft: inout ImportDraft
  ) -> Remainder {
    var remainder = Remainder()
    var paths: [(router: TraefikRouter, domains: Set<String>, path: String)] = []
    for router in routers {
      let rule = router.options["rule"] ?? ""
      do {
        let matches = try TraefikRule.matches(rule)
        let whole = matches.filter { $0.path == nil }.flatMap(\.domains)
        if !whole.isEmpty { add(router, whole, to: &hosts, &draft) }
        for (path, group) in Dictionary(grouping: matches.filter { $0.path != nil }, by: \.path) {
          paths.append((router, Set(group.flatMap(\.domains).map { $0.lowercased() }), path ?? ""))
        }
      } catch {
        let domains = TraefikRule.domains(in: rule)
        if domains == nil && isRedirecting(router) {
          remainder.redirectsAll = true
        } else if domains != nil || router.options["priority"].flatMap({ Int($0) }) ?? .max > 10 {
          // With a small priority, a router for any domain is for those that no other has.
          remainder.spoiled.append((domains, "the router \(router.shownName) is not translated"))
        }
        draft.note("the router \(router.shownName) is left out: \(error.message)", at: router.place)
      }
    }
    for (router, domains, path) in paths.sorted(by: { ($0.router.name, $0.path) < ($1.router.name, $1.path) }) {
      add(router, domains, path, to: &hosts, &draft)
    }
    return remainder
  }

  private func add(
    _ router: TraefikRouter, _ domains: [String], to hosts: inout TraefikHosts, _ draft: inout ImportDraft
  ) {
    hosts.change(Set(domains.map { $0.lowercased() }), made: object(router, domains)) { host in
      note(router, &host, &draft)
      guard !isRedirecting(router) else {
        host.redirects = true
        return
      }
      host.ruleLength = max(host.ruleLength, router.options["rule"]?.count ?? 0)
      host.isPlain = host.isPlain || isPlain(router)
      let fields = ["forward_scheme", "forward_host", "forward_port"]
      let known = fields.map { host.object.fields[$0] }
      labels.fill(&host.object, router)
      if known.contains(where: { $0 != nil }), known != fields.map({ host.object.fields[$0] }) {
        host.object.lack("the routers of its domains lead to different services")
      }
    }
  }

  private func add(
    _ router: TraefikRouter, _ domains: Set<String>, _ path: String, to hosts: inout TraefikHosts,
    _ draft: inout ImportDraft
  ) {
    hosts.lack("'\(path)' of some of its domains has another destination", at: hosts.others(than: domains))
    let isNew = !hosts.has(domains)
    hosts.change(domains, made: object(router, domains.sorted())) { host in
      if isNew {
        host.object.lack("only '\(path)' has a destination: NPM needs one for the rest of the domain")
      }
      if router.options["rule"]?.count ?? 0 <= host.ruleLength {
        host.object.lack("Traefik prefers the rule for all of the domain to that of '\(path)'")
      }
      note(router, &host, &draft)
      if !isPlain(router) || isRedirecting(router) { host.guardedPaths.append(path) }
      guard !isRedirecting(router) else { return }
      var target = ImportedObject(.proxyHost, router.name, at: router.place, names: [])
      labels.fill(&target, router)
      for gap in target.gaps { host.object.lack(gap) }
      var location = target.fields
      location["path"] = .string(path)
      if host.locations.last != .object(location) { host.locations.append(.object(location)) }
    }
  }

  private func object(_ router: TraefikRouter, _ domains: [String]) -> ImportedObject {
    var object = ImportedObject(
      .proxyHost, "service \(router.service.name)", at: router.place,
      names: [router.service.name, router.name, "\(router.service.name)-\(router.name)"])
    object.fields["domain_names"] = .array(domains.map { .string($0) })
    if domains.contains(where: { $0.contains("*") }) { object.lack("Traefik takes '*' in Host as it is written") }
    return object
  }

  /// What holds for each router of a host: TLS, and whatever the host must not be without.
  private func note(_ router: TraefikRouter, _ host: inout TraefikHosts.Host, _ draft: inout ImportDraft) {
    for gap in router.gaps + settings.gaps { host.object.lack(gap) }
    host.routers += 1
    host.hasPriority = host.hasPriority || router.options["priority"] != nil
    host.hasTLS = host.hasTLS || isEncrypted(router)
    let points = points(router).map { settings.entryPoints[$0] }
    host.redirects = host.redirects || points.contains { $0?.redirects == true }
    if settings.isKnown, points.contains(where: { $0 == nil }) {
      host.object.lack("an entry point of it is not in Traefik's command")
    }
    if points.contains(where: { $0?.hasOptions == true }) { host.object.lack("TLS options have no counterpart in NPM") }
    if !points.isEmpty, points.allSatisfy({ point in point.map { !settings.isReached($0) } ?? false }) {
      host.object.lack("visitors reach it on a port of its own")
    }
    for name in middlewares(router) {
      switch labels.middlewares.effect(name) {
      case .redirectsToTLS where !isRedirecting(router), .forcesTLS: host.redirects = true
      case .redirectsToTLS: break
      case .isCosmetic:
        draft.note(
          "a middleware of the router \(router.shownName) is left out: headers and compression have no counterpart here",
          at: router.place)
      case .isNeeded: host.object.lack("a middleware of the router \(router.shownName) has no counterpart here")
      }
    }
  }

  /// What Traefik does by itself: it passes WebSockets on, and offers HTTP/2 with TLS.
  private func finished(_ host: TraefikHosts.Host) -> ImportedObject {
    var object = host.object
    let isForced = host.hasTLS && (!host.isPlain || host.redirects)
    object.fields["allow_websocket_upgrade"] = true
    object.fields["locations"] = .array(host.locations)
    if object.fields["forward_host"] == nil { object.lack("no router of it leads anywhere") }
    if !isForced, let path = host.guardedPaths.first { object.lack("'\(path)' is served by TLS only") }
    if !host.hasTLS, host.redirects || !host.isPlain {
      object.lack("plain http only redirects, and nothing of it has TLS")
    }
    guard host.hasTLS else { return object }
    object.references["certificate"] = .auto
    object.fields["http2_support"] = true
    object.fields["ssl_forced"] = .bool(isForced)
    return object
  }

  // MARK: Routers

  /// Entry points, in lower case; without a label, those that are the default, else all that are known.
  private func points(_ router: TraefikRouter) -> [String] {
    guard let written = router.options["entrypoints"] else {
      let chosen = settings.entryPoints.filter(\.value.isDefault)
      return (chosen.isEmpty ? settings.entryPoints : chosen).keys.sorted()
    }
    return written.lowercased().split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
  }

  private func hasTLS(_ point: String) -> Bool {
    // Without Traefik's own settings, the name is the only trace.
    settings.entryPoints[point]?.hasTLS ?? (!settings.isKnown && (point.contains("secure") || point.contains("https")))
  }

  /// Traefik takes a bare `tls` for true, and any other text than `true` for false.
  private func tlsLabel(_ router: TraefikRouter) -> Bool? {
    if let tls = router.options["tls"] { return tls.isEmpty || tls.lowercased() == "true" }
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

  /// Whether it only redirects: to TLS there is nothing to redirect where it comes by TLS.
  private func isRedirecting(_ router: TraefikRouter) -> Bool {
    !isEncrypted(router) && middlewares(router).contains { labels.middlewares.effect($0) == .redirectsToTLS }
  }
}
