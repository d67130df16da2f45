import Model

/// NPM's nginx: the configuration files on disk, and the configuration that the running process has loaded.
///
/// The two differ more often than NPM's responses show: a failed reload keeps the old configuration, and some calls
/// write files from other rows than they store.
struct SimulatedNginx: Codable {
  typealias Row = [String: JSONValue]

  var state = SimulatorState.Nginx.ok
  /// By `proxy_host/7`: the row that the file was made from, with the certificate and access list in the file.
  private(set) var files: [String: Row] = [:]
  /// nginx's errors for files that were written without a test.
  private var refused: [String: String] = [:]
  /// The configuration that visitors get.
  private(set) var running: [String: Row] = [:]
  private(set) var reloads = 0
  /// Reloads without effect: the signal was sent, and nginx kept its configuration.
  private(set) var failedReloads = 0
  /// Ports that another process listens on. `nginx -t` does not detect this.
  var heldPorts: Set<Int> = []
  /// Certificates with the key of another: nginx detects this, NPM does not.
  var mismatched: Set<Int> = []
  /// A concurrent write of another client: the next `count` tests fail with an error about the file of host `id`.
  var rival: (id: Int, count: Int)? {
    get { rivalID.map { ($0, rivalCount) } }
    set {
      rivalID = newValue?.id
      rivalCount = newValue?.count ?? 0
    }
  }
  private var rivalID: Int?
  private var rivalCount = 0

  /// `nginx -t` before any change.
  ///
  /// - Throws: NPM's 500 if the configuration is already invalid.
  func test() throws {
    let isBad = state == .broken || !refused.isEmpty || files.values.contains { names($0, oneOf: mismatched) }
    if isBad { throw NPMFault.internalError }
  }

  private func names(_ row: Row, oneOf certificates: Set<Int>) -> Bool {
    !certificates.isEmpty && certificates.contains(row["certificate_id"]?.intValue ?? 0)
  }

  /// Writes one file and tests it; removes it again if nginx refuses it.
  ///
  /// - Returns: nginx's error; nil: accepted.
  mutating func configure(_ kind: HostKind, _ id: Int, _ row: Row, takenPorts: Set<String>) throws -> String? {
    try test()
    let key = Self.key(kind, id)
    files[key] = nil
    let complaint = rivalComplaint(kind, id) ?? self.complaint(kind, id, row, takenPorts: takenPorts)
    if complaint == nil && row["enabled"] != false { files[key] = row }
    return complaint
  }

  /// Writes one file without a test, as calls do that reconfigure other hosts.
  mutating func write(_ kind: HostKind, _ id: Int, _ row: Row) {
    let key = Self.key(kind, id)
    let hasNginxState = row["enabled"] != false
    files[key] = hasNginxState ? row : nil
    refused[key] = hasNginxState ? complaint(kind, id, row) : nil
  }

  mutating func remove(_ kind: HostKind, _ id: Int) {
    files[Self.key(kind, id)] = nil
    refused[Self.key(kind, id)] = nil
  }

  /// Tests the configuration and sends the signal. The result of the reload is not reported.
  ///
  /// - Parameter fingerprints: of the certificates that are on disk now.
  mutating func reload(_ fingerprints: [Int: String]) throws {
    try test()
    if state == .stopped { throw NPMFault.internalError }
    guard heldPorts.isDisjoint(with: files.values.compactMap { $0["incoming_port"]?.intValue }) else {
      failedReloads += 1
      return
    }
    running = files.mapValues { row in
      guard let print = fingerprints[row["certificate_id"]?.intValue ?? 0] else { return row }
      return row.merging(["certificate_fingerprint": .string(print)]) { $1 }
    }
    reloads += 1
  }

  private func complaint(_ kind: HostKind, _ id: Int, _ row: Row, takenPorts: Set<String> = []) -> String? {
    NginxConfigCheck.complaint(kind, id: id, row, badCertificates: mismatched, takenPorts: takenPorts)
  }

  private mutating func rivalComplaint(_ kind: HostKind, _ id: Int) -> String? {
    guard let rivalID, rivalCount > 0, rivalID != id || kind != .proxy else { return nil }
    rivalCount -= 1
    return """
      nginx: [emerg] open() "/data/nginx/proxy_host/\(rivalID).conf" failed (2: No such file or directory) in \
      /etc/nginx/nginx.conf:100
      nginx: configuration file /etc/nginx/nginx.conf test failed

      """
  }

  static func key(_ kind: HostKind, _ id: Int) -> String { "\(kind.folder)/\(id)" }
}
