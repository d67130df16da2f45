import Alerting
import Curl
import DesiredFiles
import Model
import Publishing

extension SettingsLoader {
  mutating func alertRules() -> [AlertRule: AlertRuleSettings] {
    var rules: [AlertRule: AlertRuleSettings] = [:]
    for entry in reader.value(SettingCatalog.rules) {
      guard let rule = entry["rule"].stringValue.flatMap(AlertRule.init) else { continue }
      var settings = AlertRuleSettings.standard(rule)
      settings.isEnabled = entry["enabled"].boolValue ?? true
      settings.severity = entry["severity"].stringValue.flatMap(AlertSeverity.init) ?? settings.severity
      settings.cooldown = entry["cooldown"].stringValue.flatMap { DurationFormat.seconds($0) } ?? settings.cooldown
      settings.after = entry["after"].stringValue.flatMap { DurationFormat.seconds($0) } ?? settings.after
      rules[rule] = settings
    }
    return rules
  }

  mutating func receivers() -> [ReceiverConfiguration] {
    let entries = reader.value(SettingCatalog.sinks)
    return entries.indices.compactMap { receiver(entries[$0], $0) }
  }

  private mutating func receiver(_ entry: JSONValue, _ index: Int) -> ReceiverConfiguration? {
    guard let name = entry["name"].stringValue,
      let kind = entry["type"].stringValue.flatMap(ReceiverConfiguration.Kind.init)
    else { return nil }
    func text(_ member: String) -> String? { filled(entry[member].stringValue ?? "", member, index) }
    var receiver = ReceiverConfiguration(name: name, kind: kind)
    receiver.url = Secret(text("url") ?? "")
    receiver.token = text("token").map { Secret($0) }
    receiver.from = text("from") ?? ""
    receiver.to = (entry["to"].arrayValue ?? []).compactMap { filled($0.stringValue ?? "", "to", index) }
    receiver.user = text("user")
    receiver.password = text("password").map { Secret($0) }
    receiver.command = (entry["command"].arrayValue ?? []).compactMap { filled($0.stringValue ?? "", "command", index) }
    receiver.minimum = entry["min_severity"].stringValue.flatMap(AlertSeverity.init) ?? .info
    receiver.sendsResolved = entry["resolved"].boolValue ?? true
    check(receiver, index)
    return receiver
  }

  private mutating func filled(_ text: String, _ member: String, _ index: Int) -> String? {
    reader.filled(text, at: reader.location("alerts.sinks[\(index)].\(member)", "alerts.sinks"))
  }

  /// The required settings of each kind of receiver.
  private mutating func check(_ sink: ReceiverConfiguration, _ index: Int) {
    let url = sink.url.reveal().lowercased()
    func begins(_ schemes: String...) -> Bool { schemes.contains { url.hasPrefix("\($0)://") } }
    let problem: (lacks: String, hint: String)? =
      switch sink.kind {
      case .log: nil
      case .command: sink.command.isEmpty ? ("a 'command'", "command: [/usr/local/bin/notify]") : nil
      case .email: mailProblem(sink, isServer: begins("smtp", "smtps"))
      case .ntfy:
        NtfyAddress.parts(sink.url.reveal()) == nil
          ? ("a 'url' with a topic", "url: https://ntfy.sh/topic, perhaps with ?auth=...") : nil
      default:
        !begins("http", "https") || URLParts(sink.url.reveal()) == nil
          ? ("a 'url' of http or https, without a user name", "url: https://...; a 'token' is sent as bearer token")
          : nil
      }
    guard let problem else { return }
    let isWritten = !sink.url.reveal().isEmpty && problem.lacks.contains("'url'")
    let detail = isWritten ? "needs another 'url': \(problem.lacks)" : "lacks \(problem.lacks)"
    reader.decoder.report(
      isWritten ? .badURL : .missingKey, "alert sink '\(sink.name)' \(detail)",
      at: reader.location("alerts.sinks[\(index)].\(isWritten ? "url" : "name")", "alerts.sinks[\(index)].name"),
      hint: "write \(problem.hint)")
  }

  private func mailProblem(_ sink: ReceiverConfiguration, isServer: Bool) -> (lacks: String, hint: String)? {
    if !isServer { return ("the 'url' of a mail server", "url: smtp://mail.lan:25") }
    let example = "from: 'NPM <npm@lan.example>', to: [me@example.com]"
    if sink.from.isEmpty || sink.to.isEmpty { return ("'from' or 'to'", example) }
    let isRight = ([sink.from] + sink.to).allSatisfy { MailAddress($0).isRight }
    return isRight ? nil : ("an address in 'from' or 'to' that a mail server takes", example)
  }
}
