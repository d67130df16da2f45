package import Alerting
import Curl
import FoundationEssentials
import Model
import Platform
package import Upstream

/// Why somebody could not be told.
package struct SinkFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package var message: String
  /// Trying again will not help: what is sent is not wanted there.
  package var isFinal = false

  package var description: String { message }

  package init(_ message: String, isFinal: Bool = false) {
    self.message = message
    self.isFinal = isFinal
  }
}

/// Tells one sink. Once for each call: when to try again is not decided here.
package struct AlertSink: Sendable {
  package let settings: SinkSettings
  private let owner: String
  private let transport: any HTTPTransport
  private let contract: UpstreamContract
  private let say: @Sendable (String) -> Void

  /// Seconds for a program that is told.
  private static let commandPatience = 30.0

  /// - Parameter say: where a sink of the kind `log` speaks.
  package init(
    _ settings: SinkSettings, owner: String, transport: any HTTPTransport, say: @escaping @Sendable (String) -> Void
  ) {
    self.settings = settings
    self.owner = owner
    self.transport = transport
    self.say = say
    contract = Self.contract(settings.name)
  }

  private static func contract(_ name: String) -> UpstreamContract {
    var contract = UpstreamContract(name: "alert sink '\(name)'")
    contract.connectTimeout = 5
    contract.writeTimeout = 15
    contract.maximumBody = 64 << 10
    // The caller tries again later, and much more patiently.
    contract.retry.attempts = 1
    return contract
  }

  /// Throws `SinkFailure`.
  package func tell(_ notice: AlertNotice) async throws {
    let body = AlertBody(notice, owner: owner)
    switch settings.kind {
    case .webhook: try await post(body.webhook(receiver: settings.name))
    case .alertmanager: try await post(body.alertmanager, path: "/api/v2/alerts")
    case .discord: try await post(body.discord)
    case .slack: try await post(body.slack)
    case .ntfy: try await publish(body)
    case .email: try await mail(body, notice)
    case .command: try await run(body)
    case .log:
      say(
        "\(notice.title)\(notice.alert.members.count > 1 ? " (\(notice.alert.members.joined(separator: ", ")))" : "")")
    }
  }

  /// ntfy takes JSON at its root, with the topic in it.
  private func publish(_ body: AlertBody) async throws {
    let url = settings.url.reveal()
    let parts = url.split(separator: "/", omittingEmptySubsequences: true)
    guard parts.count >= 3, let topic = parts.last else {
      throw SinkFailure("its URL has no topic", isFinal: true)
    }
    let root = url.dropLast(url.hasSuffix("/") ? topic.count + 1 : topic.count)
    try await post(body.ntfy(topic: String(topic)), to: String(root))
  }

  private func post(_ json: JSONValue, path: String = "", to url: String? = nil) async throws {
    let client = UpstreamClient(baseURL: url ?? settings.url.reveal(), contract: contract, transport: transport)
    let ending = path.isEmpty && settings.url.reveal().hasSuffix("/") ? "/" : path
    var request = UpstreamRequest("POST", ending)
    request.headers = [("Content-Type", "application/json"), ("User-Agent", "reconciler")]
    if let token = settings.token { request.headers.append(("Authorization", "Bearer \(token.reveal())")) }
    request.body = Array((try? JSONEncoder().encode(json)) ?? Data())
    do {
      let response = try await client.send(request)
      guard !response.isSuccess else { return }
      // What it cannot read today it will not read tomorrow. What it does not know or allow may only be in the middle of
      // being set up, or behind the NPM that is down.
      throw SinkFailure(
        "it answered HTTP \(response.status)", isFinal: [400, 405, 406, 411, 413, 415, 422].contains(response.status))
    } catch let failure as UpstreamFailure {
      throw SinkFailure(failure.message, isFinal: [.redirected, .notAllowed].contains(failure.reason))
    }
  }

  private func mail(_ body: AlertBody, _ notice: AlertNotice) async throws {
    let message = MailMessage(
      from: settings.from, to: settings.to, subject: "[\(owner)] \(body.title)",
      text: "\(body.title)\n\n\(body.text)\n",
      at: notice.at, identifier: "\(CorrelationID.random())")
    var transfer = HTTPTransfer(url: settings.url.reveal())
    var envelope = MailEnvelope(from: settings.from, to: settings.to)
    envelope.user = settings.user
    envelope.password = settings.password?.reveal()
    // A password does not go over a line that others read.
    envelope.requiresTLS = settings.password != nil
    transfer.mail = envelope
    transfer.body = message.bytes
    transfer.connectTimeout = contract.connectTimeout
    transfer.totalTimeout = 30
    transfer.usesFreshConnection = true
    do {
      _ = try await transport.perform(transfer)
    } catch let error as TransferError {
      throw SinkFailure(error.message)
    } catch {
      throw SinkFailure("\(error)")
    }
  }

  private func run(_ body: AlertBody) async throws {
    let input = Array((try? JSONEncoder().encode(body.full)) ?? Data())
    // Not ours: there are passwords in it.
    let environment = ["PATH": Process.environment("PATH") ?? "/usr/bin:/bin"]
    do {
      let outcome = try await ChildProcess.run(
        settings.command, environment: environment, input: input, timeout: Self.commandPatience)
      if outcome.wasLate { throw SinkFailure("it took longer than \(Int(Self.commandPatience)) s") }
      if outcome.exit != 0 { throw SinkFailure("it ended with \(outcome.exit): \(outcome.complaint)") }
    } catch let error as FileError {
      throw SinkFailure("\(error)")
    }
  }
}
