package import DesiredFiles
package import Model
import Platform

/// Who changes the desired files, and why.
package struct CommitNote: Sendable, Equatable {
  /// One line each.
  package var author: String
  package var message: String

  package init(author: String, message: String) {
    self.author = author
    self.message = message
  }
}

/// A change of the desired files, from the files as they are to what is made of them.
package struct SourceEdit: Sendable {
  /// Gets the files as they are, without errors; may block.
  package typealias Propose = @Sendable (EntryEdit, DesiredState) throws -> EntryEdit.Proposal

  package var note: CommitNote
  package var propose: Propose
  /// Looks at what the files would say, and whether that is to last.
  package var decide: @Sendable (EntryEdit.Proposal) async throws -> Bool

  package init(
    note: CommitNote, propose: @escaping Propose,
    decide: @escaping @Sendable (EntryEdit.Proposal) async throws -> Bool
  ) {
    self.note = note
    self.propose = propose
    self.decide = decide
  }
}

/// Why a change of the desired files did not last; they are as they were.
package enum SourceEditProblem: Error, Sendable {
  /// They have mistakes already.
  case invalid([Diagnostic])
  /// They are not ours to write: this is what would have to be committed.
  case readOnly(patch: String)
  /// The disk or the repository refused.
  case failed(Diagnostic)
}

extension DesiredSource {
  package func edit(_ edit: SourceEdit) async throws { throw SourceEditProblem.readOnly(patch: "") }

  package func proposal(_ propose: @escaping SourceEdit.Propose) async throws -> EntryEdit.Proposal {
    throw SourceEditProblem.readOnly(patch: "")
  }

  /// What is proposed for these files.
  func proposal(
    _ propose: @escaping SourceEdit.Propose, _ loaded: LoadedDesired, directory: String, secrets: SecretSource
  ) async throws -> EntryEdit.Proposal {
    guard !loaded.diagnostics.hasErrors else { throw SourceEditProblem.invalid(loaded.diagnostics) }
    return try await BlockingPool.files.run {
      try propose(EntryEdit(loaded.state, directory: directory, secrets: secrets), loaded.state)
    }
  }
}

extension EntryEdit.Proposal {
  /// With file paths relative to a directory.
  func relative(to directory: String) -> EntryEdit.Proposal {
    var shown = self
    shown.loaded = loaded.relative(to: directory)
    return shown
  }
}
