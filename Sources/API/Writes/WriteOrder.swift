import DesiredFiles
import Model

/// One write of the desired files, as a request asks for it.
struct WriteOrder: Sendable {
  enum Verb: Sendable {
    case create([String: JSONValue])
    case replace([String: JSONValue])
    /// What was changed in NPM becomes what the files say; the values by field.
    case accept([String: JSONValue])
    case remove
  }

  var key: ResourceKey
  var verb: Verb
  /// ETags of which one has to fit; nil: any does.
  var ifMatch: [String]?
  var isDryRun = false
  /// A new one gets a certificate where nothing is said of it.
  var hasDefaultCertificate = false
  var role: Role
  var author: String
  /// Why; one line.
  var message: String
  var correlation: String

  /// For the log of the repository.
  var commitMessage: String {
    let what =
      switch verb {
      case .create: "add"
      case .replace: "change"
      case .accept: "accept what was changed in NPM at"
      case .remove: "remove"
      }
    return message.isEmpty ? "[api] \(what) \(key.name)" : "[api] \(message)"
  }

  /// Puts what is wanted into the files as they are.
  ///
  /// - Throws: `Problem`, `EntryEdit.Problem` and `FileError`.
  func propose(_ edit: EntryEdit, _ before: DesiredState) throws -> EntryEdit.Proposal {
    let known = before.resources.first { $0.key == key }
    try checkMatch(known)
    let proposal: EntryEdit.Proposal
    switch verb {
    case .create(let fields):
      guard known == nil else {
        throw Problem(
          409, .nameTaken, "there is a \(key.kind.title) '\(key.name)' already", hint: "change it with PUT")
      }
      proposal = try Self.create(key, fields, edit, hasDefaultCertificate: hasDefaultCertificate)
    case .replace(let fields):
      proposal = try edit.replace(existing(known, before), fields)
    case .accept(let values):
      let known = try existing(known, before)
      proposal = try edit.replace(known, known.writable.merging(values) { $1 })
    case .remove: proposal = try edit.remove(existing(known, before))
    }
    try GuardedFields(role: role).check(self, known, proposal)
    let errors = proposal.loaded.diagnostics.filter { $0.severity == .error }
    if case .remove = verb, let empty = errors.first(where: { $0.code == .desiredEmpty }) {
      throw Problem(
        403, .refusedBySafety, "nothing would be left: \(empty.message)", hint: "the last one is removed by hand")
    }
    if !errors.isEmpty { throw Problem(errors) }
    return proposal
  }

  /// A new entry. Where neither the request nor the defaults of the files say anything of its certificate, the settings do.
  static func create(
    _ key: ResourceKey, _ fields: [String: JSONValue], _ edit: EntryEdit, hasDefaultCertificate: Bool
  ) throws -> EntryEdit.Proposal {
    let proposal = try edit.create(key, fields)
    guard hasDefaultCertificate, fields["certificate"] == nil, !proposal.loaded.diagnostics.hasErrors,
      let made = proposal.loaded.state.resources.first(where: { $0.key == key }),
      made.spec.schema.claimField == "domain_names", made.spec["certificate"].isNull
    else { return proposal }
    return try edit.create(key, fields.merging(["certificate": "auto"]) { $1 })
  }

  private func existing(_ known: DesiredResource?, _ before: DesiredState) throws -> DesiredResource {
    if let known { return known }
    let names = before.resources.filter { $0.key.kind == key.kind }.map(\.key.name)
    throw Problem.unknown(key, among: names)
  }

  private func checkMatch(_ known: DesiredResource?) throws {
    guard let ifMatch else { return }
    let etag = known.map(ObjectBook.etag)
    guard ifMatch.contains("*") ? etag != nil : ifMatch.contains(where: { $0 == etag }) else {
      throw Problem(
        412, .apiPrecondition, "'\(key.name)' is not what you have seen: it was changed since",
        hint: "read it again, and change what it is now", headers: etag.map { [("ETag", $0)] } ?? [])
    }
  }
}

extension Problem {
  static func unknown(_ key: ResourceKey, among names: [String]) -> Problem {
    Problem(
      404, .unknownName, "the files have no \(key.kind.title) of that name",
      hint: Suggestion.nearest(to: key.name, among: names).map { "is it '\($0)'?" })
  }

  /// What is wrong with what a request wants the files to say.
  init(_ errors: [Diagnostic]) {
    let first = errors.first ?? Diagnostic(.internalError, "")
    let isConflict = [.duplicateDomain, .duplicatePort, .duplicateName].contains(first.code)
    // In NPM a name is taken by another object, whatever it is called here.
    let code = first.code == .duplicateName ? .nameTaken : first.code
    self.init(isConflict ? 409 : 422, code, first.message, hint: first.hint)
    diagnostics = errors
  }
}
