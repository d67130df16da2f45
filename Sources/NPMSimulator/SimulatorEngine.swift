import FoundationEssentials
import Model
import Platform

/// The simulated NPM: its state and its rules; it handles one call at a time.
actor SimulatorEngine {
  private(set) var state: SimulatorState
  private var accounts = Users()
  /// Cache of encoded rows for plain lists, so that a list of ten thousand hosts is not encoded again each time.
  private var encodedRows: [HostKind: [Int: [UInt8]]] = [:]
  private var sortedIDs: [HostKind: [Int]] = [:]
  private var domainIndex: [String: (kind: HostKind, id: Int)]?

  nonisolated let now: @Sendable () -> Timestamp
  nonisolated let dialect: ReleaseProfile

  init(state: SimulatorState, dialect: ReleaseProfile, now: @escaping @Sendable () -> Timestamp) {
    self.state = state
    self.dialect = dialect
    self.now = now
  }

  func reset(_ start: SimulatorState.Start) {
    state = SimulatorState(start, now: now())
    forgetCaches()
  }

  func setIssuing(_ isIssuing: Bool) { state.issuesCertificates = isIssuing }

  /// The effect of a Let's Encrypt request on hosts that share a name with it: until their next write nginx serves them
  /// without certificate and access list, while their rows stay unchanged.
  func strip(_ domains: [String]) throws {
    let names = Set(domains.map { $0.lowercased() })
    for kind in HostKind.allCases where kind.hasDomains {
      for (id, row) in state.hosts[kind]?.rows ?? [:] where !names.isDisjoint(with: Self.domains(row)) {
        state.nginx.write(kind, id, Self.bare(row))
      }
    }
    try reload()
  }

  /// certbot's message without internet; NPM puts it into the `debug` of the error.
  private static let certbotWords = "Some challenges have failed. DNS problem: NXDOMAIN looking up A for the domain"

  /// Requests a Let's Encrypt certificate; a failed request uses up a certificate id.
  ///
  /// - Parameter domains: nil: none were sent.
  /// - Returns: the id of the certificate.
  /// - Throws: NPM's 500.
  func requestCertificate(_ domains: [String]?, meta: JSONValue, user: Int) throws -> Int {
    guard let domains else {
      state.certificates.nextID += 1
      throw NPMFault.internalError
    }
    try strip(domains)
    guard state.issuesCertificates else {
      state.certificates.nextID += 1
      throw NPMFault(500, "Internal Error", trace: Self.certbotWords)
    }
    let now = now()
    let row: [String: JSONValue] = [
      "provider": "letsencrypt", "nice_name": .string(domains.joined(separator: ", ")),
      "domain_names": .array(domains.sortedByCodeUnit().map { .string($0) }), "meta": meta,
      "owner_user_id": .int(user), "created_on": .string(now.sqlText), "modified_on": .string(now.sqlText),
      "expires_on": .string((now + 90 * 86400).sqlText),
    ]
    let id = state.certificates.insert(row)
    record("created", "certificate", id, user: user, .object(row))
    return id
  }

  /// A row as in a configuration made without the certificate and the access list.
  private static func bare(_ row: [String: JSONValue]) -> [String: JSONValue] {
    row.merging(["certificate_id": 0, "access_list_id": 0, "ssl_forced": false]) { $1 }
  }

  func setNginx(_ nginx: SimulatorState.Nginx) { state.nginx.state = nginx }
  func setRival(_ id: Int, _ count: Int) { state.nginx.rival = (id, count) }
  func setHeldPorts(_ ports: Set<Int>) { state.nginx.heldPorts = ports }
  var reloads: Int { state.nginx.reloads }

  /// The data plane's state, for tests: the rows behind the running configuration, with the certificate and access list
  /// that it actually has. `files` is the content of the disk, for the next reload.
  func served() -> JSONValue {
    func entries(_ rows: [String: [String: JSONValue]]) -> JSONValue {
      .array(
        rows.sorted { $0.key < $1.key }.map { key, row in
          JSONValue.object(row.merging(["configuration": .string(key)]) { $1 })
        })
    }
    return [
      "reloads": .int(state.nginx.reloads), "failed_reloads": .int(state.nginx.failedReloads),
      "hosts": entries(state.nginx.running), "files": entries(state.nginx.files),
    ]
  }

  /// The running configuration for a name: an exact match, else the longest wildcard.
  func configuration(of domain: String) -> (key: String, row: [String: JSONValue])? {
    let running = state.nginx.running
    var name = domain
    while !name.isEmpty {
      let found = running.filter { Self.domains($0.value).contains(name) }.min { $0.key < $1.key }
      if let found { return (found.key, found.value) }
      let rest = (name.hasPrefix("*.") ? name.dropFirst(2) : name[...]).drop { $0 != "." }
      name = rest.isEmpty ? "" : "*\(rest)"
    }
    return nil
  }

  private func forgetCaches() {
    encodedRows = [:]
    sortedIDs = [:]
    domainIndex = nil
  }

  // MARK: Users

  func login(_ call: SimulatorCall) throws -> SimulatorAnswer { try accounts.login(call, state, now: now()) }
  func refresh(_ call: SimulatorCall) throws -> SimulatorAnswer { try accounts.refresh(call, state, now: now()) }
  func caller(_ call: SimulatorCall) throws -> Principal {
    try accounts.caller(call.authorization, state, now: now())
  }

  func addUser(_ user: SimulatedUser) { state.users.append(user) }
  func replaceUser(_ user: SimulatedUser) {
    if let index = state.users.firstIndex(where: { $0.id == user.id }) { state.users[index] = user }
  }
  /// Logins have numbers of their own; one stays when its user is deleted.
  var nextLoginID: Int { state.users.count { $0.secret != nil } + 1 }
  var nextUserID: Int { (state.users.map(\.id).max() ?? 0) + 1 }

  // MARK: Rows

  func row(_ kind: HostKind, _ id: Int) -> [String: JSONValue]? { state.hosts[kind]?.rows[id] }

  func insert(_ kind: HostKind, _ row: [String: JSONValue]) -> Int {
    let id = state.hosts[kind, default: Table()].insert(row)
    for name in Self.domains(row) { domainIndex?[name] = (kind, id) }
    touched(kind, id)
    return id
  }

  func store(_ kind: HostKind, _ id: Int, _ row: [String: JSONValue]?) {
    for name in Self.domains(state.hosts[kind]?.rows[id] ?? [:]) { domainIndex?[name] = nil }
    for name in Self.domains(row ?? [:]) { domainIndex?[name] = (kind, id) }
    state.hosts[kind]?.rows[id] = row
    touched(kind, id)
  }

  private func touched(_ kind: HostKind, _ id: Int) {
    encodedRows[kind]?[id] = nil
    sortedIDs[kind] = nil
  }

  private static func domains(_ row: [String: JSONValue]) -> [String] {
    (row["domain_names"]?.arrayValue ?? []).map { ($0.stringValue ?? "").lowercased() }
  }

  /// The first of `domains` that another host of any kind serves. Letter case is ignored; wildcards do not cover names.
  func taken(_ domains: [String], except kind: HostKind, _ id: Int?) -> String? {
    let index = domainIndex ?? makeDomainIndex()
    domainIndex = index
    return domains.first { domain in
      index[domain.lowercased()].map { $0.kind != kind || $0.id != id } ?? false
    }
  }

  private func makeDomainIndex() -> [String: (kind: HostKind, id: Int)] {
    var index: [String: (kind: HostKind, id: Int)] = [:]
    for kind in HostKind.allCases where kind.hasDomains {
      for (id, row) in state.hosts[kind]?.rows ?? [:] {
        for name in Self.domains(row) { index[name] = (kind, id) }
      }
    }
    return index
  }

  /// Ids in NPM's order: by the JSON text of the domains, or by port.
  func ids(_ kind: HostKind) -> [Int] {
    if let known = sortedIDs[kind] { return known }
    let rows = state.hosts[kind]?.rows ?? [:]
    let sorted =
      kind == .stream
      ? rows.keys.sorted {
        (rows[$0]?["incoming_port"]?.intValue ?? 0, $0) < (rows[$1]?["incoming_port"]?.intValue ?? 0, $1)
      }
      : rows.map { (DomainText.of($0.value), $0.key) }.sorted { $0 < $1 }.map(\.1)
    sortedIDs[kind] = sorted
    return sorted
  }

  /// The plain list as bytes.
  func encodedList(_ kind: HostKind) throws -> [UInt8] {
    var bytes: [UInt8] = [0x5b]
    for id in ids(kind) {
      if bytes.count > 1 { bytes.append(0x2c) }
      if encodedRows[kind]?[id] == nil {
        encodedRows[kind, default: [:]][id] = OrderedJSON.encode(.object(state.hosts[kind]?.rows[id] ?? [:]))
      }
      bytes += encodedRows[kind]?[id] ?? []
    }
    bytes.append(0x5d)
    return bytes
  }

  // MARK: Other objects

  func withState<Result: Sendable>(_ body: @Sendable (inout SimulatorState) throws -> Result) rethrows -> Result {
    try body(&state)
  }

  func record(_ action: String, _ type: String, _ id: Int, user: Int, _ meta: JSONValue) {
    let time = now().sqlText
    state.auditLog.append([
      "id": .int(state.auditLog.count + 1), "created_on": .string(time), "modified_on": .string(time),
      "user_id": .int(user), "object_type": .string(type), "object_id": .int(id), "action": .string(action),
      "meta": meta,
    ])
  }

  // MARK: nginx

  /// Applies the effect of `nginx -t` and a reload to one host.
  ///
  /// - Parameter file: the row that its file is made from, if it differs from the stored row.
  /// - Throws: NPM's 500.
  func configure(_ kind: HostKind, _ id: Int, from file: [String: JSONValue]? = nil) throws {
    guard var row = row(kind, id) else { return }
    let complaint = try state.nginx.configure(
      kind, id, effective(kind, file ?? row), takenPorts: dialect.refusesSharedPorts ? ports(besides: id) : [])
    var meta = row["meta"]?.objectValue ?? [:]
    meta["nginx_online"] = .bool(complaint == nil)
    meta["nginx_err"] = complaint.map { .string($0) } ?? .null
    row["meta"] = .object(meta)
    row["modified_on"] = .string(now().sqlText)
    store(kind, id, row)
    try reload()
  }

  /// Like `POST .../enable`: the access list lacks its users and addresses, so the host has no access control.
  func configureOnEnable(_ kind: HostKind, _ id: Int) throws {
    try configure(kind, id, from: row(kind, id)?.merging(kind == .proxy ? ["access_list_id": 0] : [:]) { $1 })
  }

  /// Like a write to a 404 host since 2.13: from the previous row, without its certificate.
  func configureStale(_ kind: HostKind, _ id: Int, before: [String: JSONValue]) throws {
    try configure(kind, id, from: Self.bare(before))
  }

  /// Like a write to an access list: every host with it is configured, without a test before the reload.
  func configureUntested(_ hosts: [Int]) throws {
    for id in hosts { if let row = row(.proxy, id) { state.nginx.write(.proxy, id, effective(.proxy, row)) } }
    try reload()
  }

  /// The row with unknown certificate and access list ids cleared: they encrypt and protect nothing.
  private func effective(_ kind: HostKind, _ row: [String: JSONValue]) -> [String: JSONValue] {
    var file = row
    if kind == .proxy, state.accessLists.rows[row["access_list_id"]?.intValue ?? 0] == nil {
      file["access_list_id"] = 0
    }
    if state.certificates.rows[row["certificate_id"]?.intValue ?? 0] == nil {
      file["certificate_id"] = 0
      if kind != .stream { file["ssl_forced"] = false }
    }
    return file
  }

  /// Ports that other streams listen on, as `tcp/53`.
  private func ports(besides id: Int) -> Set<String> {
    let others = (state.hosts[.stream]?.rows ?? [:]).filter { $0.key != id && $0.value["enabled"] != false }
    return Set(others.values.flatMap(NginxConfigCheck.ports))
  }

  func removeConfiguration(_ kind: HostKind, _ id: Int) throws {
    state.nginx.remove(kind, id)
    try reload()
  }

  func reload() throws { try state.nginx.reload(state.fingerprints) }
}
