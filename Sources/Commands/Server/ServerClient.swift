import Configuration
import Curl
import FoundationEssentials
import Model
import Platform
import Reports

/// Asks a daemon by its HTTP API, for commands with `--server`.
struct ServerClient: Sendable {
  static let flag = FlagDefinition(
    "server", value: "URL", "Have the daemon there do it: neither NPM's password nor the store are needed")

  private let server: ServerConfiguration
  private let engine: CurlEngine
  private let correlation: String

  init(_ server: ServerConfiguration, _ context: CommandContext) {
    self.server = server
    engine = context.engine
    correlation = context.correlation
  }

  /// nil: the command does its work itself.
  ///
  /// - Parameter unsuited: flags that are the daemon's to decide.
  static func of(_ invocation: Invocation, unsuited: [FlagDefinition] = []) throws -> (ServerClient, CommandContext)? {
    let context = try CommandContext(invocation)
    guard let server = context.settings.server else { return nil }
    if let flag = unsuited.first(where: { invocation.arguments.has($0) }) {
      throw UsageError(
        message: "--\(flag.name) has no effect with --server: the daemon's settings hold there",
        hint: "leave it out, or run without --server")
    }
    return (ServerClient(server, context), context)
  }

  // MARK: Requests

  private func transfer(_ method: String, _ path: String) -> HTTPTransfer {
    var transfer = HTTPTransfer(method: method, url: server.url + path)
    transfer.unixSocket = server.unixSocket
    transfer.caFile = server.caFile
    transfer.headers = [("X-Request-ID", correlation), ("User-Agent", "reconciler")]
    if let token = server.token { transfer.headers.append(("Authorization", "Bearer \(token.reveal())")) }
    return transfer
  }

  private func answer(_ transfer: HTTPTransfer) async throws -> TransferResult {
    let result: TransferResult
    do {
      result = try await engine.perform(transfer)
    } catch {
      throw CommandFailure(
        .failure,
        [
          Diagnostic(
            .apiNotReady, "the daemon at \(server.title) does not answer: \(error)",
            hint: "is 'reconciler watch --listen' running there?")
        ])
    }
    guard !(200..<300).contains(result.status) else { return result }
    throw CommandFailure(.failure, [refusal(result)])
  }

  /// What the daemon says against it.
  private func refusal(_ result: TransferResult) -> Diagnostic {
    let problem = try? JSONDecoder().decode(JSONValue.self, from: Data(result.body))
    let code = problem?["code"].stringValue.flatMap(DiagnosticCode.init(rawValue:)) ?? .apiRequest
    let detail = problem?["detail"].stringValue ?? "HTTP \(result.status)"
    return Diagnostic(code, "the daemon at \(server.title) says: \(detail)", hint: problem?["hint"].stringValue)
  }

  func get<Body: Decodable>(_ path: String, as type: Body.Type, timeout: Double = 30) async throws -> Body {
    var transfer = transfer("GET", path)
    transfer.totalTimeout = timeout
    return try decoded(try await answer(transfer))
  }

  private func decoded<Body: Decodable>(_ result: TransferResult) throws -> Body {
    do {
      return try JSONDecoder().decode(Body.self, from: Data(result.body))
    } catch {
      throw CommandFailure(
        .failure,
        [
          Diagnostic(
            .apiRequest, "the answer of \(server.title) cannot be read", hint: "is it a daemon of this version?")
        ])
    }
  }

  // MARK: Workflows

  struct Workflow: Decodable, Sendable {
    struct Progress: Decodable, Sendable {
      var done: Int
      var total: Int
      var message: String
    }
    struct Problem: Decodable, Sendable {
      var code: String
      var message: String
      var hint: String?
    }

    var id: String
    var state: String
    var progress: Progress?
    var result: JSONValue?
    var error: Problem?
    var exitCode: Int32?

    private enum CodingKeys: String, CodingKey {
      case id, state, progress, result, error
      case exitCode = "exit_code"
    }

    var isOver: Bool { state != "queued" && state != "running" }
    var exit: ExitCode { exitCode.flatMap(ExitCode.init(rawValue:)) ?? (state == "succeeded" ? .success : .failure) }
    var diagnostic: Diagnostic? {
      error.map {
        Diagnostic(DiagnosticCode(rawValue: $0.code) ?? .internalError, $0.message, hint: $0.hint)
      }
    }
  }

  /// Starts a workflow and waits for its end.
  ///
  /// - Parameters:
  ///   - stop: cancels it when it is requested.
  ///   - progress: called now and then.
  func run(
    _ kind: String, _ parameters: [String: JSONValue], stop: ShutdownSignal = ShutdownSignal(),
    progress: @Sendable (Workflow.Progress) -> Void = { _ in }
  ) async throws -> Workflow {
    var start = transfer("POST", "/api/workflows/\(kind)/start")
    // A start whose answer was lost is not made twice.
    start.headers += [("Content-Type", "application/json"), ("Idempotency-Key", "\(correlation)-\(kind)")]
    start.body = Array(JSONOutput.line(JSONValue.object(["parameters": .object(parameters)])).utf8)
    var workflow: Workflow = try decoded(try await answer(start))
    let cancellation = Task { [id = workflow.id] in
      await stop.wait()
      if stop.isRequested { _ = try? await self.answer(self.transfer("POST", "/api/workflows/\(id)/cancel")) }
    }
    defer { cancellation.cancel() }
    while !workflow.isOver {
      workflow = try await get(
        "/api/workflows/\(workflow.id)/status?wait=\(workflow.state == "running" ? 1 : 5)", as: Workflow.self,
        timeout: 60)
      if let far = workflow.progress, far.total > 0 { progress(far) }
    }
    return workflow
  }

  /// What the command line selects, as a workflow takes it.
  static func selection(_ context: CommandContext) throws -> [String: JSONValue] {
    let selection = try context.selection()
    let words = selection.names.sorted() + selection.labels.map { "\($0.key)=\($0.value)" }.sorted()
    return words.isEmpty ? [:] : ["select": .array(words.map { .string($0) })]
  }

  /// As a part of a query (RFC 3986).
  static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      if byte.isAlphanumeric || "-._~".utf8.contains(byte) { return String(decoding: [byte], as: UTF8.self) }
      let digits = String(byte, radix: 16, uppercase: true)
      return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
    }.joined()
  }

  // MARK: Streams

  /// Takes the pieces of a stream as they come. Returns when the server ends it, or nothing came for so long.
  ///
  /// - Throws: `CommandFailure`, where the daemon refuses it.
  func stream(_ path: String, after: Int?, take: @escaping @Sendable ([UInt8]) -> Bool) async throws {
    var transfer = transfer("GET", path)
    if let after { transfer.headers.append(("Last-Event-ID", String(after))) }
    (transfer.totalTimeout, transfer.idleTimeout, transfer.takeBody) = (.infinity, 45, take)
    let result = try await engine.perform(transfer)
    guard (200..<300).contains(result.status) else { throw CommandFailure(.failure, [refusal(result)]) }
  }
}
