import Model
import NPMClient
import Planning
import Store

/// Whether nginx reloaded after a write: NPM sends it a signal and does not check the result.
///
/// nginx closes its idle connections when it reloads, and keeps them when the reload failed. Where NPM's API is reached
/// through NPM's own nginx, such a connection, opened before a write, shows which.
actor ReloadWitness {
  enum Proof {
    case reloaded
    /// nginx still has its previous configuration.
    case notReloaded
    /// There is no usable connection.
    case unknown
  }

  private let gateway: any NPMGateway
  private let stores: StoreSet
  private let npm: String
  private let isWanted: Bool
  /// nil: not read yet.
  private var counts: Bool??
  /// Opened before the last call that makes NPM reload nginx.
  private var connection: IdleWitness?
  private(set) var remark: Diagnostic?
  /// A reload was observed in this run.
  private(set) var hasReloaded = false

  /// Seconds. On a loaded machine a reload was seen after 0.11.
  private static let timeout = 2.5

  /// - Parameters:
  ///   - npm: the address of NPM: what was learned is stored for it.
  ///   - isWanted: false: the settings exclude connections to this address as evidence.
  init(gateway: any NPMGateway, stores: StoreSet, npm: String, isWanted: Bool) {
    self.gateway = gateway
    self.stores = stores
    self.npm = npm
    self.isWanted = isWanted
  }

  /// Called before the calls of another change.
  func reset() { connection = nil }

  /// Called right before each call that makes NPM reload nginx: of several calls for one change, the last one counts.
  func arm() async { connection = await open() }

  /// nil: no evidence is available.
  private func open() async -> IdleWitness? {
    guard isWanted, await learnt() != false else { return nil }
    guard let ownershipProof = await gateway.idleConnection() else { return nil }
    if ownershipProof.isThroughNginx { return ownershipProof }
    if await learnt() == true { return ownershipProof }
    await learn(false)
    remark = Diagnostic(
      .reloadUnproven, "NPM is not reached through its own nginx: whether nginx took a change over cannot be seen",
      hint: "set npm.data_plane to where NPM serves its hosts: every change is then looked at there",
      severity: .warning)
    return nil
  }

  /// Called after the calls of a change.
  func proof() async -> Proof {
    guard let connection else { return .unknown }
    guard await connection.ends(Self.timeout) else { return .notReloaded }
    hasReloaded = true
    if await learnt() != true { await learn(true) }
    return .reloaded
  }

  /// What was learned about this address; nil also when the store cannot be read.
  private func learnt() async -> Bool? {
    if let counts { return counts }
    let stored = (try? await stores.binding.reloadWitness(of: npm)) ?? nil
    counts = .some(stored)
    return stored
  }

  func learn(_ value: Bool) async {
    counts = .some(value)
    try? await stores.binding.setReloadWitness(value, of: npm)
  }
}

extension Change {
  /// Whether NPM certainly reloads nginx for it.
  var reloadsNginx: Bool {
    let wasOn = observed?.isEnabled ?? false, willBeOn = desired.map { $0["enabled"] != false } ?? false
    // Both take effect with the hosts that use them: a list through NPM, certificate files through a write of ours.
    guard ![.accessList, .certificate].contains(key.kind) else {
      return action == .update && users.contains { $0.isEnabled && $0.nginx == .online }
    }
    guard (desired ?? observed?.spec)?.schema.hasNginxState == true else { return false }
    switch action {
    case .create: return willBeOn
    // A host to be disabled whose disabling was not confirmed is switched on and off again.
    case .update where cause == .unfinished && !wasOn && !willBeOn: return true
    case .update: return (wasOn || willBeOn) && !isRenameInStore
    case .adopt: return (wasOn || willBeOn) && desired?.schema.ownershipProof == .marker && observed?.marker == nil
    case .delete: return wasOn
    case .release(let isDisabling): return isDisabling && wasOn
    case .blocked: return false
    }
  }
}
