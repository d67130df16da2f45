import DesiredFiles
import Model
import Platform

/// `${env:NAME}` and `${file:/path}` in settings.
enum Interpolation {
  struct Problem: Error {
    var message: String
    var hint: String
  }

  /// Whether it is one reference and nothing else.
  static func isReference(_ text: String) -> Bool {
    text.hasPrefix("${") && text.firstIndex(of: "}") == text.utf8.indices.last
  }

  static func fill(_ text: String, _ environment: (String) -> String?) throws -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      result += rest[..<start.lowerBound]
      result += try value(of: String(rest[start.upperBound..<end]), environment)
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func value(of reference: String, _ environment: (String) -> String?) throws -> String {
    if reference.hasPrefix("env:") {
      let name = String(reference.dropFirst(4))
      guard !name.isEmpty else {
        throw Problem(message: "a '${env:}' here names no variable", hint: "write ${env:NAME}")
      }
      if let value = environment(name), !value.isEmpty { return value }
      throw Problem(
        message: "the environment variable \(name) is not set", hint: "export \(name), or change the setting")
    }
    if reference.hasPrefix("file:") {
      do {
        return try contents(of: String(reference.dropFirst(5)))
      } catch let problem as Problem {
        throw problem
      } catch {
        throw Problem(message: "\(error)", hint: "the file must exist and be readable")
      }
    }
    // Its text is not repeated: it may be a password.
    throw Problem(message: "a '${...}' here is no reference", hint: "use ${env:NAME} or ${file:/path}")
  }

  static func contents(of path: String) throws -> String {
    guard let text = SecretText.text(of: try Files.read(path)) else {
      throw Problem(message: "\(path) is not UTF-8", hint: "secrets are texts")
    }
    guard !text.isEmpty else { throw Problem(message: "\(path) is empty", hint: "write the text into it") }
    return text
  }
}
