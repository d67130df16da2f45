import FoundationEssentials
package import Model
import Platform

/// The repository of the desired files.
package struct GitSettings: Sendable {
  package var url: String
  package var branch = "main"
  /// The directory of the desired files in the repository.
  package var path = "desired"
  /// Seconds between fetches.
  package var interval = 60.0
  /// A file with a private key.
  package var sshKey: String?
  /// The access token for https.
  package var token: Secret?
  /// Whether a branch may be force-pushed.
  package var allowsForcePush = false
  /// Whether what is written through the API is pushed to the branch.
  package var pushes = false

  /// The user part that the address had, with a password or a token: it goes to git by its environment.
  private(set) var login: Secret?

  /// - Parameter url: as git takes it; the user part of an http address is taken out of it.
  package init(url: String) {
    self.url = url
    guard let scheme = url.firstRange(of: "://"), ["http", "https"].contains(url[..<scheme.lowerBound].lowercased())
    else { return }
    let authority = url[scheme.upperBound...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return }
    let user = String(authority[..<at])
    login = Secret(Self.decoded(user) + (user.contains(":") ? "" : ":"))
    self.url = String(url[..<scheme.upperBound] + url[url.index(after: at)...])
  }

  /// Percent-encoding resolved.
  private static func decoded(_ text: String) -> String {
    let parts = text.split(separator: "%", omittingEmptySubsequences: false)
    let rest = parts.dropFirst().flatMap { part -> [UInt8] in
      guard part.utf8.count >= 2, let byte = UInt8(part.prefix(2), radix: 16) else { return Array("%\(part)".utf8) }
      return [byte] + Array(part.dropFirst(2).utf8)
    }
    return String(decoding: Array(parts[0].utf8) + rest, as: UTF8.self)
  }

  /// The address without parts that may be secret: no user, no query.
  package var shownURL: String {
    let bare = url.prefix { $0 != "?" && $0 != "#" }
    guard let scheme = bare.firstRange(of: "://") else { return String(bare) }
    let authority = bare[scheme.upperBound...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return String(bare) }
    return String(bare[..<scheme.upperBound] + bare[bare.index(after: at)...])
  }

  /// Whether the address itself contains a password: every local user could read it in git's arguments.
  package var holdsPassword: Bool {
    guard let scheme = url.firstRange(of: "://") else { return false }
    let authority = url[scheme.upperBound...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return url.contains("?") }
    return authority[..<at].contains(":") || url.contains("?")
  }
}

