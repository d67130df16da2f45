import Model
import Platform
import Store

/// A double: a store on a disk that is full for a while.
struct SometimesAway: StoreProvider {
  let path: String
  let isAway: Lock<Bool>

  func stores(of instance: InstanceID) throws -> StoreSet {
    if isAway.withLock({ $0 }) { throw StoreError(.storeFull, "full") }
    return StoreSet(try SQLiteStore(path: path, instance: instance))
  }
}
