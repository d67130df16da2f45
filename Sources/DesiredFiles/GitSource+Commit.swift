import Model
import Platform

/// A commit that was made of a change, and was not pushed.
package struct UnpushedCommit: Error, Sendable {
  /// For `git am`, or `git apply`.
  package var patch: String
}

/// The branch has moved: the change has to be made from what it has now.
package struct BranchMoved: Error, Sendable {}

extension GitSource {
  /// Commits a change on top of the newest commit, and pushes it where the settings say so; the checkout then is that commit.
  ///
  /// - Parameters:
  ///   - author: one line.
  ///   - message: one line.
  /// - Throws: `UnpushedCommit`, `BranchMoved`, and `SourceProblem`.
  package func commit(_ change: FileChange, author: String, message: String) async throws -> GitCommit {
    let base = try await git(["rev-parse", "--verify", Self.incoming])
    guard await acceptedHash == base else {
      throw SourceProblem.failed("the newest commit has mistakes: nothing is added to it")
    }
    let made = try await make(change, on: base, author: author, message: message)
    guard settings.pushes else {
      let patch = try await git(["format-patch", "--stdout", "--no-signature", "\(base)..\(made)"])
      throw UnpushedCommit(patch: patch + "\n")
    }
    let push = try await run(
      ["push", "--quiet", settings.url, "\(made):refs/heads/\(settings.branch)"], Self.timeout)
    guard push.isSuccess else {
      let words = String(decoding: push.errors, as: UTF8.self)
      if ["non-fast-forward", "fetch first", "cannot lock ref", "stale info"].contains(where: words.contains) {
        throw BranchMoved()
      }
      let error = Self.error(push).replacing(settings.url, with: settings.shownURL)
      throw SourceProblem.failed(push.timedOut ? "push took longer than \(Int(Self.timeout)) s" : error)
    }
    _ = try await git(["update-ref", Self.incoming, made])
    let commit = try await layOut(made)
    try await accept(commit)
    return commit
  }

  /// The checkout and its index stay as they are.
  private func make(
    _ change: FileChange, on base: String, author: String, message: String
  ) async throws -> String {
    let path = settings.path == "." ? change.path : "\(settings.path)/\(change.path)"
    let index = ["GIT_INDEX_FILE": "\(repository)/edit.index", "GIT_LITERAL_PATHSPECS": "1"]
    _ = try await git(["read-tree", base], index)
    let entry = try await git(["ls-files", "--stage", "--", path], index)
    guard entry.isEmpty || entry.hasPrefix("100") else {
      throw SourceProblem.failed("\(path) is a link in the repository: it is not written")
    }
    if let after = change.after {
      let blob = try await git(["hash-object", "-w", "--stdin"], input: after)
      let mode = entry.isEmpty ? "100644" : String(entry.prefix(6))
      _ = try await git(["update-index", "--add", "--cacheinfo", "\(mode),\(blob),\(path)"], index)
    } else {
      _ = try await git(["update-index", "--force-remove", "--", path], index)
    }
    let tree = try await git(["write-tree"], index)
    let mail = "reconciler@localhost"
    let people = [
      "GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": mail, "GIT_COMMITTER_NAME": "reconciler",
      "GIT_COMMITTER_EMAIL": mail,
    ]
    return try await git(["commit-tree", tree, "-p", base, "-F", "-"], input: Array("\(message)\n".utf8), people)
  }

  private func git(_ command: [String], _ variables: [String: String]) async throws -> String {
    try await git(command, Self.timeout, input: [], variables)
  }

  private func git(_ command: [String], input: [UInt8], _ variables: [String: String] = [:]) async throws -> String {
    try await git(command, Self.timeout, input: input, variables)
  }
}
