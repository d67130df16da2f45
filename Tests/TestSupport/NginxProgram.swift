import Curl
import Foundation
import Platform

/// Debian's nginx, run in the foreground with its own directory.
package final class NginxProgram: Sendable {
  private let program: RunningProgram

  /// Starts it and waits until `port` responds.
  ///
  /// - Parameter configuration: the result of `configuration(_:stream:in:)`.
  package init(_ configuration: String, in directory: String, answersOn port: Int) async throws {
    try Self.write(configuration, in: directory)
    program = try RunningProgram(
      Self.arguments(directory), in: directory, program: try OutsideProgram.path("nginx"))
    while program.isRunning, !(await Self.answers(port)) { await Task.yield() }
    guard program.isRunning else {
      throw OutsideProgramFailure(program: "nginx", lastLine: await program.nextError())
    }
  }

  /// Loads a new configuration.
  package func reload(_ configuration: String, in directory: String) {
    try? Self.write(configuration, in: directory)
    program.hangUp()
  }

  package func stop() async {
    program.terminate()
    _ = await program.result()
  }

  /// The error of `nginx -t` for a configuration; nil: accepted.
  package static func complaint(_ configuration: String, in directory: String) async throws -> String? {
    try write(configuration, in: directory)
    let run = try await ProgramRun.run(
      arguments(directory) + ["-t", "-q"], in: directory, program: try OutsideProgram.path("nginx"))
    return run.exit == 0 ? nil : run.errors
  }

  /// - Parameters:
  ///   - http: the content of the `http` block.
  ///   - stream: the content of the `stream` block; nil: none.
  package static func configuration(_ http: String, stream: String? = nil, in directory: String) throws -> String {
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(directory)/tmp;" }
    let module = stream == nil ? "" : "load_module \(try OutsideProgram.nginxModule("stream"));"
    return """
      \(module)
      daemon off;
      master_process on;
      worker_processes 1;
      pid \(directory)/nginx.pid;
      events { worker_connections 256; }
      http {
        access_log off;
        server_names_hash_bucket_size 1024;
        server_names_hash_max_size 65536;
        variables_hash_max_size 65536;
        \(paths.joined(separator: "\n  "))
        \(http)
      }
      \(stream.map { "stream { \($0) }" } ?? "")

      """
  }

  private static func arguments(_ directory: String) -> [String] {
    ["-p", directory, "-c", "\(directory)/nginx.conf", "-e", "\(directory)/logs/error.log"]
  }

  private static func write(_ configuration: String, in directory: String) throws {
    for name in ["logs", "tmp"] where !Files.exists("\(directory)/\(name)") {
      try Files.createDirectory("\(directory)/\(name)", mode: 0o700)
    }
    try Files.replace("\(directory)/nginx.conf", with: Array(configuration.utf8), mode: 0o600)
  }

  private static func answers(_ port: Int) async -> Bool {
    var transfer = HTTPTransfer(url: "http://127.0.0.1:\(port)/")
    transfer.usesFreshConnection = true
    return (try? await CurlEngine(maximumLive: 1).perform(transfer)) != nil
  }
}
