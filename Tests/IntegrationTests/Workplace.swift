import Foundation
import Model
import Platform
import TestSupport
import Testing

/// A working directory of a user: desired files, a simulated NPM, the real binary.
struct Workplace {
  let npm: SimulatedNPM
  let scratch: Scratch
  /// Additional environment variables.
  var variables: [String: String] = [:]

  init(_ npm: SimulatedNPM) throws {
    self.npm = npm
    scratch = try Scratch()
  }

  static let secret = "changeme"

  /// Simulators share the processors with all tests: on a busy machine their answers take longer than NPM's.
  private static let patience = [
    "RECONCILER_NPM_CONNECT_TIMEOUT": "60s", "RECONCILER_NPM_FIRST_BYTE_TIMEOUT": "60s",
    "RECONCILER_NPM_READ_TIMEOUT": "60s",
  ]

  var environment: [String: String] {
    let login = ["NPM_URL": npm.url, "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": Self.secret]
    return login.merging(Self.patience) { $1 }.merging(variables) { $1 }
  }

  /// Writes one host's file. By default the destination is not checked.
  func desire(_ name: String, _ domain: String, port: Int = 80, _ more: String = "validate: off") throws {
    try scratch.write(
      "desired/\(name).yaml",
      "proxy_hosts:\n  \(name):\n    domain_names: [\(domain)]\n    forward: http://127.0.0.1:\(port)\n    \(more)\n")
  }

  /// A status file; null: there is none that can be read.
  func status(_ file: String) -> JSONValue {
    guard let bytes = try? Files.read("\(scratch.path)/status/\(file)") else { return .null }
    return (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))) ?? .null
  }

  /// Twenty of our hosts, with six names removed from the YAML.
  func giveUpSixOfTwenty() async throws {
    for index in 0..<20 { try desire("h\(index)", "h\(index).test") }
    try await run("apply", "--yes", exits: 0)
    for index in 0..<6 { try scratch.remove("desired/h\(index).yaml") }
  }

  func run(_ arguments: String...) async throws -> ProgramRun { try await run(arguments) }

  func run(_ arguments: [String]) async throws -> ProgramRun {
    try await ProgramRun.run(arguments, in: scratch.path, environment: environment)
  }

  /// Runs the binary and expects this exit code; what it printed is shown where it is another.
  func run(_ arguments: String..., exits code: Int32, at place: Testing.SourceLocation = #_sourceLocation) async throws
  {
    try await run(arguments, exits: code, at: place)
  }

  func run(_ arguments: [String], exits code: Int32, at place: Testing.SourceLocation = #_sourceLocation) async throws {
    let run = try await run(arguments)
    #expect(run.exit == code, "\(arguments)\n\(run.output)\(run.errors)", sourceLocation: place)
  }

  func start(_ arguments: String...) throws -> RunningProgram {
    try RunningProgram(arguments, in: scratch.path, environment: environment)
  }
}
