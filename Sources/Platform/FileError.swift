#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A failed call on a file: the call, the path, and the system's reason.
package struct FileError: Error, Equatable, CustomStringConvertible {
  package var operation: String
  package var path: String
  package var code: Int32

  package init(_ operation: String, _ path: String, code: Int32 = errno) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// The system's message, for example `No such file or directory`.
  package var reason: String { String(cString: strerror(code)) }
  package var isMissing: Bool { code == ENOENT }
  package var isBrokenPipe: Bool { code == EPIPE }
  package var description: String { "cannot \(operation) \(path): \(reason)" }
}
