import DesiredFiles
import Model
import YAML

/// Reads files of other tools into a draft of desired files.
package struct Importer {
  package struct Input: Sendable {
    package var name: String
    package var bytes: [UInt8]
    /// It is meant: one of no known tool is an error.
    package var isNamed: Bool
    /// Of the `.env` beside it; nil: there is none.
    package var variables: String?

    package init(name: String, bytes: [UInt8], isNamed: Bool = true, variables: String? = nil) {
      self.isNamed = isNamed
      self.name = name
      self.bytes = bytes
      self.variables = variables
    }
  }

  private let environment: @Sendable (String) -> String?
  private let dockerHost: String?

  /// - Parameters:
  ///   - environment: the value of a variable of compose files.
  ///   - dockerHost: where published ports of containers are reached; nil: hosts go to containers by their names.
  package init(environment: @escaping @Sendable (String) -> String?, dockerHost: String?) {
    self.environment = environment
    self.dockerHost = dockerHost
  }

  package func read(_ inputs: [Input]) -> ImportDraft {
    var draft = ImportDraft()
    var compose: [ComposeProject.File] = []
    for input in inputs {
      let (documents, problems) = YAMLParser.parse(input.bytes)
      draft.diagnostics += problems.map { Self.bare($0.diagnostic(in: input.name)) }
      for document in documents { read(ImportNode(file: input.name, node: document), input, &compose, &draft) }
      if documents.isEmpty && problems.isEmpty {
        unknown(SourceLocation(file: input.name, line: 1, column: 1), input, &draft)
      }
    }
    if !compose.isEmpty { ComposeProject(compose, dockerHost: dockerHost).read(into: &draft) }
    return draft
  }

  private func read(
    _ document: ImportNode, _ input: Input, _ compose: inout [ComposeProject.File], _ draft: inout ImportDraft
  ) {
    if WyrmctlState.isOne(document) {
      draft.origins.append("wyrmctl (\(input.name))")
      WyrmctlState.read(document, into: &draft)
    } else if TerraformState.isOne(document) {
      draft.origins.append("Terraform (\(input.name))")
      TerraformState.read(document, into: &draft)
    } else if ComposeProject.isOne(document) {
      draft.origins.append("docker-compose (\(input.name))")
      let file = input.variables.map(ComposeVariables.variables) ?? [:]
      let variables = ComposeVariables { environment($0) ?? file[$0] }
      compose.append(.init(document: document, variables: variables))
    } else {
      unknown(document.place, input, &draft)
    }
  }

  /// Without quotations: what cannot be read may be a password.
  private static func bare(_ diagnostic: Diagnostic) -> Diagnostic {
    var bare = diagnostic
    bare.message = diagnostic.message.replacing(/'[^']*'/, with: "...")
    bare.hint = "the whole file must be readable; for compose, give the output of 'docker compose config'"
    return bare
  }

  private func unknown(_ place: SourceLocation, _ input: Input, _ draft: inout ImportDraft) {
    draft.diagnostics.append(
      Diagnostic(
        .unknownFormat, "this is no file of a tool that is known here", at: place,
        hint:
          "known are desired state of wyrmctl (apiVersion: wyrmctl.com/v1), the JSON of 'terraform show -json' after an apply, and docker-compose files",
        severity: input.isNamed ? .error : .warning))
  }
}
