import DesiredFiles
import Model
import Platform

/// An invalid command line.
struct UsageError: Error {
  var message: String
  var hint: String?
}

/// The parsed command line.
struct ParsedArguments: Sendable {
  var values: [String: [String]] = [:]
  var positional: [String] = []
  /// Flags whose value comes from their variable.
  var fromEnvironment: [String: String] = [:]

  func has(_ flag: FlagDefinition) -> Bool { values[flag.key] != nil }
  func value(_ flag: FlagDefinition) -> String? { values[flag.key]?.last }
  func all(_ flag: FlagDefinition) -> [String] { values[flag.key] ?? [] }

  func integer(_ flag: FlagDefinition) throws -> Int? {
    guard let text = value(flag) else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw UsageError(message: "--\(flag.name) takes a whole number, not '\(text)'")
    }
    return number
  }

  /// A duration in seconds.
  func seconds(_ flag: FlagDefinition) throws -> Double? {
    guard let text = value(flag) else { return nil }
    guard let seconds = DurationFormat.seconds(text) else { throw noDuration(flag, text) }
    return seconds
  }

  /// How long something lasts, in seconds; must be positive.
  func length(_ flag: FlagDefinition) throws -> Double? {
    let seconds = try seconds(flag)
    if seconds == 0 { throw noDuration(flag, value(flag) ?? "") }
    return seconds
  }

  private func noDuration(_ flag: FlagDefinition, _ text: String) -> UsageError {
    UsageError(message: "--\(flag.name) takes a duration such as 30s or 2h, not '\(text)'")
  }
}

/// Parses arguments by a command's declaration; the environment supplies flags that were not given.
struct ArgumentParser {
  let command: CommandDefinition
  private(set) var parsed = ParsedArguments()
  private var rest: ArraySlice<String>

  private init(_ command: CommandDefinition, _ arguments: [String]) {
    self.command = command
    rest = arguments[...]
  }

  static func parse(
    _ command: CommandDefinition, _ arguments: [String], environment: (String) -> String? = CurrentProcess.environment
  ) throws -> ParsedArguments {
    var parser = ArgumentParser(command, arguments)
    try parser.run()
    if !parser.parsed.has(CommonFlags.help), !parser.parsed.has(CommonFlags.helpAll) { try parser.checkPositional() }
    try parser.addEnvironment(environment)
    return parser.parsed
  }

  private mutating func run() throws {
    var onlyPositional = false
    while let word = rest.popFirst() {
      if onlyPositional || word == "-" || !word.hasPrefix("-") {
        parsed.positional.append(word)
      } else if word == "--" {
        onlyPositional = true
      } else if word.hasPrefix("--") {
        try long(word.dropFirst(2))
      } else {
        try short(word.dropFirst())
      }
    }
  }

  private mutating func long(_ text: Substring) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let flag = command.allFlags.first(where: { $0.name == name }) else { throw unknown("--\(name)") }
    try take(flag, attached: parts.count > 1 ? String(parts[1]) : nil)
  }

  private mutating func short(_ text: Substring) throws {
    guard let letter = text.first, let flag = command.allFlags.first(where: { $0.short == letter }) else {
      throw unknown("-\(text)")
    }
    let after = text.dropFirst()
    if flag.value == nil {
      try take(flag, attached: nil)
      if !after.isEmpty { try short(after) }
    } else {
      try take(flag, attached: after.isEmpty ? nil : String(after.first == "=" ? after.dropFirst() : after))
    }
  }

  private mutating func take(_ flag: FlagDefinition, attached: String?) throws {
    guard flag.value != nil else {
      if attached != nil { throw UsageError(message: "--\(flag.name) takes no value") }
      parsed.values[flag.key] = []
      return
    }
    guard let value = attached ?? rest.popFirst() else {
      let values = flag.choices.isEmpty ? flag.value ?? "" : flag.choices.joined(separator: "|")
      throw UsageError(message: "--\(flag.name) needs a value", hint: "--\(flag.name) \(values)")
    }
    try check(flag, value, "--\(flag.name)")
    parsed.values[flag.key, default: []].append(value)
  }

  private func check(_ flag: FlagDefinition, _ value: String, _ name: String) throws {
    guard flag.choices.isEmpty || flag.choices.contains(value) else {
      throw UsageError(message: "\(name) must be \(flag.choices.joined(separator: ", ")), not '\(value)'")
    }
  }

  private func unknown(_ word: String) -> UsageError {
    let names = command.allFlags.map { "--\($0.name)" }
    let hint = Suggestion.nearest(to: word, among: names).map { "did you mean '\($0)'?" }
    return UsageError(message: "unknown flag '\(word)' for 'reconciler \(command.name)'", hint: hint)
  }

  private func checkPositional() throws {
    let needed = command.arguments.count { !$0.isOptional }
    if parsed.positional.count < needed {
      throw UsageError(message: "'\(command.arguments[parsed.positional.count].name)' is missing")
    }
    if parsed.positional.count > command.arguments.count, command.arguments.last?.isRepeatable != true {
      throw UsageError(message: "unexpected '\(parsed.positional[command.arguments.count])'")
    }
    for (argument, value) in zip(command.arguments, parsed.positional)
    where !argument.choices.isEmpty && !argument.choices.contains(value) {
      throw UsageError(message: "\(argument.name) must be \(argument.choices.joined(separator: ", ")), not '\(value)'")
    }
  }

  private mutating func addEnvironment(_ environment: (String) -> String?) throws {
    // A flag that takes the name of a common one does not take its variable.
    let hidden = CommonFlags.all.filter { common in !command.allFlags.contains { $0.key == common.key } }
    for flag in command.allFlags + hidden where parsed.values[flag.key] == nil {
      guard let value = environment(flag.environment), !value.isEmpty else { continue }
      if flag.value != nil {
        try check(flag, value, flag.environment)
        parsed.values[flag.key] = [value]
        parsed.fromEnvironment[flag.key] = flag.environment
      } else if ["1", "true", "yes", "on"].contains(value.lowercased()) {
        parsed.values[flag.key] = []
      } else if !["0", "false", "no", "off"].contains(value.lowercased()) {
        throw UsageError(message: "\(flag.environment) must be true or false, not '\(value)'")
      }
    }
  }
}
