import Configuration
import Reports
import DesiredFiles
import Model
import Planning
import Platform
import Reconciler

/// `diff --accept NAME`: copies manual changes in NPM to the YAML.
enum DriftAcceptance {
  /// Writes the observed values of a drifted resource into its file, and reports what it wrote.
  static func accept(_ name: String, _ planned: PlanResult, _ loaded: LoadedDesired, _ context: CommandContext) throws {
    let key = try ResourceNameArgument.key(name, among: loaded.state.resources)
    guard let resource = loaded.state.resources.first(where: { $0.key == key }) else { return }
    let change = (planned.plan.changes + planned.plan.withheld).first { $0.key == key }
    let fields = (change?.fields ?? []).filter { field in
      (field.cause == .drifted || field.cause == .both) && !field.path.hasPrefix("meta.")
    }
    guard let change, change.action == .update, !fields.isEmpty else {
      throw refusal("'\(name)' has no drift that the YAML could take over", at: resource.source, because: change)
    }
    do {
      let settings = context.settings
      var edit = try DesiredEdit(
        resource, in: loaded.state, directory: settings.desired, secrets: settings.secrets)
      let bytes = try edit.set(Dictionary(firstOf: fields.map { ($0.path, $0.before) }))
      try Files.rewrite(resource.source.file, with: bytes)
    } catch let problem as DesiredEdit.Problem {
      throw CommandFailure(
        .failure,
        [
          Diagnostic(
            .notAcceptable, problem.message, at: problem.location,
            hint: hint(fields, resource))
        ])
    } catch let error as FileError {
      throw CommandFailure(.failure, [Diagnostic(.outputFailed, "\(error)")])
    }
    try report(fields, resource, context.invocation.console)
  }

  /// What remains to be edited by hand.
  private static func hint(_ fields: [FieldChange], _ resource: DesiredResource) -> String {
    let paths = Set(fields.map(\.path))
    if paths.contains(FieldSchema.snippetTarget),
      resource.fieldSources[FieldSchema.snippetTarget]?.parts.isEmpty == false
    {
      return "it begins with snippets: change them, or what stands behind them, by hand"
    }
    let secretLists = Set(Spec.listsWithSecrets(resource.spec.schema).map(\.field))
    if !paths.isDisjoint(with: secretLists) {
      return "NPM does not return passwords: 'reconciler apply' puts back those of the YAML, or change the list by hand"
    }
    return "write it by hand: \(fields.map { "\($0.path): \($0.before.summary)" }.joined(separator: ", "))"
  }

  private static func report(_ fields: [FieldChange], _ resource: DesiredResource, _ console: Console) throws {
    guard console.format != .json else {
      try console.result(
        json: [
          "format_version": "1", "file": .string(resource.source.file), "name": .string(resource.key.name),
          "accepted": .array(
            fields.map { ["path": .string($0.path), "before": $0.after, "after": $0.before] }),
        ])
      return
    }
    let lines = fields.map { "  \($0.path)  \(ValueText.change($0.after, $0.before))" as TerminalText }
    try console.result(
      (["\(resource.source.file) now says of \(resource.key.name) what NPM has:"] as [TerminalText] + lines).joined(
        separator: "\n"))
  }

  private static func refusal(_ message: String, at place: SourceLocation, because change: Change?) -> CommandFailure {
    var hint = "'reconciler diff' shows drift as 'changed in NPM'"
    if change?.action == .create { hint = "the host is gone from NPM: to accept that, remove it from the YAML" }
    if let blockReason = change?.blockReason { hint = blockReason.message }
    return CommandFailure(.failure, [Diagnostic(.notAcceptable, message, at: place, hint: hint)])
  }
}
