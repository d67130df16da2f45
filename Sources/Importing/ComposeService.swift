import Model

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
  /// Why its command is not all of it.
  let commandGaps: [String]
  let labels: [Label]
  let environment: [String: String]
  /// Some of its variables are not in the file.
  let hasEnvironmentElsewhere: Bool
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
    func text(_ node: ImportNode?) -> String? { node?.text.map { variables.fill($0, &unset) } }
    self.name = name
    place = node.place
    image = node["image"]?.text ?? ""
    var missing: Set<String> = []
    command = Self.words(node["command"]).map { variables.fill($0, &missing) }
    commandGaps = missing.sorted().map { "the variable \($0) in Traefik's command has no value" }
    var gaps: [String] = []
    // Docker gives the former to the container and the latter to the swarm's service: a tool reads one of them.
    let places = [node["labels"], node["deploy"]?["labels"]].compactMap { $0 }.map {
      Self.labels($0, variables, &unset, &gaps)
    }
    if places.count(where: { !$0.isEmpty }) > 1 {
      gaps.append("it has labels of its container and of its service in a swarm")
    }
    labels = places.flatMap(\.self)
    let variablesOfItsOwn = Self.environment(node, variables)
    environment = variablesOfItsOwn.values
    hasEnvironmentElsewhere = variablesOfItsOwn.isElsewhere
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

  /// A name alone takes the value that the shell has.
  private static func environment(
    _ node: ImportNode, _ variables: ComposeVariables
  ) -> (values: [String: String], isElsewhere: Bool) {
    var ignored: Set<String> = []
    let given = node["environment"].map(pairs) ?? []
    let bare = (node["environment"]?.items ?? []).compactMap(\.text).filter { !$0.contains("=") }
    let fromShell = Set(bare + given.filter { $0.1.isNull }.map(\.0))
    let values = given.map { name, value in
      (name, fromShell.contains(name) ? variables.value(name) ?? "" : variables.fill(value.text ?? "", &ignored))
    }
    let isElsewhere = fromShell.contains { $0.hasPrefix("NPM_PROXY_") && variables.value($0) == nil }
    return (Dictionary(firstOf: values), isElsewhere || node["env_file"] != nil)
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
    if node.items.contains(where: { $0.text == nil }) { gaps.append("a label of it is no text") }
    return pairs(node).compactMap { key, value in
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

  /// The beginning of a key that is one: the rest may be a secret that was written in the wrong place.
  static func shown(_ key: String) -> String {
    let name = key.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-[]".contains($0)) }
    return name.count == key.count ? key : "\(name)..."
  }

  /// Whether it is npm-docker-sync, by its image, its name or its variables.
  var isSync: Bool {
    image.contains("npm-docker-sync") || name.contains("npm-docker-sync")
      || (environment["NPM_URL"] != nil && environment["NPM_EMAIL"] != nil)
  }

  /// The text of a label; the last one counts.
  func label(_ key: String) -> String? { labels.last { $0.key.lowercased() == key }?.value }
}
