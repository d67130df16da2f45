import Model

/// The services of a docker-compose file, with the labels of tools that make proxy hosts of them.
struct ComposeFile {
  static func isOne(_ document: ImportNode) -> Bool { document["services"]?.isMapping == true }

  private let document: ImportNode
  private let variables: ComposeVariables
  /// Address under which published ports are reached; nil: hosts go to containers by their names.
  private let dockerHost: String?

  init(_ document: ImportNode, _ variables: ComposeVariables, dockerHost: String?) {
    self.document = document
    self.variables = variables
    self.dockerHost = dockerHost
  }

  func read(into draft: inout ImportDraft) {
    let services = (document["services"]?.entries ?? []).map { ComposeService($0, $1, variables) }
    let defaults = SyncLabels.defaults(of: services)
    let npm = services.first { $0.image.contains("nginx-proxy-manager") }
    var routers = TraefikRouters()
    for service in services {
      let route = ComposeRoute(
        service: service, dockerHost: dockerHost ?? defaults.dockerHost,
        reaches: dockerHost == nil && (npm.map { !$0.networks.isDisjoint(with: service.networks) } ?? true))
      SyncLabels(service: service, route: route, defaults: defaults).read(into: &draft)
      routers.add(service, route, &draft)
    }
    routers.read(into: &draft)
    if draft.objects.isEmpty {
      draft.note(
        "no service has a label 'npm.proxy.domains' or 'traefik.http.routers.…'", at: document.place,
        hint: "labels of npm-docker-sync and Traefik are read")
    }
  }
}

/// A service of a compose file, with the values of its variables.
struct ComposeService {
  struct Label {
    let key: String
    let value: String
    let place: SourceLocation
  }

  let name: String
  let place: SourceLocation
  let image: String
  let labels: [Label]
  let environment: [String: String]
  let networks: Set<String>
  /// The name that Docker's DNS has for its container.
  let container: String
  /// Ports of the container, in the order in which they are written, with the port of the host that leads there.
  let ports: [(container: Int, published: Int?)]
  /// Variables without a value.
  let unset: [String]

  init(_ name: String, _ node: ImportNode, _ variables: ComposeVariables) {
    var unset: Set<String> = []
    func text(_ node: ImportNode?) -> String? { node?.text.map { variables.fill($0, &unset) } }
    self.name = name
    place = node.place
    image = node["image"]?.text ?? ""
    // Of variables, only those in what is read here count.
    labels = [node["labels"], node["deploy"]?["labels"]].compactMap { $0 }.flatMap { labels in
      Self.pairs(labels).compactMap { key, value in
        guard Self.isRead(key) else { return nil }
        return Label(key: variables.fill(key, &unset), value: text(value) ?? "", place: value.place)
      }
    }
    var ignored: Set<String> = []
    environment = Dictionary(
      firstOf: (node["environment"].map(Self.pairs) ?? []).map { ($0, variables.fill($1.text ?? "", &ignored)) })
    let named = node["networks"].map { networks in networks.items.compactMap(\.text) + networks.entries.map(\.key) }
    networks = Set(named ?? ["default"])
    container = text(node["container_name"]) ?? name
    let isHost = node["network_mode"]?.text == "host"
    let published = (node["ports"]?.items ?? []).compactMap { Self.port($0, variables) }
    let exposed = (node["expose"]?.items ?? []).compactMap { $0.number.map { (container: $0, published: Int?.none) } }
    ports = (exposed + published).map { isHost ? ($0.container, $0.container) : $0 }
    self.unset = unset.sorted()
  }

  private static func isRead(_ key: String) -> Bool {
    ["npm.", "npm-", "traefik."].contains { key.hasPrefix($0) }
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

  /// `8080:80`, `127.0.0.1:8080:80/tcp`, `80`, or `{ target: 80, published: 8080 }`.
  private static func port(_ node: ImportNode, _ variables: ComposeVariables) -> (container: Int, published: Int?)? {
    var ignored: Set<String> = []
    if node.isMapping {
      guard let target = node["target"]?.number else { return nil }
      return (target, node["published"]?.text.flatMap { Int(variables.fill($0, &ignored)) })
    }
    guard let text = node.text else { return nil }
    let parts = variables.fill(text, &ignored).split(separator: "/")[0].split(separator: ":")
    guard let target = parts.last.flatMap({ Int($0) }) else { return nil }
    return (target, parts.count > 1 ? Int(parts[parts.count - 2]) : nil)
  }

  /// The text of a label; the last one counts.
  func label(_ key: String) -> String? { labels.last { $0.key == key }?.value }
}

/// The way from NPM to a service.
struct ComposeRoute {
  let service: ComposeService
  /// Where published ports are reached.
  let dockerHost: String?
  /// Whether NPM finds its container by name.
  let reaches: Bool

  /// Sets host and port of an object.
  ///
  /// - Parameters:
  ///   - fields: the names of the two fields.
  ///   - host: as a label says; nil: to be found.
  func fill(
    _ object: inout ImportedObject, _ fields: (host: String, port: String), host: String?, port: String?
  ) {
    let written = port.flatMap { Int($0) }
    if let port, written == nil { object.gaps.append("its port '\(port)' is no number") }
    let target = written ?? service.ports.first?.container
    if target == nil {
      object.gaps.append("its port is that of its image: the file does not say it")
    }
    if let host, !host.isEmpty {
      object.fields[fields.host] = .string(host)
      object.fields[fields.port] = target.map { .int($0) }
      return
    }
    guard !reaches else {
      object.fields[fields.host] = .string(service.container)
      object.fields[fields.port] = target.map { .int($0) }
      return
    }
    guard let dockerHost else {
      object.gaps.append("its container is not on NPM's network: give the address of its machine with --docker-host")
      return
    }
    object.fields[fields.host] = .string(dockerHost)
    let isPublished = service.ports.contains { $0.published == target }
    let mapped = service.ports.first { $0.container == target }?.published
    // npm-docker-sync takes a port as it is written.
    object.fields[fields.port] = (isPublished ? target : mapped ?? target).map { .int($0) }
    if mapped == nil && !isPublished && written == nil {
      object.gaps.append("its port is not published on its machine")
    }
  }
}