extension LoadedDesired {
  /// With file paths relative to the repository instead of this machine's.
  package func relative(to directory: String) -> LoadedDesired {
    func bare(_ text: String) -> String { text.replacing("\(directory)/", with: "") }
    var loaded = self
    for index in loaded.state.resources.indices {
      let resource = loaded.state.resources[index]
      var source = resource.source
      source.file = bare(source.file)
      let fields = resource.fieldSources.mapValues { place in
        var place = place
        place.location.file = bare(place.location.file)
        return place
      }
      loaded.state.resources[index] = resource.with(source: source, fieldSources: fields)
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

extension ChildProcess.Outcome {
  /// Whether git complains of its own files rather than of the remote repository.
  fileprivate var mentionsObjects: Bool {
    let text = String(decoding: errors, as: UTF8.self).lowercased()
    return ["object", "corrupt", "packfile", "bad tree"].contains(where: text.contains)
  }
}

/// A commit for display.
package struct GitCommit: Hashable, Sendable {
  package var hash: String
  package var author: String
  package var subject: String

  package var short: String { String(hash.prefix(10)) }
}

/// The reason why the repository gives no desired files.
/// Why nothing newer could be had.
package enum SourceProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// git's own error message.
  case failed(String)
  /// The disk with the files did not answer for so many seconds.
  case silent(seconds: Double)
  /// The branch no longer contains the accepted commit.
  case forced(from: String, to: String)

  package var isForced: Bool { if case .forced = self { true } else { false } }

  package var description: String {
    switch self {
    case .failed(let message): "git: \(message)"
    case .silent(let seconds): "the desired files could not be read within \(Int(seconds)) s"
    case .forced(let from, let to):
      "the branch was forced from \(from.prefix(10)) to \(to.prefix(10)), which does not descend from it"
    }
  }
}

/// Desired files in a git repository: fetched by running `git` and checked out into a directory of its own. The
/// accepted commit is a ref in the local repository, so that it survives a restart.
package actor GitSource {
  let settings: GitSettings
  let repository: String
  /// The directory of the checkout.
  package nonisolated let tree: String

  /// The refs of the last commit with valid files, and of the newest fetched commit.
  private var accepted: String { "refs/reconciler/accepted/\(settings.branch)/head" }
  static let incoming = "refs/reconciler/incoming"
  private var isPrepared = false
  /// A command that needs no network failed: the repository may be damaged.
  private var isSuspect = false
  /// As in the ref, for a repository that is made again.
  private var lastAccepted: String?
  /// Timeouts in seconds: for network calls, and for local ones.
  private static let fetchPatience = 300.0
  static let timeout = 60.0

  /// - Parameter directory: used by this instance only; created if missing.
  package init(_ settings: GitSettings, directory: String) {
    self.settings = settings
    repository = "\(directory)/repository.git"
    tree = "\(directory)/tree"
  }

  /// The directory of the desired files in the current checkout.
  package nonisolated var desired: String { settings.path == "." ? tree : "\(tree)/\(settings.path)" }

  /// Fetches the branch and checks its files out.
  ///
  /// - Throws: `SourceProblem`; the files then stay unchanged.
  package func fetch() async throws -> GitCommit {
    try await prepare()
    let branch = "+refs/heads/\(settings.branch):\(Self.incoming)"
    _ = try await git(
      ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", settings.url, branch], Self.fetchPatience)
    let new = try await git(["rev-parse", "--verify", Self.incoming])
    if let old = await acceptedHash, old != new, !settings.allowsForcePush {
      let isDescendant = try await run(["merge-base", "--is-ancestor", old, new], Self.timeout).isSuccess
      if !isDescendant { throw SourceProblem.forced(from: old, to: new) }
    }
    return try await layOut(new)
  }

  /// Marks the checked-out commit as accepted: its files are valid.
  package func accept(_ commit: GitCommit) async throws {
    _ = try await git(["update-ref", accepted, commit.hash])
    lastAccepted = commit.hash
  }

  /// Checks out the accepted commit; nil: none yet.
  package func goBack() async throws -> GitCommit? {
    try await prepare()
    guard let hash = await acceptedHash else { return nil }
    return try await layOut(hash)
  }

  var acceptedHash: String? {
    get async {
      let outcome = try? await run(["rev-parse", "--verify", "--quiet", accepted], Self.timeout)
      return outcome.flatMap { $0.isSuccess ? $0.text : nil } ?? lastAccepted
    }
  }

  /// Creates the repository, or repairs it after a kill: any lock file left in it is orphaned, because only one daemon
  /// works here.
  private func prepare() async throws {
    if isPrepared { return }
    do {
      try Files.createDirectory(tree, mode: 0o700)
      if Files.exists(repository) {
        for file in try Files.below(repository).files where file.hasSuffix(".lock") || file.contains("/tmp_") {
          try Files.remove(file)
        }
        if try await !isSound { try Files.removeTree(repository) }
      }
      if !Files.exists("\(repository)/HEAD") {
        _ = try await git(["init", "--quiet", "--bare", repository], bare: true)
      }
      (isPrepared, isSuspect) = (true, false)
    } catch let error as FileError {
      throw SourceProblem.failed("\(error)")
    }
  }

  private var isSound: Bool {
    get async throws {
      guard try await run(["rev-parse", "--verify", "--quiet", "HEAD^{}"], Self.timeout).exit <= 1 else { return false }
      guard isSuspect else { return true }
      return try await run(["fsck", "--connectivity-only", "--no-dangling"], Self.timeout).isSuccess
    }
  }

  func layOut(_ hash: String) async throws -> GitCommit {
    _ = try await git(["--work-tree=\(tree)", "read-tree", "--reset", "-u", hash])
    let text = try await git(["show", "--no-patch", "--format=%an <%ae>%n%s", hash])
    // A committer controls this text, and it is shown on terminals.
    let plain = String(
      String.UnicodeScalarView(text.unicodeScalars.filter { $0 == "\n" || $0.properties.generalCategory != .control }))
    let lines = plain.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    return GitCommit(hash: hash, author: lines[0], subject: lines.count > 1 ? lines[1] : "")
  }

  /// The output of git.
  ///
  /// - Throws: `SourceProblem`.
  func git(
    _ command: [String], _ timeout: Double = GitSource.timeout, bare: Bool = false, input: [UInt8] = [],
    _ variables: [String: String] = [:]
  ) async throws -> String {
    let outcome = try await run(command, timeout, bare: bare, input: input, variables)
    if !outcome.isSuccess {
      // Whatever was removed or damaged is made again with the next fetch.
      isPrepared = false
      isSuspect = isSuspect || command[0] != "fetch" || outcome.mentionsObjects
    }
    if outcome.timedOut { throw SourceProblem.failed("\(command[0]) took longer than \(Int(timeout)) s") }
    guard outcome.isSuccess else {
      let error = Self.error(outcome).replacing(settings.url, with: settings.shownURL)
      throw SourceProblem.failed(error.isEmpty ? "\(command[0]) ended with \(outcome.exit)" : error)
    }
    return outcome.text
  }

  /// git's error: its last lines are often only advice.
  static func error(_ outcome: ChildProcess.Outcome) -> String {
    let lines = String(decoding: outcome.errors, as: UTF8.self).split(whereSeparator: \.isNewline)
    let grave = lines.first { $0.hasPrefix("fatal:") || $0.hasPrefix("error:") }
    return (grave ?? lines.last).map(String.init) ?? ""
  }

  func run(
    _ command: [String], _ timeout: Double, bare: Bool = false, input: [UInt8] = [],
    _ variables: [String: String] = [:]
  ) async throws -> ChildProcess.Outcome {
    // The contents of the remote repository must not change our behaviour: no hooks, no links, only common transports.
    var arguments = ["git"]
    for setting in [
      "core.hooksPath=/dev/null", "core.symlinks=false", "core.fsmonitor=false", "protocol.ext.allow=never",
      "gc.auto=200", "advice.detachedHead=false",
    ] { arguments += ["-c", setting] }
    if !bare { arguments.append("--git-dir=\(repository)") }
    do {
      return try await ChildProcess.run(
        arguments + command, environment: environment.merging(variables) { $1 }, input: input, timeout: timeout)
    } catch let error as FileError {
      throw SourceProblem.failed("\(error)")
    }
  }

  /// Keys are passed only in git's environment: every local user can read arguments.
  private var environment: [String: String] {
    var variables = ["GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1"]
    for name in ["PATH", "HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "https_proxy", "http_proxy", "no_proxy"] {
      variables[name] = CurrentProcess.environment(name)
    }
    let key = settings.sshKey.map { " -o IdentitiesOnly=yes -i '\($0.replacing("'", with: "'\\''"))'" } ?? ""
    variables["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new\(key)"
    if let login = settings.token.map({ Secret("x-access-token:\($0.reveal())") }) ?? settings.login {
      let login = Data(login.reveal().utf8).base64EncodedString()
      variables["GIT_CONFIG_COUNT"] = "1"
      variables["GIT_CONFIG_KEY_0"] = "http.extraHeader"
      variables["GIT_CONFIG_VALUE_0"] = "Authorization: Basic \(login)"
    }
    return variables
  }
}
