#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A value that one thread at a time can access.
///
/// The value must not be a closure: each access through `inout` wraps it in another one, until a call of it overflows the
/// stack. `scripts/lint.sh` refuses that.
///
/// A pthread mutex in heap memory: with `Synchronization.Mutex` the thread sanitizer reports false races.
package final class Lock<Value>: @unchecked Sendable {  // guard: every access to `value` holds `mutex`
  private var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  package init(_ value: Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deinitialize(count: 1)
    mutex.deallocate()
  }

  /// Runs `body` with exclusive access. Never suspend, block on I/O or take another lock inside.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
