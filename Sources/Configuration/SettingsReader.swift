import DesiredFiles
package import Model
import Platform
import YAML

/// Where the value of a setting comes from.
package enum SettingOrigin: Hashable, Sendable {
  case flag(String)
  case variable(String)
  case file(SourceLocation)
  case byDefault
}

/// A setting in force.
package struct SettingInForce: Sendable {
  package var definition: SettingDefinition
  /// `***` for a secret that is set.
  package var shown: JSONValue
  package var origin: SettingOrigin
}

/// Why the settings cannot be used: all errors in them. Never contains text of the file.
package struct SettingsError: Error, Sendable {
  package var diagnostics: [Diagnostic]
}

/// Looks up settings: flag before variable before file before default.
package struct SettingsReader {
  /// The command line and the environment of the process.
  package struct Inputs {
    /// The value of a flag, and the name of its own variable where that gives it; nil: neither is set.
    package var flag: (String) -> (text: String, variable: String?)?
    package var environment: (String) -> String?

    package init(
      flag: @escaping (String) -> (text: String, variable: String?)?, environment: @escaping (String) -> String?
    ) {
      self.flag = flag
      self.environment = environment
    }
  }

  let inputs: Inputs
  var decoder: ValueDecoder
  private(set) var file: DecodedFields = [:]
  /// Values that were looked up, by path.
  private var resolved: [String: (value: JSONValue, origin: SettingOrigin)] = [:]
  /// Errors in flags and variables.
  private var outside: [Diagnostic] = []

  var diagnostics: [Diagnostic] { outside + decoder.diagnostics.inSourceOrder }

  init(_ inputs: Inputs, file name: String) {
    self.inputs = inputs
    decoder = ValueDecoder(file: name)
  }

  /// Reads the text of the file; errors in its values go to `decoder`.
  mutating func read(_ bytes: [UInt8]) -> [YAMLProblem] {
    let (documents, problems) = YAMLParser.parse(bytes)
    guard problems.isEmpty, let document = documents.first else { return problems }
    if documents.count > 1 {
      decoder.report(
        .badValue, "the settings are one YAML document, this file has \(documents.count)",
        at: decoder.location(documents[1]))
    }
    file = decoder.fields(of: document, SettingCatalog.fields, owner: "the settings") ?? [:]
    return []
  }

  mutating func value<Value>(_ setting: Setting<Value>) -> Value {
    let json = resolve(setting.definition).value
    checkMinimum(setting.definition, json)
    return setting.decode(json) ?? setting.defaultValue
  }

  private mutating func resolve(_ definition: SettingDefinition) -> (value: JSONValue, origin: SettingOrigin) {
    if let known = resolved[definition.path] { return known }
    let found = lookUp(definition)
    resolved[definition.path] = found
    return found
  }

  private mutating func lookUp(_ definition: SettingDefinition) -> (value: JSONValue, origin: SettingOrigin) {
    if let flag = definition.flag, let given = inputs.flag(flag),
      let json = parsed(given.text, definition, given.variable ?? "--\(flag)")
    {
      return (json, given.variable.map { .variable($0) } ?? .flag(flag))
    }
    for name in definition.variables + [definition.variable].compactMap(\.self) {
      if let text = variable(name, readsFile: definition.variables.contains(name)),
        let json = parsed(text, definition, name)
      {
        return (json, .variable(name))
      }
    }
    guard let written = written(definition) else { return (definition.defaultValue, .byDefault) }
    let place = location(definition.path)
    return (filled(written, at: place), .file(place))
  }

  private func written(_ definition: SettingDefinition) -> JSONValue? {
    guard let section = definition.section else { return file[definition.name]?.value }
    guard let decoded = file[section], decoded.parts[".\(definition.name)"] != nil else { return nil }
    return decoded.value[definition.name]
  }

  /// The location of a setting, or a part of it such as `alerts.sinks[2].url`; else of its nearest parent in the file.
  func location(_ paths: String...) -> SourceLocation {
    for path in paths {
      let section = String(path.prefix { $0 != "." })
      guard let decoded = file[section] else { continue }
      if let part = decoded.parts[String(path.dropFirst(section.count))] { return part.location }
    }
    let section = paths.first.map { String($0.prefix { $0 != "." }) } ?? ""
    return file[section]?.location ?? decoder.start
  }

  /// With the references in it resolved, if it is a text.
  private mutating func filled(_ value: JSONValue, at place: SourceLocation) -> JSONValue {
    guard let text = value.stringValue, !text.isEmpty else { return value }
    return filled(text, at: place).map { .string($0) } ?? ""
  }

  /// A text of the file with its references resolved; nil if it is empty or one of them cannot be read.
  mutating func filled(_ text: String, at place: SourceLocation) -> String? {
    guard !text.isEmpty else { return nil }
    do {
      return try Interpolation.fill(text, inputs.environment)
    } catch let problem as Interpolation.Problem {
      decoder.report(.unsetVariable, problem.message, at: place, hint: problem.hint)
    } catch {
      decoder.report(.unsetVariable, "\(error)", at: place)
    }
    return nil
  }

  /// A variable that is set, directly or as a file in `NAME_FILE`.
  private mutating func variable(_ name: String, readsFile: Bool) -> String? {
    if let value = inputs.environment(name), !value.isEmpty { return value }
    guard readsFile, let path = inputs.environment(name + "_FILE"), !path.isEmpty else { return nil }
    do {
      return try Interpolation.contents(of: path)
    } catch {
      let message = (error as? Interpolation.Problem)?.message ?? "\(error)"
      outside.append(Diagnostic(.unsetVariable, "\(name)_FILE: \(message)"))
      return nil
    }
  }

  /// A text from a flag or a variable, parsed by the rules for the file.
  private mutating func parsed(_ text: String, _ definition: SettingDefinition, _ name: String) -> JSONValue? {
    var check = ValueDecoder(file: name)
    let value = check.value(of: text, definition.type, name: name)
    outside += check.diagnostics.map { Diagnostic($0.code, $0.message, hint: $0.hint) }
    return value
  }

  private mutating func checkMinimum(_ definition: SettingDefinition, _ json: JSONValue) {
    guard let minimum = definition.minimum, let seconds = json.stringValue.flatMap({ DurationFormat.seconds($0) }),
      seconds < minimum
    else { return }
    decoder.report(
      .badValue, "'\(definition.path)' must be \(Int(minimum))s or more", at: location(definition.path),
      hint: "write \(Int(minimum))s or more")
  }

  /// Every setting, in the order of the catalogue. Problems of those that nothing looked up are not reported.
  var inForce: [SettingInForce] {
    var copy = self
    return SettingCatalog.all.map { definition in
      let (json, origin) = copy.resolve(definition)
      return SettingInForce(definition: definition, shown: Self.shown(json, definition), origin: origin)
    }
  }

  private static func shown(_ json: JSONValue, _ definition: SettingDefinition) -> JSONValue {
    if definition.isSecret { return json.stringValue?.isEmpty == false ? "***" : "" }
    if definition.path == SettingCatalog.git.definition.path {
      return .string(json.stringValue.map { GitSettings(url: $0).shownURL } ?? "")
    }
    if definition.path == SettingCatalog.sinks.definition.path { return .array((json.arrayValue ?? []).map(masked)) }
    return json
  }

  /// A receiver without possible keys and passwords.
  private static func masked(_ sink: JSONValue) -> JSONValue {
    var members = sink.objectValue ?? [:]
    for name in ["url", "token", "password", "user", "command"] where members[name] != nil { members[name] = "***" }
    return .object(members)
  }
}
