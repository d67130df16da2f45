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
    if draft.objects.count == before, let document = files.first?.document {
      draft.note(
        "no service has a label 'npm.proxy.domains' or 'traefik.http.routers...'", at: document.place,
        hint: "labels of npm-docker-sync and Traefik are read")
    }
  }
}

/// A service of a compose file, with the values of its variables.
struct ComposeService {
  struct Label {
    let key: String
    let value: String
    /// Before variables got their values.
    let raw: String
    let place: SourceLocation
  }

  struct Port {
    let container: Int
    let published: Int?
    /// Other machines reach it.
    let isOpen: Bool
  }

  let name: String
  let place: SourceLocation
  let image: String
  let command: [String]
  let labels: [Label]
  let environment: [String: String]
  let hasEnvironmentFile: Bool
  let networks: Set<String>
  /// The name that Docker's DNS has for its container; nil: it has none.
  let container: String?
  let usesHostNetwork: Bool
  /// TCP ports of the container, in the order in which they are written.
  let ports: [Port]
  /// Ranges are not told apart.
  let hasPortRange: Bool
  /// Why what is written here is not all of it.
  var gaps: [String] = []

  init(_ name: String, _ node: ImportNode, _ variables: ComposeVariables) {
    var unset: Set<String> = []
    var ignored: Set<String> = []
    func text(_ node: ImportNode?) -> String? { node?.text.map { variables.fill($0, &unset) } }
    self.name = name
    place = node.place
    image = node["image"]?.text ?? ""
    command = Self.words(node["command"]).map { variables.fill($0, &ignored) }
    var gaps: [String] = []
    // Docker gives the former to the container and the latter to the swarm's service: a tool reads one of them.
    let places = [node["labels"], node["deploy"]?["labels"]].compactMap { $0 }.map {
      Self.labels($0, variables, &unset, &gaps)
    }
    if places.count(where: { !$0.isEmpty }) > 1 {
      gaps.append("it has labels of its container and of its service in a swarm")
    }
    labels = places.flatMap(\.self)
    environment = Dictionary(
      firstOf: (node["environment"].map(Self.pairs) ?? []).map { ($0, variables.fill($1.text ?? "", &ignored)) })
    hasEnvironmentFile = node["env_file"] != nil
    let named = node["networks"].map { networks in networks.items.compactMap(\.text) + networks.entries.map(\.key) }
    networks = Set(named ?? ["default"])
    let mode = text(node["network_mode"])
    usesHostNetwork = mode == "host"
    let own = text(node["container_name"]) ?? name
    container = mode == nil || mode == "bridge" ? own : nil
    if let mode, mode != "host", mode != "bridge" { gaps.append("it uses the network of another container") }
    for key in ["extends", "label_file"] where node[key] != nil {
      gaps.append("'\(key)' adds to it: import the output of 'docker compose config'")
    }
    (ports, hasPortRange) = Self.ports(node, variables, usesHostNetwork: usesHostNetwork)
    self.gaps = gaps + unset.sorted().map { "the variable \($0) has no value" }
  }

  private static func ports(
    _ node: ImportNode, _ variables: ComposeVariables, usesHostNetwork: Bool
  ) -> (ports: [Port], hasRange: Bool) {
    var hasRange = false
    var ignored: Set<String> = []
    let published = (node["ports"]?.items ?? []).compactMap { Self.port($0, variables, &hasRange) }
    let exposed = (node["expose"]?.items ?? []).compactMap { node -> Port? in
      let text = variables.fill(node.text ?? "", &ignored)
      guard !text.hasSuffix("/udp") else { return nil }
      guard let number = Int(text.prefix { $0 != "/" }) else {
        hasRange = hasRange || text.contains("-")
        return nil
      }
      return Port(container: number, published: nil, isOpen: false)
    }
    let ports = (exposed + published).map { port in
      usesHostNetwork ? Port(container: port.container, published: port.container, isOpen: true) : port
    }
    return (ports, hasRange)
  }

  private static func labels(
    _ node: ImportNode, _ variables: ComposeVariables, _ unset: inout Set<String>, _ gaps: inout [String]
  ) -> [Label] {
    pairs(node).compactMap { key, value in
      guard ["npm.", "npm-", "traefik."].contains(where: key.lowercased().hasPrefix) else { return nil }
      guard let raw = value.text ?? (value.isNull ? "" : nil) else {
        gaps.append("a label of it is no text")
        return nil
      }
      return Label(
        key: variables.fill(key, &unset), value: variables.fill(raw, &unset), raw: raw, place: value.place)
    }
  }

