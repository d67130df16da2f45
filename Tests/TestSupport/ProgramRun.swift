import Foundation
package import Model

/// The real binary, run as a user would.
package struct ProgramRun: Sendable {
  package var exit: Int32
  package var output: String
  package var errors: String

  package var json: JSONValue {
    (try? JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))) ?? .null
  }

  /// Beside the test bundle: built by the same build.
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

/// A binary under way.
package final class RunningProgram: @unchecked Sendable {  // guard: Foundation.Process is used by one test at a time
  private let process = Foundation.Process()
  private let output = Pipe()
  private let errors = Pipe()
  private let done: AsyncStream<Void>

  package init(
    _ arguments: [String], in directory: String, environment: [String: String] = [:],
    program: String = ProgramRun.binary
  ) throws {
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    var merged = ["PATH": "/usr/bin:/bin", "HOME": directory]
    for name in ["TSAN_OPTIONS", "ASAN_OPTIONS", "LD_LIBRARY_PATH"] {
      merged[name] = ProcessInfo.processInfo.environment[name]
    }
    process.environment = merged.merging(environment) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    done = stream
    process.terminationHandler = { _ in continuation.finish() }
    try process.run()
  }

  package var identifier: Int32 { process.processIdentifier }
  package var isRunning: Bool { process.isRunning }

  /// Ends it as a loss of power would.
  package func killHard() { kill(process.processIdentifier, SIGKILL) }
  package func interrupt() { kill(process.processIdentifier, SIGINT) }

  /// What it prints first; waits for it.
  package func firstLine() async -> String {
    let handle = output.fileHandleForReading
    return await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        var line: [UInt8] = []
        while let byte = handle.readData(ofLength: 1).first, byte != 0x0a { line.append(byte) }
        continuation.resume(returning: String(decoding: line, as: UTF8.self))
      }
    }
  }

  package func result() async -> ProgramRun {
    async let out = Self.readAll(output)
    async let err = Self.readAll(errors)
    let (text, remarks) = await (out, err)
    for await _ in done {}
    return ProgramRun(exit: process.terminationStatus, output: text, errors: remarks)
  }

  private static func readAll(_ pipe: Pipe) async -> String {
    await withCheckedContinuation { continuation in
      let handle = pipe.fileHandleForReading
      DispatchQueue.global().async {
        continuation.resume(returning: String(decoding: handle.readDataToEndOfFile(), as: UTF8.self))
      }
    }
  }
}
