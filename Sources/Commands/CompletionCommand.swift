/// `reconciler completion`: shell completion of commands and flags.
enum CompletionCommand {
  static let definition = CommandDefinition(
    name: "completion", summary: "Print a completion script for a shell",
    discussion: "For bash: reconciler completion bash > /etc/bash_completion.d/reconciler",
    arguments: [ArgumentDefinition(name: "SHELL", choices: ["bash", "zsh", "fish"], summary: "bash, zsh or fish")],
    run: { invocation in
      let script =
        switch invocation.arguments.positional[0] {
        case "zsh": CompletionScript.zsh()
        case "fish": CompletionScript.fish()
        default: CompletionScript.bash()
        }
      try invocation.console.result(document: script)
      return .success
    })
}

enum CompletionScript {
  static func bash() -> String {
    let cases = Program.commands.map { command in
      "    \(([command.name] + command.aliases).joined(separator: "|"))) words=\"\(flags(command))\" ;;"
    }
    return """
      _reconciler() {
        local words="\(names)"
        if [ "$COMP_CWORD" -gt 1 ]; then
          case "${COMP_WORDS[1]}" in
      \(cases.joined(separator: "\n"))
          esac
        fi
        COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
      }
      complete -o default -F _reconciler reconciler
      """
  }

  static func zsh() -> String {
    let cases = Program.commands.map { "    \($0.name)) options=(\(flags($0))) ;;" }
    return """
      #compdef reconciler
      local -a options
      options=(\(names))
      if (( CURRENT > 2 )); then
        case "${words[2]}" in
      \(cases.joined(separator: "\n"))
        esac
      fi
      compadd -- $options
      """
  }

  static func fish() -> String {
    var lines = ["complete -c reconciler -f"]
    for command in Program.commands {
      lines.append(
        "complete -c reconciler -n __fish_use_subcommand -a \(command.name) -d '\(escaped(command.summary))'")
      for flag in command.allFlags {
        let short = flag.short.map { " -s \($0)" } ?? ""
        lines.append(
          "complete -c reconciler -n '__fish_seen_subcommand_from \(command.name)' -l \(flag.name)\(short) -d '\(escaped(flag.summary))'"
        )
      }
    }
    return lines.joined(separator: "\n")
  }

  private static var names: String { Program.commands.map(\.name).joined(separator: " ") }
  private static func flags(_ command: CommandDefinition) -> String {
    (command.arguments.flatMap(\.choices) + command.allFlags.map { "--\($0.name)" }).joined(separator: " ")
  }
  private static func escaped(_ text: String) -> String { text.replacing("'", with: "\\'") }
}
