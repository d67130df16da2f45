import FoundationEssentials
package import Model
import Platform

/// Where desired files come from that live in a repository.
package struct GitSettings: Sendable {
  package var url: String
  package var branch = "main"
  /// The directory of the desired files in it.
  package var path = "."
  /// Seconds between fetches.
  package var interval = 60.0
  /// A file with a private key.
  package var sshKey: String?
  /// For https.
  package var token: Secret?
  /// Whether a branch may go back or elsewhere.
  package var allowsForcePush = false

  package init(url: String) { self.url = url }

  /// The address without what may be a password.
  package var shownURL: String {
    guard let scheme = url.firstRange(of: "://"), let at = url[scheme.upperBound...].firstIndex(of: "@") else {
      return url
    }
    return String(url[..<scheme.upperBound] + url[url.index(after: at)...])
  }
}

extension LoadedDesired {
  /// With the places of files as they are called in their repository, not on this machine.
  package func relative(to directory: String) -> LoadedDesired {
    func bare(_ text: String) -> String { text.replacing("\(directory)/", with: "") }
    var loaded = self
    for index in loaded.state.resources.indices {
      loaded.state.resources[index].source.file = bare(loaded.state.resources[index].source.file)
      for name in loaded.state.resources[index].fieldSources.keys {
        let file = loaded.state.resources[index].fieldSources[name]?.location.file ?? ""
        loaded.state.resources[index].fieldSources[name]?.location.file = bare(file)
      }
    }
    for index in loaded.diagnostics.indices {
      loaded.diagnostics[index].message = bare(loaded.diagnostics[index].message)
      if let file = loaded.diagnostics[index].location?.file {
        loaded.diagnostics[index].location?.file = bare(file)
      }
    }
    return loaded
  }
}

/// A commit, as people know it.
package struct GitCommit: Hashable, Sendable {
  package var hash: String
  package var author: String
  package var subject: String

  package var short: String { String(hash.prefix(10)) }
}

/// Why the repository does not give its desired files.
package enum GitProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// git's own complaint.
  case failed(String)
  /// The branch no longer contains the commit that is in force.
  case forced(from: String, to: String)

  package var isForced: Bool { if case .forced = self { true } else { false } }

  package var description: String {
    switch self {
    case .failed(let words): "git: \(words)"
    case .forced(let from, let to):
      "the branch was forced from \(from.prefix(10)) to \(to.prefix(10)), which does not descend from it"
    }
  }
}

/// Desired files in a git repository: fetched by running `git`, and laid out in a directory of ours. The commit that is in
/// force is a ref in our own repository, so that a restart knows it.
package actor GitSource {
  private let settings: GitSettings
  private let repository: String
  /// Where files are laid out.
  package nonisolated let tree: String

  /// The last commit whose files were right, and the newest that was fetched.
  private static let accepted = "refs/reconciler/accepted"
  private static let incoming = "refs/reconciler/incoming"
  /// Seconds for a call over the network, and for one that is not.
  private static let fetchPatience = 120.0
  private static let patience = 60.0

  /// - Parameter directory: ours alone; made where it is missing.
  package init(_ settings: GitSettings, directory: String) {
    self.settings = settings
    repository = "\(directory)/repository.git"
    tree = "\(directory)/tree"
  }

  /// Where the desired files of the commit are that was laid out last.
  package nonisolated var desired: String { settings.path == "." ? tree : "\(tree)/\(settings.path)" }

  /// Fetches the branch, and lays its files out. Throws `GitProblem`, with the files as they were.
  package func fetch() async throws -> GitCommit {
    try await prepare()
    let branch = "+refs/heads/\(settings.branch):\(Self.incoming)"
    _ = try await git(
      ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", settings.url, branch], Self.fetchPatience)
    let new = try await git(["rev-parse", "--verify", Self.incoming])
    if let old = await acceptedHash, old != new, !settings.allowsForcePush {
      let isDescendant = try await run(["merge-base", "--is-ancestor", old, new], Self.patience).isSuccess
      if !isDescendant { throw GitProblem.forced(from: old, to: new) }
    }
    return try await layOut(new)
  }

  /// The files of the commit that was laid out last are right: it is in force from now on.
  package func accept(_ commit: GitCommit) async throws {
    _ = try await git(["update-ref", Self.accepted, commit.hash])
  }

  /// Lays out the commit that is in force; nil: there is none yet.
  package func goBack() async throws -> GitCommit? {
    try await prepare()
    guard let hash = await acceptedHash else { return nil }
    return try await layOut(hash)
  }

  private var acceptedHash: String? {
    get async { try? await git(["rev-parse", "--verify", "--quiet", Self.accepted]) }
  }

  private func prepare() async throws {
    do {
      try Files.createDirectory(tree, mode: 0o700)
      if Files.exists("\(repository)/HEAD") { return }
      _ = try await git(["init", "--quiet", "--bare", repository], bare: true)
    } catch let error as FileError {
      throw GitProblem.failed("\(error)")
    }
  }

  private func layOut(_ hash: String) async throws -> GitCommit {
    _ = try await git(["--work-tree=\(tree)", "read-tree", "--reset", "-u", hash])
    let text = try await git(["show", "--no-patch", "--format=%an <%ae>%n%s", hash])
    let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    return GitCommit(hash: hash, author: lines[0], subject: lines.count > 1 ? lines[1] : "")
  }

  /// What git prints. Throws `GitProblem`.
  private func git(_ words: [String], _ patience: Double = GitSource.patience, bare: Bool = false) async throws
    -> String
  {
    let outcome = try await run(words, patience, bare: bare)
    if outcome.wasLate { throw GitProblem.failed("\(words[0]) took longer than \(Int(patience)) s") }
    guard outcome.isSuccess else {
      let complaint = outcome.complaint.replacing(settings.url, with: settings.shownURL)
      throw GitProblem.failed(complaint.isEmpty ? "\(words[0]) ended with \(outcome.exit)" : complaint)
    }
    return outcome.text
  }

  private func run(_ words: [String], _ patience: Double, bare: Bool = false) async throws -> ChildProcess.Outcome {
    // A repository of others decides nothing here: no hooks, no links, no transports but the usual ones.
    var arguments = ["git"]
    for setting in [
      "core.hooksPath=/dev/null", "core.symlinks=false", "core.fsmonitor=false", "protocol.ext.allow=never",
      "gc.auto=200", "advice.detachedHead=false",
    ] { arguments += ["-c", setting] }
    if !bare { arguments.append("--git-dir=\(repository)") }
    do {
      return try await ChildProcess.run(arguments + words, environment: environment, timeout: patience)
    } catch let error as FileError {
      throw GitProblem.failed("\(error)")
    }
  }

  /// Keys travel in the environment of git alone: never in arguments, which everybody on the machine sees.
  private var environment: [String: String] {
    var variables = ["GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1"]
    for name in ["PATH", "HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "https_proxy", "http_proxy", "no_proxy"] {
      variables[name] = Process.environment(name)
    }
    let key = settings.sshKey.map { " -o IdentitiesOnly=yes -i '\($0.replacing("'", with: "'\\''"))'" } ?? ""
    variables["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new\(key)"
    if let token = settings.token {
      let login = Data("x-access-token:\(token.reveal())".utf8).base64EncodedString()
      variables["GIT_CONFIG_COUNT"] = "1"
      variables["GIT_CONFIG_KEY_0"] = "http.extraHeader"
      variables["GIT_CONFIG_VALUE_0"] = "Authorization: Basic \(login)"
    }
    return variables
  }
}
