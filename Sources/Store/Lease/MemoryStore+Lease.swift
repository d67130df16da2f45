package import Model

extension MemoryStore: LeaseStore {
  package func acquire(_ holder: LeaseHolder) -> LeaseResult {
    let old = leaseHolder
    if let old, old.keepsOut(holder) { return .held(old) }
    leaseHolder = holder
    return old.map { .takenOver($0) } ?? .free
  }

  package func renew(_ holder: LeaseHolder, at: Timestamp) {
    if leaseHolder?.isSame(as: holder) == true { leaseHolder?.heartbeat = at }
  }

  package func release(_ holder: LeaseHolder) { if leaseHolder?.isSame(as: holder) == true { leaseHolder = nil } }
}
