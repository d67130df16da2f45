import Configuration
import DesiredFiles
import Model

/// The manual pages, in man's own format (groff_man(7)), from the program's declarations.
enum ManualPage: String, CaseIterable {
  case program = "reconciler.1"
  case settings = "reconciler.yaml.5"
  case desired = "reconciler-desired.5"

  var text: String {
    let lines =
      switch self {
      case .program: program
      case .settings: settings
      case .desired: desired
      }
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: Pages

  private var program: [String] {
    var lines =
      head("RECONCILER", 1, "reconciler \\- GitOps for Nginx Proxy Manager")
      + [".SH SYNOPSIS", ".B reconciler", "\\fICOMMAND\\fR [\\fIFLAGS\\fR]", ".SH DESCRIPTION"]
      + ["Keeps the hosts of a Nginx Proxy Manager (NPM) as YAML files describe them, and proves each change."]
      + [".SH COMMANDS"]
    for command in Program.commands {
      let words = ([command.name] + command.arguments.map(\.usage)).joined(separator: " ")
      lines += [".SS \(Self.escaped(words))", Self.escaped(command.summary) + "."]
      if !command.aliases.isEmpty {
        lines += [".PP", "Also: " + Self.escaped(command.aliases.joined(separator: ", ")) + "."]
      }
      if !command.discussion.isEmpty { lines += [".PP", Self.flowing(command.discussion)] }
      lines += command.flags.flatMap(item)
    }
    lines += [".SH COMMON FLAGS"] + CommonFlags.all.flatMap(item)
    lines += [".SH EXIT STATUS"]
    for (code, meaning) in ExitCode.meanings { lines += [".TP", "\\fB\(code.rawValue)\\fR", Self.escaped(meaning)] }
    lines += [".SH FILES"]
    for (path, meaning) in [
      ("reconciler.yaml", "Settings; see reconciler.yaml(5)."),
      ("desired/", "What NPM is to be; see reconciler-desired(5)."),
      (".reconciler/", "The store, the token and the lock."), ("status/", "Status files, for people and scripts."),
    ] { lines += [".TP", "\\fI\(Self.escaped(path))\\fR", Self.escaped(meaning)] }
    return lines + [".SH SEE ALSO", "reconciler.yaml(5), reconciler\\-desired(5)"]
  }

  private var settings: [String] {
    var lines =
      head("RECONCILER.YAML", 5, "reconciler.yaml \\- settings of reconciler") + [".SH DESCRIPTION"]
      + ["A flag wins over a variable, that over this file, and the file over the default."]
      + [
        ".PP", Self.escaped("${env:NAME} and ${file:/path} stand for a variable and for the text of a file."),
        ".SH SETTINGS",
      ]
    for setting in SettingCatalog.all {
      let standard = setting.defaultValue == "" ? "none" : setting.defaultValue.summary
      let variable = setting.variable.map { " Variable: \($0)." } ?? ""
      let text = "\(setting.meaning) Default: \(standard).\(variable)"
      lines += [".TP", "\\fB\(Self.escaped(setting.path))\\fR", Self.flowing(text)]
    }
    return lines + [".SH SEE ALSO", "reconciler(1), reconciler\\-desired(5)"]
  }

  private var desired: [String] {
    var lines =
      head("RECONCILER-DESIRED", 5, "reconciler\\-desired \\- what Nginx Proxy Manager is to be, as YAML")
      + [".SH DESCRIPTION", "All files below desired/ are read as one. Below a section stand objects by name."]
    for schema in ResourceSchema.all {
      lines.append(".SH \(Self.escaped(schema.section))")
      for shorthand in schema.shorthands {
        lines += [".TP", "\\fB\(Self.escaped(shorthand.name))\\fR", Self.flowing(shorthand.summary)]
      }
      for field in schema.writtenFields {
        let standard = field.defaultValue.map { $0.summary.isEmpty ? "none" : $0.summary }
        let text = "\(field.summary) \(standard.map { "Default: \($0)." } ?? "Required.")"
        lines += [".TP", "\\fB\(Self.escaped(field.name))\\fR", Self.flowing(text)]
      }
    }
    return lines + [".SH SEE ALSO", "reconciler(1), reconciler.yaml(5)"]
  }

  // MARK: Format

  private func head(_ title: String, _ section: Int, _ name: String) -> [String] {
    [".TH \(Self.escaped(title)) \(section) \"\" \"reconciler \(VersionCommand.number)\"", ".SH NAME", name]
  }

  private func item(_ flag: FlagDefinition) -> [String] {
    [".TP", "\\fB\(Self.escaped(HelpText.row(flag).0))\\fR", Self.flowing(flag.meaning)]
  }

  private static func flowing(_ text: String) -> String {
    escaped(text.replacing("\n", with: " ").replacing("`", with: ""))
  }

  /// A backslash begins an escape, a hyphen is typographic, and a line with a dot or an apostrophe is a request.
  private static func escaped(_ text: String) -> String {
    let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }
}

/// `reconciler manual`: for packages, which install the pages.
enum ManualCommand {
  static let definition = CommandDefinition(
    name: "manual", summary: "Print a manual page in man's format, or a sample of the settings",
    discussion: "For example: reconciler manual reconciler.1 | man -l -",
    arguments: [
      ArgumentDefinition(
        name: "PAGE", choices: ManualPage.allCases.map(\.rawValue) + [sample],
        summary: (ManualPage.allCases.map(\.rawValue) + [sample]).joined(separator: ", "))
    ],
    run: { invocation in
      let name = invocation.arguments.positional[0]
      try invocation.console.result(document: ManualPage(rawValue: name)?.text ?? SampleSettings.text)
      return .success
    })

  private static let sample = "reconciler.yaml"
}

/// A settings file with every setting at its default, commented out: what begins with a mark and no blank is a setting.
enum SampleSettings {
  static var text: String {
    var lines = [
      "# Every setting of reconciler, at its default: take the marks away where you want another value.",
      "# ${env:NAME} and ${file:/path} stand for a variable and for the text of a file.", "",
    ]
    let all = SettingCatalog.all
    let sections = all.compactMap(\.section)
    var section: String?
    for setting in all.filter({ $0.section == nil })
      + Dictionary(firstOf: sections.enumerated().map { ($1, $0) }).sorted(by: { $0.value < $1.value })
      .flatMap({ named in all.filter { $0.section == named.key } })
    {
      if let named = setting.section, named != section {
        section = named
        // A section in which nothing is set stays a remark as a whole.
        let isEmpty = all.allSatisfy { $0.section != named || $0.defaultValue.isNull || $0.defaultValue == "" }
        lines += ["", isEmpty ? "# \(named):" : "#\(named):"]
      }
      let indent = setting.section == nil ? "" : "  "
      let isEmpty = setting.defaultValue.isNull || setting.defaultValue == ""
      let value = JSONOutput.line(setting.defaultValue)
      lines.append("\(indent)# \(setting.meaning.replacing("\n", with: " "))")
      lines.append(isEmpty ? "\(indent)# \(setting.name):" : "#\(indent)\(setting.name): \(value)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
