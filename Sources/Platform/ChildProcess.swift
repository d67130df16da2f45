#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Runs another program to its end with `posix_spawn`: Foundation's `Process` costs 40 ms and about 50 MB.
package enum ChildProcess {
  package struct Outcome: Sendable {
    /// Its exit code; 128 plus the signal number if a signal ended it.
    package var exit: Int32
    package var output: [UInt8]
    package var errors: [UInt8]
    /// It reached its timeout and was ended.
    package var timedOut: Bool

    package var isSuccess: Bool { exit == 0 && !timedOut }
    /// Its standard output without trailing line ends.
    package var text: String {
      var text = String(decoding: output, as: UTF8.self)
      while text.last?.isNewline == true { text.removeLast() }
      return text
    }
    /// The last line of its standard error.
    package var complaint: String {
      String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
    }
  }

  /// Held from `pipe` until FD_CLOEXEC is set: a program started in between would inherit the pipe and keep it open.
  private static let starts = Lock(0)
  /// Seconds between SIGTERM and SIGKILL.
  private static let grace = 3.0
  /// Maximum number of output bytes that are kept.
  private static let maximumOutput = 8 << 20

  /// Runs a program, found through `PATH`, with exactly this environment.
  ///
  /// - Parameter timeout: seconds after which it and its children are ended; task cancellation ends them at once.
  /// - Throws: `FileError` if it cannot be started.
  package static func run(
    _ arguments: [String], environment: [String: String], input: [UInt8] = [], timeout: Double
  ) async throws -> Outcome {
    // A child may end before it has read its input. Children start with the default again.
    CurrentProcess.ignoreFailedWrites()
    let end = Lock(ContinuousClock.now + .seconds(timeout))
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        startThread { continuation.resume(with: Result { try runBlocking(arguments, environment, input, end) }) }
      }
    } onCancel: {
      end.withLock { $0 = .now }
    }
  }

  private static func runBlocking(
    _ arguments: [String], _ environment: [String: String], _ input: [UInt8],
    _ end: Lock<ContinuousClock.Instant>
  ) throws -> Outcome {
    var (child, streams) = try starts.withLock { count in
      count += 1
      let (stdin, stdout, stderr) = (try Pipe(), try Pipe(), try Pipe())
      let child = try spawn(arguments, environment, stdin.read, stdout.write, stderr.write)
      for end in [stdin.read, stdout.write, stderr.write] { end.close() }
      return (child, Streams(stdin: stdin.write, stdout: stdout.read, stderr: stderr.read, unsent: input[...]))
    }
    if streams.unsent.isEmpty { streams.stdin.close() }
    var timedOut = false
    var killing: ContinuousClock.Instant?
    // Only the exit of the child ends the loop: orphaned children of its own may hold its output open.
    while true {
      if let exit = exitCode(child) {
        while streams.exchange(0), streams.isOpen {}
        return Outcome(exit: exit, output: streams.output, errors: streams.errors, timedOut: timedOut)
      }
      if let killing, killing <= .now { kill(-child, SIGKILL) }
      if killing == nil, end.withLock({ $0 }) <= .now {
        // SIGTERM first, so that it can clean up.
        timedOut = true
        kill(-child, SIGTERM)
        killing = .now + .seconds(grace)
      }
      // The exit closes its output, which wakes `poll`; if it closed its output earlier, check more often.
      _ = streams.exchange(streams.isOpen ? 100 : 10)
    }
  }

  /// Our ends of a child's standard streams, and what went through them.
  private struct Streams {
    let stdin: End
    let stdout: End
    let stderr: End
    var unsent: ArraySlice<UInt8>
    var output: [UInt8] = []
    var errors: [UInt8] = []

    /// Whether more output may come.
    var isOpen: Bool { stdout.isOpen || stderr.isOpen }

    /// Waits at most so long for something to read or write, and does that.
    mutating func exchange(_ milliseconds: Int32) -> Bool {
      var watched = [
        pollfd(fd: stdout.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: stderr.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: stdin.number, events: Int16(POLLOUT), revents: 0),
      ]
      let ready = poll(&watched, nfds_t(watched.count), milliseconds)
      if watched[0].revents != 0 { stdout.take(into: &output, maximumOutput) }
      if watched[1].revents != 0 { stderr.take(into: &errors, maximumOutput) }
      if watched[2].revents != 0 { stdin.give(&unsent) }
      return ready > 0
    }
  }

  private static func spawn(
    _ arguments: [String], _ environment: [String: String], _ input: End, _ output: End, _ errors: End
  ) throws -> pid_t {
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #else
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input.number, 0)
    posix_spawn_file_actions_adddup2(&actions, output.number, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.number, 2)
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t(), none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    // Its own process group: Ctrl-C at our terminal does not reach it, and its children can be ended with it.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var child = pid_t()
    let code = posix_spawnp(&child, arguments[0], &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw FileError("run", arguments[0], code: code) }
    return child
  }

  /// nil: it still runs.
  private static func exitCode(_ child: pid_t) -> Int32? {
    var status: Int32 = 0
    let found = waitpid(child, &status, WNOHANG)
    if found == 0 || (found < 0 && errno == EINTR) { return nil }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /// Both ends of a pipe that no other program inherits.
  private struct Pipe {
    let read: End
    let write: End

    init() throws {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw FileError("make", "a pipe") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      read = End(ends[0])
      write = End(ends[1])
    }
  }

  /// One end of a pipe, closed with its last reference.
  private final class End {
    private(set) var number: Int32
    init(_ number: Int32) { self.number = number }
    deinit { close() }

    var isOpen: Bool { number >= 0 }

    func close() {
      if number >= 0 { _ = closeDescriptor(number) }
      number = -1
    }

    func take(into bytes: inout [UInt8], _ maximum: Int) {
      var chunk = [UInt8](repeating: 0, count: 65536)
      let count = chunk.withUnsafeMutableBytes { readRetrying(number, $0) }
      guard count > 0 else { return close() }
      bytes += chunk.prefix(min(count, max(0, maximum - bytes.count)))
    }

    func give(_ bytes: inout ArraySlice<UInt8>) {
      let part = Array(bytes.prefix(4096))  // a pipe that `poll` reports as writable takes this much without blocking
      let count = write(number, part, part.count)
      // A child that closed its input gets no more.
      if count < 0 { bytes = [] } else { bytes = bytes.dropFirst(count) }
      if bytes.isEmpty { close() }
    }
  }
}

private func closeDescriptor(_ number: Int32) -> Int32 { close(number) }
