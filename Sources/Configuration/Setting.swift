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
  package let defaultValue: Value
  /// nil for a value that means none, such as an empty text: then the default is in force.
  let decode: @Sendable (JSONValue) -> Value?

  init(
    _ path: String, _ type: FieldType, default value: Value, shown: JSONValue, _ meaning: String, flag: String? = nil,
    variables: [String] = [], isSecret: Bool = false, minimum: Double? = nil,
    decode: @escaping @Sendable (JSONValue) -> Value?
  ) {
    definition = SettingDefinition(
      path: path, type: type, defaultValue: shown, meaning: meaning, flag: flag, variables: variables,
      isSecret: isSecret, minimum: minimum)
    defaultValue = value
    self.decode = decode
  }
}

extension Setting where Value == String {
  static func text(
    _ path: String, _ lengths: ClosedRange<Int>, default value: String, _ meaning: String, flag: String? = nil,
    variables: [String] = []
  ) -> Setting {
    Setting(path, .string(lengths), default: value, shown: .string(value), meaning, flag: flag, variables: variables) {
      $0.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }
  }
}

extension Setting where Value == String? {
  /// A text; empty: none.
  static func optional(
    _ path: String, _ lengths: ClosedRange<Int>, _ meaning: String, flag: String? = nil, variables: [String] = []
  ) -> Setting {
    Setting(path, .string(lengths), default: nil, shown: "", meaning, flag: flag, variables: variables) {
      $0.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }
  }
}

extension Setting where Value == Secret? {
  /// A text that is never shown; empty: none.
  static func secret(
    _ path: String, _ lengths: ClosedRange<Int>, _ meaning: String, variables: [String] = []
  ) -> Setting {
    Setting(path, .string(lengths), default: nil, shown: "", meaning, variables: variables, isSecret: true) {
      $0.stringValue.flatMap { $0.isEmpty ? nil : Secret($0) }
    }
  }
}

extension Setting where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  static func choice(_ path: String, default value: Value, _ meaning: String, flag: String? = nil) -> Setting {
    let choices = Value.allCases.map(\.rawValue)
    return Setting(path, .choice(choices), default: value, shown: .string(value.rawValue), meaning, flag: flag) {
      $0.stringValue.flatMap(Value.init)
    }
  }
}

extension Setting where Value == Double {
  /// Seconds.
  static func duration(_ path: String, default value: Double, _ meaning: String, atLeast minimum: Double = 1) -> Setting
  {
    let shown = JSONValue.string(DurationFormat.text(value))
    return Setting(path, .duration, default: value, shown: shown, meaning, minimum: minimum) {
      $0.stringValue.flatMap { DurationFormat.seconds($0) }
    }
  }

  static func decimal(_ path: String, _ range: ClosedRange<Double>, default value: Double, _ meaning: String) -> Setting
  {
    Setting(path, .decimal(range), default: value, shown: .double(value), meaning) { $0.doubleValue }
  }
}

extension Setting where Value == Int {
  static func number(
    _ path: String, _ range: ClosedRange<Int>, default value: Int, _ meaning: String, flag: String? = nil
  ) -> Setting {
    Setting(path, .integer(range), default: value, shown: .int(value), meaning, flag: flag) { $0.intValue }
  }

  static func port(_ path: String, default value: Int, _ meaning: String) -> Setting {
    Setting(path, .port, default: value, shown: .int(value), meaning) { $0.intValue }
  }
}

extension Setting where Value == Bool {
  static func toggle(_ path: String, default value: Bool, _ meaning: String) -> Setting {
    Setting(path, .bool, default: value, shown: .bool(value), meaning) { $0.boolValue }
  }
}

extension Setting where Value == JSONValue? {
  /// A group of values that the loader decodes; none by default.
  static func object(_ path: String, _ members: [FieldSchema], _ meaning: String) -> Setting {
    Setting(path, .object(members), default: .none, shown: .null, meaning) { value in
      // Not `nil`, which is a value of JSON here.
      if case .null = value { .none } else { .some(.some(value)) }
    }
  }
}

extension Setting where Value == [JSONValue] {
  /// A list whose entries the loader decodes; empty by default.
  static func list(_ path: String, _ type: FieldType, _ meaning: String) -> Setting {
    Setting(path, type, default: [], shown: [], meaning) { $0.arrayValue }
  }
}
