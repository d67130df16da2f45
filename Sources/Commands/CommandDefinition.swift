import Model
/// A flag, declared once: parsing, help, completion and docs read it here.
struct FlagDefinition: Sendable {
  var name: String
  var short: Character?
  /// The placeholder of the value; nil: the flag takes none.
  var value: String?
  var choices: [String] = []
  var isRepeatable = false
  var summary: String
  /// What its value is kept under, and its variable made of: its name, unless a common flag of another meaning has that.
  var key: String

  init(
    _ name: String, key: String? = nil, short: Character? = nil, value: String? = nil, choices: [String] = [],
    isRepeatable: Bool = false,
    _ summary: String
  ) {
    self.name = name
    self.key = key ?? name
    self.short = short
    self.value = value
    self.choices = choices
    self.isRepeatable = isRepeatable
    self.summary = summary
  }

  /// The environment variable that can replace it.
  var environment: String { "RECONCILER_" + key.uppercased().replacing("-", with: "_") }
  /// Few choices stand in the placeholder; more would be a word that no line holds, and stand in the meaning.
  private var shortChoices: String? {
    let text = choices.joined(separator: "|")
    return choices.isEmpty || text.count > 24 ? nil : text
  }
  var placeholder: String? { value.map { shortChoices ?? $0 } }
  var meaning: String {
    choices.isEmpty || shortChoices != nil ? summary : "\(summary). \(value ?? ""): \(choices.joined(separator: ", "))"
  }
}

/// A positional argument.
struct ArgumentDefinition: Sendable {
  var name: String
  var choices: [String] = []
  var isOptional = false
  /// Several may be given; only of the last one.
  var isRepeatable = false
  var summary: String

  /// Names of resources, for commands that can be about some of them.
  static let names = ArgumentDefinition(
    name: "NAME", isOptional: true, isRepeatable: true,
    summary: "Only these resources: jellyfin, or with the kind, access_list/lan")

  /// As in a usage line.
  var usage: String {
    let word = isRepeatable ? "\(name)..." : name
    return isOptional ? "[\(word)]" : word
  }
}

/// A command of the program.
struct CommandDefinition: Sendable {
  var name: String
  var aliases: [String] = []
  var summary: String
  /// Help text beyond the summary.
  var discussion = ""
  var arguments: [ArgumentDefinition] = []
  var flags: [FlagDefinition] = []
  var run: @Sendable (Invocation) async throws -> ExitCode

  /// Its own flags, then the common ones; its own may redefine a common one.
  var allFlags: [FlagDefinition] {
    flags + CommonFlags.all.filter { common in !flags.contains { $0.name == common.name } }
  }
}

/// Flags that every command takes.
enum CommonFlags {
  static let config = FlagDefinition("config", value: "FILE", "Settings file; default: reconciler.yaml")
  static let desired = FlagDefinition("desired", value: "DIR", "Directory of the desired files")
  static let state = FlagDefinition("state", value: "FILE", "The store; the token and the lock lie beside it")
  static let status = FlagDefinition("status", value: "DIR", "Directory of the status files")
  static let npmURL = FlagDefinition("npm-url", value: "URL", "NPM's admin address, as NPM_URL")
  static let output = FlagDefinition(
    "output", short: "o", value: "FORMAT", choices: ["text", "json", "markdown"], "Format of the result")
  static let out = FlagDefinition("out", value: "FILE", "Write the result to a file instead of stdout")
  static let select = FlagDefinition(
    "select", value: "KEY=VALUE", isRepeatable: true, "Keep to resources with this label; repeatable")
  static let noColor = FlagDefinition("no-color", "No colours; NO_COLOR does the same")
  static let quiet = FlagDefinition("quiet", short: "q", "Results only: no progress, no warnings")
  static let verbose = FlagDefinition("verbose", short: "v", "Say what is done, on stderr")
  static let logFormat = FlagDefinition(
    "log-format", value: "FORMAT", choices: ["text", "json"], "Format of what goes to stderr")
  static let help = FlagDefinition("help", short: "h", "Show help")
  static let helpAll = FlagDefinition("help-all", "Show help, with what the common flags mean")

  static let all = [
    config, desired, state, status, npmURL, output, out, select, noColor, quiet, verbose, logFormat, help, helpAll,
  ]
}
