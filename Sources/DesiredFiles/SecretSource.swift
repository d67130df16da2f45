import Model
import Platform
import YAML

/// The text of a secret in a file.
package enum SecretText {
  /// The text without parts that editors add: a byte order mark and trailing line ends. nil: not UTF-8.
  package static func text(of bytes: [UInt8]) -> String? {
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    var kept = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
    while let last = kept.last, last == 0x0a || last == 0x0d { kept.removeLast() }
    return String(validating: kept, as: UTF8.self)
  }
}

/// The source of secrets: never the desired files themselves.
package struct SecretSource: Sendable {
  package struct Problem: Error {
    package var message: String
    package var hint: String?
  }

  /// Reads an environment variable; nil: not set.
  package var variable: @Sendable (String) -> String?
  /// Reads a file.
  package var contents: @Sendable (String) throws -> [UInt8]
  /// References to secrets that checks may send to destinations: `env:NAME`, `file:/path`.
  package var sendable: Set<String> = []

  /// The environment and the disk, with the references that checks may send.
  package static func live(sending sendable: Set<String>) -> SecretSource {
    var source = live
    source.sendable = sendable
    return source
  }

  /// The environment and the disk.
  package static let live = SecretSource(
    variable: { name in CurrentProcess.environment(name).flatMap { $0.isEmpty ? nil : $0 } },
    contents: { try Files.read($0) })

  /// For loads that do not need the values of secrets.
  package static let any = SecretSource(variable: { _ in "any" }, contents: { _ in Array("any".utf8) })

  func variable(named name: String) throws -> Secret {
    guard let text = variable(name) else {
      // Text that is not a valid variable name may be the secret itself.
      let isName = name.utf8.allSatisfy { (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }
      guard isName else { throw Problem(message: "the environment variable that is named here is not set") }
      throw Problem(message: "the environment variable \(name) is not set", hint: "export \(name)")
    }
    return Secret(text)
  }

  /// The text of a file. A relative path starts at the directory of the file that contains the reference.
  func file(_ path: String, beside file: String) throws -> Secret {
    do {
      guard let text = SecretText.text(of: try contents(Self.resolve(path, beside: file))) else {
        throw Problem(message: "\(path) is not UTF-8", hint: "secrets are texts")
      }
      guard !text.isEmpty else { throw Problem(message: "\(path) is empty") }
      return Secret(text)
    } catch let problem as Problem {
      throw problem
    } catch {
      // Text that does not look like a path may be the secret itself.
      let isPath = path.utf8.count <= 255 && !path.contains("-----") && path.contains { "/.".contains($0) }
      throw Problem(
        message: isPath ? "\(error)" : "the file that is named here cannot be read",
        hint: "a relative path counts from the file that names it")
    }
  }

  /// Whether a reference may be sent to the destination of a check.
  func mayBeSent(_ way: String, _ reference: String, beside file: String) -> Bool {
    guard way == "file" else { return sendable.contains("\(way):\(reference)") }
    let path = Files.resolved(Self.resolve(reference, beside: file))
    return sendable.contains { $0.hasPrefix("file:") && Files.resolved(String($0.dropFirst(5))) == path }
  }

  static func resolve(_ path: String, beside file: String) -> String {
    path.hasPrefix("/") ? path : "\(Files.parent(of: file))/\(path)"
  }
}

extension ValueDecoder {
  /// Decodes `{ env: NAME }`, `{ file: path }` or `{ keep: true }`.
  mutating func secret(_ node: YAMLNode, name: String) -> DecodedValue? {
    guard case .mapping(let entries) = node.content, entries.count == 1, let entry = entries.first,
      ["env", "file", "keep"].contains(entry.key)
    else {
      report(
        .secretLiteral, "'\(name)' must not stand in the file itself", at: location(node),
        hint: "write { env: NAME } or { file: path }")
      return nil
    }
    if entry.key == "keep" {
      guard case .bool(true)? = scalar(entry.value, .bool, name: "keep") else {
        report(
          .badValue, "'keep' is true or absent", at: location(entry.value), hint: "write { env: NAME } for another")
        return nil
      }
      return DecodedValue(value: .string(SecretFingerprint.kept), source: source(node))
    }
    guard let text = text(entry.value, name: entry.key) else { return nil }
    if entry.key == "file" { referred.insert(SecretSource.resolve(text, beside: file)) }
    do {
      let secret =
        try entry.key == "env" ? secrets.variable(named: text) : secrets.file(text, beside: file)
      var decoded = DecodedValue(value: .string(SecretFingerprint.hint(secret)), source: source(node))
      decoded.secrets = ["": secret]
      return decoded
    } catch let problem as SecretSource.Problem {
      report(.unsetVariable, problem.message, at: location(entry.value), hint: problem.hint)
    } catch {
      report(.unsetVariable, "\(error)", at: location(entry.value))
    }
    return nil
  }
}
