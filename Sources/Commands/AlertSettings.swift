import Publishing
import Alerting
import Curl
import DesiredFiles
import Model

/// `alerts` in `reconciler.yaml`.
enum AlertFields {
  static let all: [FieldSchema] = [
    FieldSchema("sinks", .list(sink, key: "name", shorthands: []), defaultValue: [], "Who is told."),
    FieldSchema(
      "rules", .list(rule, key: "rule", shorthands: []), defaultValue: [], "Rules that are not as they are by default."),
  ]

  private static let severities = AlertSeverity.allCases.map(\.rawValue)

  private static let sink: [FieldSchema] = [
    FieldSchema("name", .string(1...100), "What it is called here."),
    FieldSchema("type", .choice(ReceiverConfiguration.Kind.allCases.map(\.rawValue)), "How it is told."),
    FieldSchema(
      "url", .string(1...4096), defaultValue: "",
      "Where it listens: http or https; for email smtp://host:25 or smtps://host:465; for ntfy with the topic."),
    FieldSchema("token", .string(1...4096), defaultValue: "", "Bearer token; write ${env:NAME}."),
    FieldSchema("from", .string(3...320), defaultValue: "", "Sender of mails."),
    FieldSchema("to", .texts, defaultValue: [], "Receivers of mails."),
    FieldSchema("user", .string(1...320), defaultValue: "", "Account at the mail server."),
    FieldSchema("password", .string(1...4096), defaultValue: "", "Its password; it is only sent over TLS."),
    FieldSchema(
      "command", .texts, defaultValue: [],
      "A program and its arguments; it gets the notice as JSON on its standard input, and has 30 s."),
    FieldSchema("min_severity", .choice(severities), defaultValue: "info", "It does not hear of less."),
    FieldSchema("resolved", .bool, defaultValue: true, "Whether it hears that an alert is over."),
  ]

  private static let rule: [FieldSchema] = [
    FieldSchema("rule", .choice(AlertRule.allCases.map(\.rawValue)), "Which one."),
    FieldSchema("enabled", .bool, defaultValue: true, "Whether it is looked at."),
    FieldSchema("severity", .choice(severities), defaultValue: .null, "How bad it is."),
    FieldSchema("cooldown", .duration, defaultValue: .null, "Time before the same alert is told again."),
    FieldSchema("after", .duration, defaultValue: .null, "Time for which it must last before it is told."),
  ]
}

extension SettingsLoader {
  mutating func alertRules() -> [AlertRule: AlertRuleSettings] {
    var rules: [AlertRule: AlertRuleSettings] = [:]
    for entry in file["alerts"]?.value["rules"].arrayValue ?? [] {
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

  mutating func alertSinks() -> [ReceiverConfiguration] {
    let entries = file["alerts"]?.value["sinks"].arrayValue ?? []
    return entries.indices.compactMap { sink(entries[$0], $0) }
  }

  private mutating func sink(_ entry: JSONValue, _ index: Int) -> ReceiverConfiguration? {
    guard let name = entry["name"].stringValue,
      let kind = entry["type"].stringValue.flatMap(ReceiverConfiguration.Kind.init)
    else { return nil }
    var sink = ReceiverConfiguration(name: name, kind: kind)
    sink.url = Secret(filled(entry["url"]) ?? "")
    sink.token = filled(entry["token"]).map { Secret($0) }
    sink.from = entry["from"].stringValue ?? ""
    sink.to = (entry["to"].arrayValue ?? []).compactMap(\.stringValue)
    sink.user = filled(entry["user"])
    sink.password = filled(entry["password"]).map { Secret($0) }
    sink.command = (entry["command"].arrayValue ?? []).compactMap(\.stringValue)
    sink.minimum = entry["min_severity"].stringValue.flatMap(AlertSeverity.init) ?? .info
    sink.sendsResolved = entry["resolved"].boolValue ?? true
    check(sink, index)
    return sink
  }

  /// What a kind of sink cannot do without.
  private mutating func check(_ sink: ReceiverConfiguration, _ index: Int) {
    let url = sink.url.reveal().lowercased()
    func begins(_ schemes: String...) -> Bool { schemes.contains { url.hasPrefix("\($0)://") } }
    let problem: (lacks: String, hint: String)? =
      switch sink.kind {
      case .log: nil
      case .command: sink.command.isEmpty ? ("a 'command'", "command: [/usr/local/bin/tell]") : nil
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
    let words = isWritten ? "needs another 'url': \(problem.lacks)" : "lacks \(problem.lacks)"
    decoder.report(
      isWritten ? .badURL : .missingKey, "alert sink '\(sink.name)' \(words)",
      at: position("alerts", ".receivers[\(index)].\(isWritten ? "url" : "name")", ".receivers[\(index)].name"),
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