  /// The pairs of a mapping, or of a list of `key=value`.
  private static func pairs(_ node: ImportNode) -> [(String, ImportNode)] {
    node.entries
      + node.items.compactMap { item in
        guard let text = item.text else { return nil }
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0], item.replacing(parts.count > 1 ? parts[1] : ""))
      }
  }

  private static func words(_ node: ImportNode?) -> [String] {
    node?.texts ?? (node?.text ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// `8080:80`, `127.0.0.1:8080:80/tcp`, `80`, or `{ target: 80, published: 8080 }`; nil: none, or of UDP.
  private static func port(_ node: ImportNode, _ variables: ComposeVariables, _ hasRange: inout Bool) -> Port? {
    var ignored: Set<String> = []
    func number(_ text: some StringProtocol) -> Int? {
      if text.contains("-") { hasRange = true }
      return Int(text)
    }
    if node.isMapping {
      guard node["protocol"]?.text != "udp", let target = node["target"]?.text.flatMap({ number($0) }) else {
        return nil
      }
      let published = node["published"]?.text.flatMap { number(variables.fill($0, &ignored)) }
      return Port(container: target, published: published, isOpen: isOpen(node["host_ip"]?.text ?? ""))
    }
    let halves = variables.fill(node.text ?? "", &ignored).split(separator: "/")
    guard let first = halves.first, halves.count < 2 || halves[1] != "udp" else { return nil }
    let parts = first.split(separator: ":", omittingEmptySubsequences: false)
    guard let target = parts.last.flatMap({ number($0) }) else { return nil }
    let published = parts.count > 1 ? number(parts[parts.count - 2]) : nil
    let address = parts.count > 2 ? parts.dropLast(2).joined(separator: ":") : ""
    return Port(container: target, published: published, isOpen: published != nil && isOpen(address))
  }

  private static func isOpen(_ address: String) -> Bool {
    !address.hasPrefix("127.") && address != "[::1]" && address != "::1"
  }

  /// The text of a label; the last one counts.
  func label(_ key: String) -> String? { labels.last { $0.key.lowercased() == key }?.value }
}

/// The way from NPM to a service.
struct ComposeRoute {
  let service: ComposeService
  /// Where published ports are reached.
  let dockerHost: String?
  /// Whether NPM is on its network, as far as the file tells.
  let isNear: Bool

  /// Sets host and port of an object.
  ///
  /// - Parameters:
  ///   - fields: the names of the two fields.
  ///   - host: as a label says; nil: to be found.
  func fill(
    _ object: inout ImportedObject, _ fields: (host: String, port: String), host: String?, port: String?
  ) {
    let target = target(port, &object)
    if let host, !host.isEmpty {
      object.fields[fields.host] = .string(host)
      object.fields[fields.port] = target.map { .int($0) }
      return
    }
    if isNear, let container = service.container {
      object.fields[fields.host] = .string(container)
      object.fields[fields.port] = target.map { .int($0) }
      return
    }
    guard let dockerHost else {
      return object.lack("its container is not on NPM's network: give the address of its machine with --docker-host")
    }
    object.fields[fields.host] = .string(dockerHost)
    // npm-docker-sync takes a port as it is written: the container's, or the one that is published.
    let open = service.ports.filter(\.isOpen)
    let found = open.first { $0.published == target } ?? open.first { $0.container == target }
    object.fields[fields.port] = (found?.published ?? target).map { .int($0) }
    if found == nil { object.lack("its port is not published for other machines") }
  }

  private func target(_ written: String?, _ object: inout ImportedObject) -> Int? {
    if let written {
      let number = Int(written)
      if number == nil { object.lack("its port is no number") }
      return number
    }
    let known = Set(service.ports.map(\.container))
    if known.count == 1, !service.hasPortRange { return known.first }
    object.lack(
      known.isEmpty && !service.hasPortRange
        ? "its port is that of its image: the file does not say it" : "it has several ports, and no label says which")
    return nil
  }
}

extension ImportedObject {
  /// Notes what is missing, once.
  mutating func lack(_ reason: String) {
    if !gaps.contains(reason) { gaps.append(reason) }
  }
}
