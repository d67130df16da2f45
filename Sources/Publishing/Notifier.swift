package import Alerting
package import Curl
import Model
import Platform
package import Upstream

/// Why a receiver could not be notified.
package struct NotifierError: Error, Hashable, Sendable, CustomStringConvertible {
  package var message: String
  /// A retry will not help: the receiver rejects the content.
  package var isFinal = false
  /// It may have been too long.
  package var mayBeLength = false
  /// Seconds for which the receiver asks not to be notified; nil: it does not ask.
  package var retryAfter: Double?

  package var description: String { message }

  package init(_ message: String, isFinal: Bool = false) {
    self.message = message
    self.isFinal = isFinal
  }
}

/// Notifies one receiver, with one attempt per call: retries are decided by the caller.
package struct Notifier: Sendable {
  package let settings: ReceiverConfiguration
  private let owner: String
  private let transport: any HTTPTransport
  private let configuration: UpstreamConfiguration
  private let say: @Sendable (String) -> Void
  private let observe: @Sendable (Bool) -> Void

  /// Seconds before a notified program times out.
  private static let commandPatience = 30.0

  /// - Parameter say: where a receiver of the kind `log` writes.
  package init(
    _ settings: ReceiverConfiguration, owner: String, transport: any HTTPTransport,
    observe: @escaping @Sendable (_ wasDelivered: Bool) -> Void = { _ in }, say: @escaping @Sendable (String) -> Void
  ) {
    self.observe = observe
    self.settings = settings
    self.owner = owner
    self.transport = transport
    self.say = say
    configuration = Self.configuration(settings.name)
  }

  private static func configuration(_ name: String) -> UpstreamConfiguration {
    var configuration = UpstreamConfiguration(name: "alert sink '\(name)'")
    configuration.connectTimeout = 5
    configuration.writeTimeout = 15
    configuration.maximumBody = 64 << 10
    // The caller retries later, with much longer pauses.
    configuration.retry.attempts = 1
    return configuration
  }

  /// Sends one notification, or several as one message. What is refused for its length is sent again, shorter.
  ///
  /// - Throws: `NotifierError`.
  package func notify(_ notices: [AlertNotification]) async throws {
    do {
      do {
        try await notify(notices, .full)
      } catch let failure as NotifierError where failure.mayBeLength {
        try await notify(notices, .short)
      }
      observe(true)
    } catch {
      observe(false)
      throw error
    }
  }

  private func notify(_ notices: [AlertNotification], _ length: NotificationText.Length) async throws {
    let message = NotificationText(notices, owner: owner, length: length)
    switch settings.kind {
    case .discord: try await post(message.discord)
    case .slack: try await post(message.slack)
    case .ntfy: try await publish(message)
    case .email: try await mail(message, at: notices.first?.at ?? .now)
    case .log:
      let notice = notices.count == 1 ? notices[0] : AlertDigest(notices).notice
      say(NotificationText([notice], owner: owner).title + Self.tail(notice))
    case .webhook, .alertmanager, .command: try await hand(over: notices, length)
    }
  }

  private static func tail(_ notice: AlertNotification) -> String {
    let members = notice.alert.members
    return members.count > 1 ? " (\(members.prefix(20).joined(separator: ", ")))" : ""
  }

  /// Hosts that are passed to a program that refused the whole list.
  private static let shortList = 10

  private func hand(over notices: [AlertNotification], _ length: NotificationText.Length) async throws {
    let bounded =
      length == .full
      ? notices
      : notices.map { notice in
        var short = notice
        short.alert.members = Array(notice.alert.members.prefix(Self.shortList))
        short.alert.summary = String(notice.alert.summary.prefix(200))
        return short
      }
    let body = NotificationPayload(bounded, owner: owner)
    switch settings.kind {
    case .webhook: try await post(body.webhook(receiver: settings.name))
    case .alertmanager: try await post(body.alertmanager, below: "/api/v2/alerts")
    default: try await run(body)
    }
  }

  /// ntfy accepts JSON at its root, with the topic in it.
  private func publish(_ message: NotificationText) async throws {
    guard let (root, topic) = NtfyAddress.parts(settings.url.reveal()) else {
      throw NotifierError("its URL has no topic", isFinal: true)
    }
    try await post(message.ntfy(topic: topic), to: root)
  }

  private func post(_ json: JSONValue, below path: String = "", to place: URLParts? = nil) async throws {
    guard var url = place ?? URLParts(settings.url.reveal()) else {
      throw NotifierError("its URL is none", isFinal: true)
    }
    if !path.isEmpty { url.path = (url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path) + path }
    var root = url
    (root.path, root.query) = ("/", nil)
    guard let base = try? root.text(), let text = try? url.text() else {
      throw NotifierError("its URL is none", isFinal: true)
    }
    let client = UpstreamClient(baseURL: base, configuration: configuration, transport: transport)
    var request = UpstreamRequest("POST", "/" + text.dropFirst(base.count))
    request.headers = [("Content-Type", "application/json"), ("User-Agent", "reconciler")]
    if let token = settings.token { request.headers.append(("Authorization", "Bearer \(token.reveal())")) }
    request.body = Array(JSONOutput.line(json).utf8)
    do {
      let response = try await client.send(request)
      guard !response.isSuccess else { return }
      // Content that it rejects now it will reject later. An unknown path or missing permission may be temporary: it is
      // being set up, or behind the NPM that is down.
      var failure = NotifierError(
        "it answered HTTP \(response.status)", isFinal: [400, 405, 406, 411, 413, 415, 422].contains(response.status))
      failure.mayBeLength = [400, 413, 422].contains(response.status)
      failure.retryAfter = response.retryAfter
      throw failure
    } catch let failure as UpstreamFailure {
      var error = NotifierError(failure.message, isFinal: [.redirected, .notAllowed].contains(failure.reason))
      error.retryAfter = failure.retryAfter
      throw error
    }
  }

  private func mail(_ content: NotificationText, at time: Timestamp) async throws {
    let message = MailMessage(
      from: settings.from, to: settings.to, subject: "[\(owner)] \(content.title)",
      text: "\(content.title)\n\n\(content.text)\n", at: time, identifier: "\(CorrelationID.random())")
    var transfer = HTTPTransfer(url: settings.url.reveal())
    var envelope = MailEnvelope(
      from: MailAddress(settings.from).address, to: settings.to.map { MailAddress($0).address })
    envelope.user = settings.user
    envelope.password = settings.password?.reveal()
    // A password is never sent over an unencrypted connection.
    envelope.requiresTLS = settings.password != nil
    transfer.mail = envelope
    transfer.body = message.bytes
    transfer.connectTimeout = configuration.connectTimeout
    transfer.totalTimeout = 30
    transfer.usesFreshConnection = true
    do {
      _ = try await transport.perform(transfer)
    } catch let error as TransferError {
      // RFC 5321: a 5xx reply is permanent.
      var failure = NotifierError(
        error.status == 0 ? error.message : "it answered \(error.status): \(error.message)",
        isFinal: (500..<600).contains(error.status))
      failure.mayBeLength = [500, 552, 554].contains(error.status)
      throw failure
    } catch {
      throw NotifierError("\(error)")
    }
  }

  private func run(_ body: NotificationPayload) async throws {
    let input = Array(JSONOutput.line(body.full).utf8)
    // Not our own environment: it contains passwords.
    let environment = ["PATH": CurrentProcess.environment("PATH") ?? "/usr/bin:/bin"]
    do {
      let outcome = try await ChildProcess.run(
        settings.command, environment: environment, input: input, timeout: Self.commandPatience)
      if outcome.timedOut { throw NotifierError("it took longer than \(Int(Self.commandPatience)) s") }
      if outcome.exit != 0 { throw NotifierError("it ended with \(outcome.exit): \(outcome.complaint)") }
    } catch let error as FileError {
      throw NotifierError("\(error)")
    }
  }
}

/// The address of an ntfy topic: `https://ntfy.sh/topic`, optionally with `?auth=…`.
package enum NtfyAddress {
  /// The URL for JSON, and the topic; nil: there is none, or it is invalid.
  package static func parts(_ url: String) -> (root: URLParts, topic: String)? {
    guard var parts = URLParts(url) else { return nil }
    var names = parts.path.split(separator: "/").map(String.init)
    guard let topic = names.popLast(), topic.utf8.count <= 64,
      topic.utf8.allSatisfy({ $0.isAlphanumeric || "_-".utf8.contains($0) })
    else { return nil }
    parts.path = "/" + names.map { $0 + "/" }.joined()
    return (parts, topic)
  }
}
