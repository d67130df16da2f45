package import DesiredFiles
import Model
import Platform

/// Desired files in a directory, watched for changes.
package actor DirectorySource: DesiredSource {
  private let directory: String
  private let ignored: String
  private let secrets: SecretSource
  private var last = LastGoodState()
  private var files: FileWatch?
  private let changes = Lock(0)

  /// - Parameter ignored: a directory that may be inside, and that the daemon writes itself.
  package init(_ directory: String, ignoring ignored: String, secrets: SecretSource) {
    self.directory = directory
    self.ignored = ignored
    self.secrets = secrets
  }

  package nonisolated var title: String { "\(directory)/" }

  package func read() async -> SourceReading {
    let revision = changes.withLock { $0 }
    let loaded = await BlockingPool.files.run { [directory, secrets] in DesiredLoader.load(directory, secrets: secrets)
    }
    files?.follow(loaded.referred)
    var reading = last.take(loaded)
    reading.revision = revision
    return reading
  }

  package func watch(changed: @escaping @Sendable () -> Void) {
    files = FileWatch(directory, ignoring: ignored) { [changes] in
      changes.withLock { $0 += 1 }
      changed()
    }
  }
}
