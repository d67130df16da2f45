import Model
package import Platform
import Reconciler

/// One daemon per state is active; others stand by, and one of them takes over when it ends.
package enum Standby {
  /// Seconds between checks whether the active daemon is still alive.
  private static let pause = 1.0

  /// Waits until no other daemon works on the same state.
  ///
  /// - Returns: nil: a stop was requested before.
  package static func becomeActive(
    statePath: String, log: any DaemonLogger, stop: ShutdownSignal, manager: SystemdNotifier
  ) async -> Leadership? {
    let path = "\(statePath).watch"
    func leadership(_ lock: FileLock?) -> Leadership { Leadership("\(path).lock", held: lock) }
    do {
      return leadership(try await ApplyLock.take(beside: path, timeout: 0, stop: stop))
    } catch let error as LockError where error.isHeld {
      log.log("standing by: \(FileLock.holder("\(path).lock") ?? "another process") watches already")
      manager.ready()
      manager.status("standing by")
    } catch {
      log.log("no lock can be made, and nothing is written to NPM until then: \(Diagnostic(of: error).message)")
      return leadership(nil)
    }
    while !stop.isRequested {
      if let lock = try? await ApplyLock.take(beside: path, timeout: nil, every: pause, stop: stop) {
        log.log("the active daemon is gone: taking over")
        return leadership(lock)
      }
      await Pause.wait(pause)
    }
    return nil
  }
}
