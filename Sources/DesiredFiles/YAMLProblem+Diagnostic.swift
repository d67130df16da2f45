package import Model
package import YAML

extension YAMLProblem {
  /// The problem as a diagnostic for a file.
  package func diagnostic(in file: String) -> Diagnostic {
    let place = SourceLocation(file: file, line: mark.line, column: mark.column, length: length)
    let note = related.map {
      Diagnostic.Note("first used", at: SourceLocation(file: file, line: $0.line, column: $0.column))
    }
    let isStrangeCharacter = message.hasPrefix("found character that cannot start")
    let isAlias = kind == .unknownAlias || message.contains("while scanning an alias")
    let hint =
      isStrangeCharacter
      ? "indent with spaces, not tabs; quote a value that begins with @ or `"
      : isAlias ? "a '*' begins an alias: quote a value that begins with it, as in \"*.example.com\"" : nil
    return Diagnostic(code, message, at: place, hint: hint, note: note)
  }

  private var code: DiagnosticCode {
    switch kind {
    case .syntax: .yamlSyntax
    case .encoding: .notUTF8
    case .duplicateKey: .duplicateKey
    case .unknownAlias, .merge: .yamlAlias
    case .aliasExpansion, .depth: .yamlTooLarge
    case .tag: .yamlTag
    case .key: .yamlKey
    }
  }
}
