import Model

/// The compose files of one import, with the labels of tools that make proxy hosts of their services.
struct ComposeProject {
  struct File {
    let document: ImportNode
    let variables: ComposeVariables
    /// Files of one folder are merged by Docker.
    var folder: String {
      String(document.file.prefix(upTo: document.file.lastIndex(of: "/") ?? document.file.startIndex))
    }
  }

  private let files: [File]
  /// Address under which published ports are reached; nil: hosts go to containers by their names.
  private let dockerHost: String?

  init(_ files: [File], dockerHost: String?) {
    self.files = files
    self.dockerHost = dockerHost
  }

  static func isOne(_ document: ImportNode) -> Bool { document["services"]?.isMapping == true }

  func read(into draft: inout ImportDraft) {
    let all = files.map { file in
      (file.document["services"]?.entries ?? []).map { ComposeService($0, $1, file.variables) }
    }
    let defaults = SyncLabels.defaults(of: all.flatMap(\.self))
    let homes = Dictionary(
      grouping: zip(files, all).flatMap { file, services in services.map { "\(file.folder)\u{0}\($0.name)" } },
      by: \.self)
    var routers = TraefikRouters(TraefikStatic(all.flatMap(\.self)))
    let before = draft.objects.count
    for (file, services) in zip(files, all) {
      if let include = file.document["include"] {
        draft.note(
          "what 'include' names is left out", at: include.place, hint: "import the output of 'docker compose config'")
      }
      let npm = services.first { $0.image.contains("nginx-proxy-manager") }
      for var service in services {
        if homes["\(file.folder)\u{0}\(service.name)"]?.count ?? 0 > 1 {
          service.gaps.append(
            "several files have it, which Docker merges: import the output of 'docker compose config'")
        }
        let route = ComposeRoute(
          service: service, dockerHost: dockerHost ?? defaults.dockerHost,
          isNear: dockerHost == nil && (npm.map { !$0.networks.isDisjoint(with: service.networks) } ?? true))
        SyncLabels(service: service, route: route, defaults: defaults).read(into: &draft)
        routers.add(service, route, &draft)
      }
    }
    routers.read(into: &draft)
    note(all.flatMap(\.self), defaults, found: draft.objects.count > before, &draft)
  }

  /// What the files do not tell, once for all of them.
  private func note(
    _ services: [ComposeService], _ defaults: SyncLabels.Defaults, found: Bool, _ draft: inout ImportDraft
  ) {
    guard let place = files.first?.document.place else { return }
    guard found else {
      return draft.note(
        "no service has a label 'npm.proxy.domains' or 'traefik.http.routers...'", at: place,
        hint: "labels of npm-docker-sync and Traefik are read")
    }
    if services.flatMap(\.labels).contains(where: { $0.key.hasPrefix("npm") }), !defaults.isKnown {
      draft.note(
        "what npm-docker-sync's own variables say for all hosts is not known, such as NPM_PROXY_SSL_FORCE", at: place,
        hint: "compare with them, or import its compose file together with these")
    }
    if dockerHost == nil, !services.contains(where: { $0.image.contains("nginx-proxy-manager") }) {
      draft.note(
        "hosts go to containers by their names: NPM must be on their Docker network", at: place,
        hint: "for an NPM elsewhere give the address of their machine with --docker-host")
    }
  }
}
