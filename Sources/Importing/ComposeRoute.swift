import Model

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
