import DesiredFiles
package import Model

/// One setting, defined once: decoding, documentation, JSON Schema, variables and `reconciler settings` are derived.
package struct SettingDefinition: Sendable {
  /// Its path in the file, for example `watch.interval`.
  package let path: String
  package let type: FieldType
  package let defaultValue: JSONValue
  /// One sentence.
  package let meaning: String
  /// Its flag; the flag and its variable override everything else.
  package let flag: String?
  /// Variables besides the derived one, in order; each also with `_FILE`, for a file that contains the value.
  package let variables: [String]
  package let isSecret: Bool
  /// The minimum of a duration, in seconds.
  package let minimum: Double?

  /// The last part of its path.
  package var name: String { path.split(separator: ".").last.map(String.init) ?? path }
  /// Its section of the file; nil: the top level.
  package var section: String? { path.contains(".") ? path.split(separator: ".").first.map(String.init) : nil }

  /// Whether it is a single value, which fits into a variable.
  package var isScalar: Bool {
    switch type {
    case .list, .texts, .object, .labels: false
    default: true
    }
  }

  /// `RECONCILER_` and its path; nil: it is a list.
  package var variable: String? {
    isScalar ? "RECONCILER_" + path.uppercased().replacing(".", with: "_") : nil
  }

  var field: FieldSchema { FieldSchema(name, type, defaultValue: defaultValue, meaning) }
}

/// A setting with the type of its value.
package struct Setting<Value: Sendable>: Sendable {
  package let definition: SettingDefinition
  /// nil for a value that means none, such as an empty text.
  let decode: @Sendable (JSONValue) -> Value?

  init(
    _ path: String, _ type: FieldType, default value: JSONValue, _ meaning: String, flag: String? = nil,
    variables: [String] = [], isSecret: Bool = false, minimum: Double? = nil,
    decode: @escaping @Sendable (JSONValue) -> Value?
  ) {
    definition = SettingDefinition(
      path: path, type: type, defaultValue: value, meaning: meaning, flag: flag, variables: variables,
      isSecret: isSecret, minimum: minimum)
    self.decode = decode
  }
}

extension Setting where Value == String {
  /// A text; empty: none.
  static func text(
    _ path: String, _ lengths: ClosedRange<Int>, default value: String = "", _ meaning: String, flag: String? = nil,
    variables: [String] = []
  ) -> Setting {
    Setting(path, .string(lengths), default: .string(value), meaning, flag: flag, variables: variables) {
      $0.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  static func choice(
    _ path: String, _ choices: [String], default value: String, _ meaning: String, flag: String? = nil
  ) -> Setting {
    Setting(path, .choice(choices), default: .string(value), meaning, flag: flag) { $0.stringValue }
  }
}

extension Setting where Value == Secret {
  /// A text that is never shown; empty: none.
  static func secret(
    _ path: String, _ lengths: ClosedRange<Int>, _ meaning: String, variables: [String] = []
  ) -> Setting {
    Setting(path, .string(lengths), default: "", meaning, variables: variables, isSecret: true) {
      $0.stringValue.flatMap { $0.isEmpty ? nil : Secret($0) }
    }
  }
}

extension Setting where Value == Double {
  /// Seconds.
  static func duration(_ path: String, default value: String, _ meaning: String, atLeast minimum: Double = 1) -> Setting
  {
    Setting(path, .duration, default: .string(value), meaning, minimum: minimum) {
      $0.stringValue.flatMap { DurationFormat.seconds($0) }
    }
  }
}

extension Setting where Value == Int {
  static func number(
    _ path: String, _ range: ClosedRange<Int>, default value: Int, _ meaning: String, flag: String? = nil
  ) -> Setting {
    Setting(path, .integer(range), default: .int(value), meaning, flag: flag) { $0.intValue }
  }

  static func port(_ path: String, default value: Int, _ meaning: String) -> Setting {
    Setting(path, .port, default: .int(value), meaning) { $0.intValue }
  }
}

extension Setting where Value == Bool {
  static func toggle(_ path: String, default value: Bool, _ meaning: String) -> Setting {
    Setting(path, .bool, default: .bool(value), meaning) { $0.boolValue }
  }
}

extension Setting where Value == JSONValue {
  /// A list, or a value that several settings determine together: decoded by the loader.
  static func raw(_ path: String, _ type: FieldType, default value: JSONValue, _ meaning: String) -> Setting {
    Setting(path, type, default: value, meaning) { $0 }
  }
}
