import Foundation
package import Model
import Platform

/// The real binary, run as a user would.
package struct ProgramRun: Sendable {
  package var exit: Int32
  package var output: String
  package var errors: String

  package var json: JSONValue {
    (try? JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))) ?? .null
  }

  /// Next to the test bundle, from the same build.
  package static let binary: String = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("reconciler").path
  }()

  /// Runs the binary in `directory` and waits for its end.
  package static func run(
    _ arguments: [String], in directory: String, environment: [String: String] = [:],
    program: String = ProgramRun.binary
  ) async throws -> ProgramRun {
    let started = try RunningProgram(arguments, in: directory, environment: environment, program: program)
    return await started.result()
  }
}

/// A running program, started by `posix_spawn`: Foundation's `Process` takes 40 ms for each and has crashed here.
package final class RunningProgram: Sendable {
  package let identifier: Int32
  private let output: Int32
  private let errors: Int32
  private let status = Promise<Int32>()

  package init(
    _ arguments: [String], in directory: String, environment: [String: String] = [:],
    program: String = ProgramRun.binary
  ) throws {
    var merged = ["PATH": "/usr/bin:/bin", "HOME": directory]
    for name in ["TSAN_OPTIONS", "ASAN_OPTIONS", "LD_LIBRARY_PATH"] {
      merged[name] = ProcessInfo.processInfo.environment[name]
    }
    merged.merge(environment) { _, new in new }
    // posix_spawn has no portable way to change the directory; `exec` keeps the process.
    let command = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", directory, program] + arguments
    (identifier, output, errors) = try Self.start(command, merged.map { "\($0.key)=\($0.value)" })
    startThread { [identifier, status] in status.keep(Self.wait(identifier)) }
  }

  deinit {
    close(output)
    close(errors)
  }

  package var isRunning: Bool { !status.isKept }

  /// Ends it as a power loss would.
  package func killHard() { kill(identifier, SIGKILL) }
  package func interrupt() { kill(identifier, SIGINT) }
  package func hangUp() { kill(identifier, SIGHUP) }
  package func terminate() { kill(identifier, SIGTERM) }

  /// Limits the size of its files, as a full disk does; nil: no limit.
  package func limitFiles(to bytes: Int?) async throws -> Bool {
    let limit = bytes.map(String.init) ?? "unlimited"
    return try await ChildProcess.run(
      ["prlimit", "--pid", "\(identifier)", "--fsize=\(limit):unlimited"], environment: ["PATH": "/usr/bin:/bin"],
      timeout: 30
    ).isSuccess
  }

  /// Waits for the first line of its output.
  package func firstLine() async -> String { await line(of: output) }

  /// Waits for the next line of its log.
  package func nextError() async -> String { await line(of: errors) }

  private func line(of descriptor: Int32) async -> String {
    let line = Promise<String>()
    startThread { [self] in
      var bytes: [UInt8] = []
      var byte: UInt8 = 0
      while read(descriptor, &byte, 1) == 1, byte != 0x0a { bytes.append(byte) }
      withExtendedLifetime(self) { line.keep(String(decoding: bytes, as: UTF8.self)) }
    }
    // A test that exceeds its time limit must not wait for output that never comes.
    return await withTaskCancellationHandler {
      await line.value
    } onCancel: {
      line.keep("")
    }
  }

  /// Waits until its log contains `words`, or the test's time limit is reached.
  package func says(_ words: String) async {
    while !Task.isCancelled { if await nextError().contains(words) { return } }
  }

  package func result() async -> ProgramRun {
    async let out = readAll(output)
    async let err = readAll(errors)
    let (text, remarks) = await (out, err)
    // Fails the test, whatever exit code it expects.
    precondition(!remarks.contains("Sanitizer: "), remarks)
    return ProgramRun(exit: await status.value, output: text, errors: remarks)
  }

  private func readAll(_ descriptor: Int32) async -> String {
    let text = Promise<String>()
    startThread { [self] in
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65536)
      while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count > 0 { bytes += chunk[0..<count] } else if count == 0 || errno != EINTR { break }
      }
      withExtendedLifetime(self) { text.keep(String(decoding: bytes, as: UTF8.self)) }
    }
    return await text.value
  }

  // MARK: The system

  /// Held from `pipe` until FD_CLOEXEC is set: a program started in between would inherit the pipe and keep it open.
  /// Counts starts, because the thread sanitizer confuses a lock of an empty value with its neighbour in memory.
  private static let starts = Lock(0)

  private static func start(_ command: [String], _ environment: [String]) throws -> (Int32, Int32, Int32) {
    try starts.withLock { count in
      count += 1
      let out = try pipe(), err = try pipe()
      defer {
        close(out.write)
        close(err.write)
      }
      return (try spawn(command, environment, output: out.write, errors: err.write), out.read, err.read)
    }
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Foundation.pipe(&ends) == 0 else { throw FileError("make", "a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func spawn(
    _ arguments: [String], _ environment: [String], output: Int32, errors: Int32
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t(), none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { for text in argv + envp { free(text) } }
    var identifier: pid_t = 0
    let code = posix_spawn(&identifier, arguments[0], &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw FileError("run", arguments[0], code: code) }
    return identifier
  }

  /// The exit code, or 128 plus the signal number.
  private static func wait(_ identifier: Int32) -> Int32 {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }
}
