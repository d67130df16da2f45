import Model
import YAML

extension ValueDecoder {
  /// Headers by name: texts, or references to secrets. An author of desired files must not be able to send our secrets
  /// to any destination: only secrets listed in the settings are accepted.
  mutating func headers(_ node: YAMLNode, name: String) -> DecodedValue? {
    guard case .mapping(let entries) = node.content else {
      report(.wrongType, "'\(name)' must be a mapping of names to texts, this is \(node.shape)", at: location(node))
      return nil
    }
    var result = DecodedValue(value: .null, source: source(node))
    var names: [String: JSONValue] = [:]
    for entry in entries {
      guard checkHeaderName(entry, others: names.keys.map { $0 }), let text = headerText(entry) else { continue }
      if text.reveal().utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
        report(.badValue, "the header '\(entry.key)' holds a line end or control character", at: location(entry.value))
      }
      names[entry.key] = ""
      result.secrets[entry.key] = text
    }
    result.value = .object(names)
    return result
  }

  private mutating func headerText(_ entry: YAMLEntry) -> Secret? {
    guard case .mapping(let parts) = entry.value.content else {
      guard let text = text(entry.value, name: entry.key) else { return nil }
      guard !HeaderName.carriesSecrets(entry.key) else {
        report(
          .secretLiteral, "the header '\(entry.key)' must not stand in the file itself", at: location(entry.value),
          hint: "write { env: NAME } or { file: path }, and list it in 'secrets.allow' of the settings")
        return nil
      }
      return Secret(text)
    }
    guard let part = parts.first, parts.count == 1, ["env", "file"].contains(part.key),
      case .scalar(let reference, _) = part.value.content
    else { return secret(entry.value, name: entry.key)?.secrets[""] }
    guard secrets.mayBeSent(part.key, reference, beside: file) else {
      report(
        .secretNotAllowed, "the header '\(entry.key)' asks for a secret that checks may not send",
        at: location(part.value),
        hint: "add '\(part.key):\(part.key == "env" ? reference : SecretSource.resolve(reference, beside: file))' to "
          + "'secrets.allow' of the settings, if its destination may know it")
      return nil
    }
    return secret(entry.value, name: entry.key)?.secrets[""]
  }

  private mutating func checkHeaderName(_ entry: YAMLEntry, others: [String]) -> Bool {
    let name = entry.key.lowercased()
    if !HeaderName.isToken(entry.key) {
      report(.badValue, "'\(entry.key)' is no name of a header", at: location(entry.keyNode))
    } else if HeaderName.reserved.contains(name) {
      report(
        .badValue, "the header '\(entry.key)' is not for checks to set", at: location(entry.keyNode),
        hint: "NPM sends the domain of the host as 'Host', and the connection is its own")
    } else if others.contains(where: { $0.lowercased() == name }) {
      report(.duplicateKey, "the header '\(entry.key)' appears twice", at: location(entry.keyNode))
    } else {
      return true
    }
    return false
  }
}

/// Names of headers (RFC 9110).
enum HeaderName {
  static let reserved: Set<String> = ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"]

  static func isToken(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 100
      && name.utf8.allSatisfy { $0.isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains($0) }
  }

  /// Whether a header normally contains a secret.
  static func carriesSecrets(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["auth", "cookie", "token", "secret", "password", "key", "session"].contains { name.contains($0) }
  }
}
