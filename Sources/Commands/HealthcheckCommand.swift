import Configuration
import Curl
import Model
import Platform

/// `reconciler healthcheck`: whether a daemon on this machine works, for containers and service managers.
enum HealthcheckCommand {
  static let definition = CommandDefinition(
    name: "healthcheck", summary: "Ask the daemon on this machine whether it works; 0 or 1 for containers",
    discussion: "Asks /healthz of the API at api.listen, for at most five seconds.",
    flags: [listen], run: run)

  private static let listen = FlagDefinition("listen", value: "ADDRESS", "Where the daemon's API listens")

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    guard let api = context.settings.api else {
      throw CommandFailure(
        .invalid,
        [
          Diagnostic(
            .settingsMissing, "api.listen is not set: the daemon cannot be asked",
            hint: "set api.listen, or give --listen")
        ])
    }
    let scheme = api.certificate == nil ? "http" : "https"
    var transfer = HTTPTransfer(url: "\(scheme)://localhost/healthz")
    switch api.listen {
    case .unix(let path): transfer.unixSocket = path
    case .tcp(let address, let port):
      // A server on every address is asked on this machine.
      let place =
        ["0.0.0.0", "::"].contains(address) ? ListenAddress.tcp(address: "127.0.0.1", port: port) : api.listen
      transfer.url = "\(scheme)://\(place)/healthz"
    }
    // It asks itself: its certificate is for the names by which others ask.
    transfer.verifiesCertificates = false
    transfer.totalTimeout = 5
    do {
      let answer = try await context.engine.perform(transfer)
      let text = String(decoding: answer.body, as: UTF8.self).prefix(200).split(whereSeparator: \.isNewline).first ?? ""
      guard answer.status == 200 else {
        throw failure("the daemon says: \(text) (HTTP \(answer.status))")
      }
      try invocation.console.result("\(String(text))")
      return .success
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw failure("the daemon does not answer at \(api.listen): \(error)")
    }
  }

  private static func failure(_ message: String) -> CommandFailure {
    CommandFailure(.failure, [Diagnostic(.apiNotReady, message, hint: "look at the daemon's log")])
  }
}
