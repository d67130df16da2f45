import Model

/// The part of JSON Schema that NPM uses. It checks and coerces like NPM's validator (ajv with `coerceTypes` and
/// `allErrors`): same rules, same messages, same order.
indirect enum Schema: Sendable {
  case boolean
  case integer(ClosedRange<Int>)
  case string(lengths: ClosedRange<Int>, pattern: Pattern? = nil, choices: [String]? = nil)
  case array(Schema, counts: ClosedRange<Int>, isUnique: Bool)
  case object([Property], required: [String], minimum: Int = 0)
  /// Any object; its members are not checked.
  case freeObject
  case nullableInteger
  case anyOf([Schema])
  case oneOf([Schema])

  struct Property: Sendable {
    var name: String
    var schema: Schema
    init(_ name: String, _ schema: Schema) {
      self.name = name
      self.schema = schema
    }
  }

  /// A regular expression: its text for messages, and its function.
  struct Pattern: Sendable {
    var text: String
    var matches: @Sendable (String) -> Bool
  }

  /// Errors of `value` at `path`; coerces `value` in place.
  func check(_ value: inout JSONValue, _ path: String = "data") -> [String] {
    switch self {
    case .boolean: return ParameterCoercion.boolean(&value) ? [] : ["\(path) must be boolean"]
    case .nullableInteger:
      return value.isNull || ParameterCoercion.integer(&value) ? [] : ["\(path) must be integer,null"]
    case .integer(let range): return integer(&value, range, path)
    case .string(let lengths, let pattern, let choices): return string(&value, lengths, pattern, choices, path)
    case .array(let item, let counts, let isUnique): return array(&value, item, counts, isUnique, path)
    case .object(let properties, let required, let minimum): return object(&value, properties, required, minimum, path)
    case .freeObject: return value.objectValue == nil ? ["\(path) must be object"] : []
    case .anyOf(let branches): return alternatives(&value, branches, path, "\(path) must match a schema in anyOf")
    case .oneOf(let branches):
      return alternatives(&value, branches, path, "\(path) must match exactly one schema in oneOf")
    }
  }

  private func integer(_ value: inout JSONValue, _ range: ClosedRange<Int>, _ path: String) -> [String] {
    guard ParameterCoercion.integer(&value), let number = value.intValue else { return ["\(path) must be integer"] }
    if number > range.upperBound { return ["\(path) must be <= \(range.upperBound)"] }
    return number < range.lowerBound ? ["\(path) must be >= \(range.lowerBound)"] : []
  }

  private func string(
    _ value: inout JSONValue, _ lengths: ClosedRange<Int>, _ pattern: Pattern?, _ choices: [String]?, _ path: String
  ) -> [String] {
    guard ParameterCoercion.string(&value), let text = value.stringValue else { return ["\(path) must be string"] }
    var errors: [String] = []
    if let choices, !choices.contains(text) { errors.append("\(path) must be equal to one of the allowed values") }
    let length = text.unicodeScalars.count
    if length > lengths.upperBound { errors.append("\(path) must NOT have more than \(lengths.upperBound) characters") }
    if length < lengths.lowerBound {
      errors.append("\(path) must NOT have fewer than \(lengths.lowerBound) characters")
    }
    if let pattern, !pattern.matches(text) { errors.append("\(path) must match pattern \"\(pattern.text)\"") }
    return errors
  }

  private func array(
    _ value: inout JSONValue, _ item: Schema, _ counts: ClosedRange<Int>, _ isUnique: Bool, _ path: String
  ) -> [String] {
    guard var items = value.arrayValue else { return ["\(path) must be array"] }
    var errors: [String] = []
    if items.count > counts.upperBound { errors.append("\(path) must NOT have more than \(counts.upperBound) items") }
    if items.count < counts.lowerBound { errors.append("\(path) must NOT have fewer than \(counts.lowerBound) items") }
    if isUnique, let (later, earlier) = duplicate(in: items) {
      errors.append("\(path) must NOT have duplicate items (items ## \(later) and \(earlier) are identical)")
    }
    for index in items.indices { errors += item.check(&items[index], "\(path)/\(index)") }
    value = .array(items)
    return errors
  }

  /// The pair that the validator reports: it searches from the end.
  private func duplicate(in items: [JSONValue]) -> (Int, Int)? {
    var seen: [JSONValue: Int] = [:]
    for index in items.indices.reversed() {
      if let later = seen[items[index]] { return (later, index) }
      seen[items[index]] = index
    }
    return nil
  }

  private func object(
    _ value: inout JSONValue, _ properties: [Property], _ required: [String], _ minimum: Int, _ path: String
  ) -> [String] {
    guard var members = value.objectValue else { return ["\(path) must be object"] }
    var errors: [String] = []
    if members.count < minimum { errors.append("\(path) must NOT have fewer than \(minimum) properties") }
    errors += required.filter { members[$0] == nil }.map { "\(path) must have required property '\($0)'" }
    let known = Set(properties.map(\.name))
    errors += members.keys.filter { !known.contains($0) }.map { _ in "\(path) must NOT have additional properties" }
    for property in properties {
      guard var member = members[property.name] else { continue }
      errors += property.schema.check(&member, "\(path)/\(property.name)")
      members[property.name] = member
    }
    value = .object(members)
    return errors
  }

  private func alternatives(
    _ value: inout JSONValue, _ branches: [Schema], _ path: String, _ message: String
  ) -> [String] {
    var errors: [String] = []
    for branch in branches {
      var attempt = value
      let found = branch.check(&attempt, path)
      if found.isEmpty {
        value = attempt
        return []
      }
      errors += found
    }
    return errors + [message]
  }
}

/// ajv's conversions between JSON types. False: not convertible.
enum ParameterCoercion {
  static func boolean(_ value: inout JSONValue) -> Bool {
    switch value {
    case .bool: return true
    case .string("true"), .int(1): value = true
    case .string("false"), .int(0), .null: value = false
    default: return false
    }
    return true
  }

  static func integer(_ value: inout JSONValue) -> Bool {
    switch value {
    case .int: return true
    case .bool(let flag): value = .int(flag ? 1 : 0)
    case .null: value = 0
    case .double(let number):
      guard let whole = Int(exactly: number) else { return false }
      value = .int(whole)
    case .string(let text):
      guard let number = Double(text.filter { !$0.isWhitespace }), let whole = Int(exactly: number) else {
        return false
      }
      value = .int(whole)
    default: return false
    }
    return true
  }

  static func string(_ value: inout JSONValue) -> Bool {
    switch value {
    case .string: return true
    case .int(let number): value = .string(String(number))
    case .double(let number): value = .string(String(number))
    case .bool(let flag): value = .string(flag ? "true" : "false")
    case .null: value = ""
    default: return false
    }
    return true
  }
}
