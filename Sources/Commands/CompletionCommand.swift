import Configuration
import DesiredFiles
import Model

/// `reconciler completion`: shell completion of commands, flags, and what they are about.
enum CompletionCommand {
  static let definition = CommandDefinition(
    name: "completion", summary: "Print a completion script for a shell",
    discussion: """
      For bash: reconciler completion bash > /etc/bash_completion.d/reconciler. The scripts ask the program itself for
      names and labels of the desired files (completion names, completion labels) and for error codes (completion codes).
      """,
    arguments: [
      ArgumentDefinition(
        name: "SHELL", choices: ["bash", "zsh", "fish", "names", "labels", "codes"],
        summary: "bash, zsh or fish; names, labels or codes for what they complete")
    ],
    run: { invocation in
      let script =
        switch invocation.arguments.positional[0] {
        case "zsh": CompletionScript.zsh()
        case "fish": CompletionScript.fish()
        case "names": words(invocation) { [$0.key.name] }
        case "labels": words(invocation) { resource in resource.labels.map { "\($0.key)=\($0.value)" } }
        case "codes": DiagnosticCode.allCases.map(\.rawValue).joined(separator: "\n")
        default: CompletionScript.bash()
        }
      try invocation.console.result(document: script)
      return .success
    })

  /// Of the desired files, as far as they can be read: a shell waits, and errors are of no use to it.
  private static func words(_ invocation: Invocation, _ words: (DesiredResource) -> [String]) -> String {
    let directory = (try? CommandContext.load(invocation))?.desired ?? "desired"
    let resources = DesiredLoader.load(directory, secrets: .any).state.resources
    // What a shell would take for more than a word is left out.
    let plain = Set(resources.flatMap(words)).filter { word in
      word.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
          || "-_.=/:".utf8.contains(byte)
      }
    }
    return plain.sorted().joined(separator: "\n")
  }
}

enum CompletionScript {
  /// What the arguments of a command are: words, or a question to the program.
  private static func question(_ command: CommandDefinition) -> String? {
    if command.name == "explain" { return "codes" }
    let first = command.arguments.first?.name ?? ""
    return first.hasPrefix("NAME") ? "names" : nil
  }

  /// Flags with a fixed set of values, by command: `diff:--policy`.
  private static var choices: [(words: [String], values: [String])] {
    Program.commands.flatMap { command in
      command.allFlags.filter { !$0.choices.isEmpty }.map { flag in
        let names = ["--\(flag.name)"] + (flag.short.map { ["-\($0)"] } ?? [])
        return (([command.name] + command.aliases).flatMap { word in names.map { "\(word):\($0)" } }, flag.choices)
      }
    }
  }

  static func bash() -> String {
    let values = choices.map {
      "      \($0.words.joined(separator: "|"))) words=\"\($0.values.joined(separator: " "))\" ;;"
    }
    let cases = Program.commands.map { command in
      let asked = question(command).map { "$(reconciler completion \($0) 2>/dev/null) " } ?? ""
      return "    \(([command.name] + command.aliases).joined(separator: "|"))) words=\"\(asked)\(flags(command))\" ;;"
    }
    return """
      _reconciler() {
        local words="\(names)"
        if [ "$COMP_CWORD" -gt 1 ]; then
          case "${COMP_WORDS[1]}" in
      \(cases.joined(separator: "\n"))
          esac
          case "${COMP_WORDS[COMP_CWORD-1]}" in
            --select|--label) words="$(reconciler completion labels 2>/dev/null)" ;;
          esac
          case "${COMP_WORDS[1]}:${COMP_WORDS[COMP_CWORD-1]}" in
      \(values.joined(separator: "\n"))
          esac
        fi
        COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
      }
      complete -o default -F _reconciler reconciler
      """
  }

  static func zsh() -> String {
    let cases = Program.commands.map { command in
      let asked = question(command).map { "${(f)\"$(reconciler completion \($0) 2>/dev/null)\"} " } ?? ""
      return "    \(command.name)) options=(\(asked)\(flags(command))) ;;"
    }
    return """
      #compdef reconciler
      local -a options
      options=(\(names))
      if (( CURRENT > 2 )); then
        case "${words[2]}" in
      \(cases.joined(separator: "\n"))
        esac
        case "${words[CURRENT-1]}" in
          --select|--label) options=(${(f)"$(reconciler completion labels 2>/dev/null)"}) ;;
        esac
      fi
      compadd -- $options
      """
  }

  static func fish() -> String {
    var lines = ["complete -c reconciler -f"]
    for command in Program.commands {
      let seen = "-n '__fish_seen_subcommand_from \(command.name)'"
      lines.append(
        "complete -c reconciler -n __fish_use_subcommand -a \(command.name) -d '\(escaped(command.summary))'")
      if let asked = question(command) {
        lines.append("complete -c reconciler \(seen) -a '(reconciler completion \(asked) 2>/dev/null)'")
      }
      for flag in command.allFlags {
        let short = flag.short.map { " -s \($0)" } ?? ""
        let values =
          flag.name == "select" || flag.name == "label" ? " -x -a '(reconciler completion labels 2>/dev/null)'" : ""
        lines.append("complete -c reconciler \(seen) -l \(flag.name)\(short)\(values) -d '\(escaped(flag.summary))'")
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
