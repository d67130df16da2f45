package import Model

/// Writes resources in the usual notation: only fields that differ from their defaults, in the order of the schema.
package enum DesiredWriter {
  package enum Passwords: String, CaseIterable, Sendable {
    /// As NPM has them.
    case keep
    /// In variables, for another NPM.
    case env
  }

  /// The lines of one resource below its section.
  ///
  /// - Parameters:
  ///   - remark: a comment after the name.
  ///   - beside: the path to files that it refers to.
  ///   - passwords: how those of access lists are written.
  package static func lines(
    _ name: String, _ spec: Spec, remark: String = "", beside: String = "", passwords: Passwords = .keep
  ) -> [String] {
    let kind = spec.schema
    let tail = remark.isEmpty ? "" : "  # \(remark)"
    let members = spec.json.objectValue ?? [:]
    let lines = fields(
      members, kind.fields, kind.shorthands, indent: 4, path: [name], beside: beside, passwords: passwords)
    guard !lines.isEmpty else { return ["  \(YAMLText.scalar(name)): {}\(tail)"] }
    return ["  \(YAMLText.scalar(name)):\(tail)"] + lines.map { $0.isEmpty ? "" : "    " + $0 }
  }

  /// The value of a field as written after its key; further lines include their indentation.
  ///
  /// - Parameter path: the owner of the value, for the names of environment variables that hold secrets.
  static func value(
    _ value: JSONValue, _ type: FieldType, indent: Int, path: [String] = [], passwords: Passwords = .keep
  ) -> [String] {
    switch (type, value) {
    case (.domains, .array(let items)):
      let names = items.compactMap(\.stringValue)
      let flow = YAMLText.flow(names)
      let pad = String(repeating: " ", count: indent + 2)
      return flow.count <= 90 ? [flow] : [""] + names.map { "\(pad)- \(YAMLText.scalar($0))" }
    case (.list(let fields, let key, let shorthands), .array(let items)):
      let pad = String(repeating: " ", count: indent + 2)
      return [""]
        + items.flatMap { item in
          let path = path + [item[key].stringValue ?? ""]
          let lines = self.fields(
            item.objectValue ?? [:], fields, shorthands, indent: indent + 4, path: path, passwords: passwords)
          return lines.enumerated().map { $1.isEmpty ? "" : pad + ($0 == 0 ? "- " : "  ") + $1 }
        }
    case (.secret, _): return [passwords == .keep ? "{ keep: true }" : "{ env: \(variable(path)) }"]
    case (.object(let fields), .object(let members)):
      let parts = fields.compactMap { field -> String? in
        if case .secret = field.type { return "\(field.name): { env: \(variable(path + [field.name])) }" }
        let value = members[field.name] ?? .null
        guard value != field.defaultValue else { return nil }
        return "\(field.name): \(Self.value(value, field.type, indent: indent)[0])"
      }
      return ["{ \(parts.joined(separator: ", ")) }"]
    case (.reference, .null): return ["none"]
    case (.reference, FieldType.auto): return ["auto"]
    case (_, .bool(let flag)): return [flag ? "true" : "false"]
    case (_, .int(let number)): return [String(number)]
    case (_, .string(let text)): return YAMLText.block(text, indent: indent + 2) ?? [YAMLText.scalar(text)]
    default: return ["\"\""]
    }
  }

  /// Each field as `key: value`, without indentation on its first line.
  private static func fields(
    _ members: [String: JSONValue], _ fields: [FieldSchema], _ shorthands: [ShorthandSchema], indent: Int,
    path: [String], beside: String = "", passwords: Passwords
  ) -> [String] {
    var lines: [String] = []
    var covered: Set<String> = []
    for field in fields where !covered.contains(field.name) {
      if let shorthand = shorthands.first(where: { $0.parts.contains(field.name) }), let url = url(members, shorthand) {
        lines.append("\(shorthand.name): \(url)")
        covered.formUnion(shorthand.parts + (shorthand.path.map { [$0] } ?? []))
        continue
      }
      let value = members[field.name] ?? .null
      guard value != field.defaultValue else { continue }
      if field.isUpload {
        lines.append("\(field.name): { file: \(YAMLText.scalar(beside + fileName(path[0], field.name))) }")
        continue
      }
      let text = Self.value(value, field.type, indent: indent, path: path, passwords: passwords)
      lines.append("\(field.name):" + (text[0].isEmpty ? "" : " " + text[0]))
      // The lines of a value are fully indented; the caller adds our indentation.
      let pad = String(repeating: " ", count: indent)
      lines += text.dropFirst().map { $0.hasPrefix(pad) ? String($0.dropFirst(indent)) : $0 }
    }
    return lines
  }

  /// The name of the file that a field of a resource is exported to.
  static func fileName(_ name: String, _ field: String) -> String {
    let endings = ["certificate": ".pem", "certificate_key": ".key"]
    return name + (endings[field] ?? ".\(field).pem")
  }

  /// The name of the environment variable for a secret: `WILD_EXAMPLE_CREDENTIALS` of the certificate wild-example.
  private static func variable(_ path: [String]) -> String {
    let plain = path.joined(separator: "-")
    let words = plain.uppercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
    let name = words.joined(separator: "_")
    let readable = name.first?.isNumber == true ? "_\(name)" : name
    // Different names give different variables: what is lost in this form is told apart by a number.
    guard name.lowercased().replacing("_", with: "-") != plain else { return readable }
    let code = plain.utf8.reduce(UInt32(5381)) { $0 &* 33 &+ UInt32($1) }
    return readable + "_" + String(code % 46_656, radix: 36, uppercase: true)
  }

  /// The URL for the parts of a shorthand; nil if it would not be parsed into the same parts.
  static func url(_ members: [String: JSONValue], _ shorthand: ShorthandSchema) -> String? {
    guard let scheme = members[shorthand.scheme]?.stringValue, let host = members[shorthand.host]?.stringValue,
      let port = members[shorthand.port]?.intValue
    else { return nil }
    let path = shorthand.path.flatMap { members[$0]?.stringValue } ?? ""
    let url = "\(scheme)://\(host):\(port)\(path)"
    let expected = ForwardURL(scheme: scheme, host: host, port: port, path: path)
    guard case .success(expected) = ForwardURL.parse(url, allowsPath: shorthand.path != nil) else { return nil }
    return YAMLText.scalar(url)
  }
}
