import Platform

/// Looks at the repository that a folder is in, if it is in one.
package enum GitHistory {
  /// Seconds.
  private static let timeout = 5.0

  /// A commit of the repository; nil: it has none of this name.
  package static func commit(_ name: String, at directory: String) async -> GitCommit? {
    guard name.allSatisfy({ $0.isHexDigit || $0.isLetter }) else { return nil }
    let format = "--format=%H%n%an <%ae>%n%s"
    guard let text = await git(["show", "--no-patch", format, "\(name)^{commit}"], directory) else { return nil }
    let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    guard lines.count == 3 else { return nil }
    return GitCommit(hash: lines[0], author: lines[1], subject: lines[2])
  }

  /// The commit that a folder is at; nil: it is in no repository, or holds what is not committed.
  package static func current(of directory: String) async -> GitCommit? {
    guard await git(["status", "--porcelain", "--", "."], directory) == "" else { return nil }
    return await commit("HEAD", at: directory)
  }

  /// Commits these files, and nothing else; makes a repository where there is none. False: git refused.
  package static func commit(_ files: [String], _ subject: String) async -> Bool {
    if await git(["rev-parse", "--is-inside-work-tree"], ".") != "true" {
      guard await git(["init", "--quiet"], ".") != nil else { return false }
    }
    guard await git(["add", "--"] + files, ".") != nil else { return false }
    return await git(["commit", "--quiet", "--message", subject, "--"] + files, ".") != nil
  }

  /// nil: it failed.
  private static func git(_ command: [String], _ directory: String) async -> String? {
    var environment = ["GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"]
    for name in ["PATH", "HOME"] { environment[name] = CurrentProcess.environment(name) }
    let settings = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    let arguments = ["git", "-C", directory] + settings + command
    let outcome = try? await ChildProcess.run(arguments, environment: environment, timeout: timeout)
    return outcome?.isSuccess == true ? outcome?.text : nil
  }
}
