import Daemon
import DesiredFiles
import Platform

/// A double: a log that keeps nothing.
struct SilentLog: DaemonLogger {
  func log(_ message: String) {}
  func debug(_ message: String) {}
}

/// A double: desired files that are as the test sets them.
struct FixedSource: DesiredSource {
  let reading: Lock<SourceReading>
  var title: String { "a test" }
  func read() async -> SourceReading { reading.withLock { $0 } }
  func load() async -> LoadedDesired? { nil }
  func watch(changed: @escaping @Sendable () -> Void) async {}
}
