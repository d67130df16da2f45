import Configuration
import DesiredFiles
import Model
import NPMClient
import Planning
import Platform
import Reconciler
import Reports
import Store
import Upstream

/// What `doctor` found of one thing.
struct Finding: Sendable {
  enum State: String, Sendable {
    case ok, warning, failed
    /// What it depends on failed.
    case notTried = "not_tried"
  }

  var name: String
  var state: State
  var message: String
  var hints: [String] = []

  static func ok(_ name: String, _ message: String) -> Finding { Finding(name: name, state: .ok, message: message) }

  static func failed(_ name: String, _ message: String, _ hints: [String?]) -> Finding {
    Finding(name: name, state: .failed, message: message, hints: hints.compactMap(\.self))
  }

  static func failed(_ name: String, _ error: any DiagnosableError) -> Finding {
    failed(name, error.diagnostic.message, [error.diagnostic.hint])
  }

  static func warning(_ name: String, _ message: String, _ hint: String) -> Finding {
    Finding(name: name, state: .warning, message: message, hints: [hint])
  }

  static func notTried(_ name: String, _ message: String) -> Finding {
    Finding(name: name, state: .notTried, message: message)
  }
}

/// Looks at everything that a working `diff` needs, from the settings on. Nothing is changed, and nothing is called ok
/// that was not tried.
struct Doctor {
  let context: CommandContext
  private var settings: Settings { context.settings }

  func findings() async -> [Finding] {
    let server = await server()
    let account = await account(isThere: server.isFine)
    let loaded = context.loaded()
    var findings = [.ok("settings", settingsText)] + server.findings + account.findings
    findings += [desired(loaded), await store(), statusDirectory]
    findings += [await plan(loaded, isPossible: account.isFine && !loaded.diagnostics.hasErrors), daemon]
    return findings
  }

  private var settingsText: String {
    let file = context.invocation.arguments.value(CommonFlags.config) ?? SettingsLoader.standardFile
    return Files.exists(file) ? "\(file) is read" : "there is no \(file): variables, flags and defaults hold"
  }

  // MARK: NPM

  /// The address, without any password.
  private func server() async -> (findings: [Finding], isFine: Bool) {
    guard !settings.npmURL.isEmpty else {
      let found = await NPMFinder(transport: context.engine).first(of: NPMFinder.usual)
      let guess = found.map { "\($0.url) answers as NPM \($0.server.version): export NPM_URL=\($0.url)" }
      return ([.failed("address", missing("npm.url"), [guess] + ways("npm.url"))], false)
    }
    let finder = NPMFinder(transport: context.engine, caFile: settings.npmConfiguration.caFile)
    do throws(NPMError) {
      let info = try await finder.look(at: settings.npmURL)
      let version: Finding = .ok("address", "\(settings.npmURL) is NPM \(info.version)")
      guard info.isSetUp else { return ([version, .failed("set-up", NPMError.notSetUp("this NPM"))], false) }
      return ([version] + release(info.version), true)
    } catch {
      let other = await finder.first(of: NPMFinder.alternatives(to: settings.npmURL))
      let guess = other.map { "\($0.url) answers as NPM \($0.server.version): set npm.url to that" }
      return ([.failed("address", error.message, [guess ?? error.hint])], false)
    }
  }

  private func release(_ version: NPMVersion) -> [Finding] {
    guard !NPMVersion.observed.contains(version) else { return [] }
    let range = "\(NPMVersion.observed.lowerBound) to \(NPMVersion.observed.upperBound)"
    return [
      .warning(
        "release", "NPM \(version) is none of the releases that this one was tested with (\(range))",
        "look at the first 'reconciler diff' with care")
    ]
  }

  private func account(isThere: Bool) async -> (findings: [Finding], isFine: Bool) {
    let lacking = ["npm.identity", "npm.secret"].filter { setting in
      context.missingSettings.contains { $0.message.hasPrefix(setting) }
    }
    guard lacking.isEmpty else {
      return (lacking.map { .failed("account", missing($0), ways($0)) }, false)
    }
    guard isThere else { return ([.notTried("account", "not tried: NPM was not found")], false) }
    do {
      let account = try await context.gateway().account()
      return ([.ok("account", "\(account.email) can log in")] + Self.rights(account), account.lacking.isEmpty)
    } catch let error as NPMError {
      let hint = error.hint ?? "'reconciler init --create-account' makes an account of its own"
      return ([.failed("account", error.message, [hint])], false)
    } catch {
      return ([.failed("account", "\(error)", [])], false)
    }
  }

  static func rights(_ account: NPMAccount) -> [Finding] {
    let names = account.lacking.map { $0.replacing("_", with: " ") }.joined(separator: ", ")
    let place = "in NPM: Users, \(account.email), Edit Permissions"
    var findings: [Finding] = []
    if !account.lacking.isEmpty {
      findings.append(.failed("rights", "the account may not manage \(names)", ["set them to 'Manage' \(place)"]))
    }
    if !account.seesAll {
      findings.append(
        .failed(
          "rights", "the account sees only its own items, so that those of others would look absent",
          ["set 'Item Visibility' to 'All Items' \(place)"]))
    }
    if !findings.isEmpty { return findings }
    let kind = account.isAdministrator ? "an administrator, which reconciler does not need" : "the right of all kinds"
    return [.ok("rights", "it has \(account.isAdministrator ? "those of \(kind)" : kind)")]
  }

  private func missing(_ setting: String) -> String {
    context.missingSettings.first { $0.message.hasPrefix(setting) }?.message ?? "\(setting) is not set"
  }

  private func ways(_ setting: String) -> [String?] {
    [context.missingSettings.first { $0.message.hasPrefix(setting) }?.hint]
  }

  // MARK: This machine

  private func desired(_ loaded: LoadedDesired) -> Finding {
    let errors = loaded.diagnostics.filter { $0.severity == .error }
    guard let first = errors.first else {
      let count = Phrases.kinds(loaded.state.resources.map(\.key.kind))
      return .ok(
        "desired files", "\(settings.desired)/ has \(Phrases.count(loaded.state.fileCount, "file")) with \(count)")
    }
    let place = first.location.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
    let more = errors.count > 1 ? "; and \(Phrases.count(errors.count - 1, "more error")): 'reconciler validate'" : ""
    return .failed("desired files", "\(place)\(first.message)\(more)", [first.hint])
  }

  private func store() async -> Finding {
    guard Files.exists(settings.state) else {
      let place = Files.nearestExisting(settings.state)
      guard Files.isWritable(place) else {
        return .failed(
          "store", "\(settings.state) cannot be made: \(place) is not writable", ["name another with --state"])
      }
      return .ok("store", "\(settings.state) will be made by the first apply")
    }
    do {
      let stores = try context.stores(createsIt: false)
      let bound = try await stores.binding.boundNPM()
      let count = Phrases.count(try await stores.ledger.entries().count, "object")
      guard let bound, bound != settings.npmURL, !settings.npmURL.isEmpty else {
        return .ok("store", "\(settings.state) knows \(count) of ours")
      }
      return .failed("store", StoreError.otherNPM(bound: bound, now: settings.npmURL))
    } catch let error as StoreError {
      return .failed("store", error)
    } catch {
      return .failed("store", "\(error)", ["name another file with --state"])
    }
  }

  private var statusDirectory: Finding {
    let place = Files.nearestExisting(settings.status)
    guard Files.isWritable(place), Files.isDirectory(place) else {
      return .failed(
        "status files", "\(settings.status)/ cannot be written: look at \(place)",
        ["name another directory with --status"])
    }
    return .ok("status files", "\(settings.status)/ can be written")
  }

  private var daemon: Finding {
    let files = StatusFiles(directory: settings.status)
    guard let status = try? files.readStatus(), let daemon = status.daemon else {
      return .notTried("daemon", "none has written here: 'reconciler watch' is one")
    }
    let times = LocalTime()
    guard status.isAbandoned(at: times.now) else {
      return .ok(
        "daemon", "process \(daemon.process) on \(daemon.host) wrote \(times.distance(daemon.writtenAt.timestamp))")
    }
    return .failed(
      "daemon",
      "process \(daemon.process) on \(daemon.host) has written nothing since \(times.text(daemon.writtenAt.timestamp))",
      ["start 'reconciler watch' again, or remove \(settings.status)/ where there is to be none"])
  }

  // MARK: All together

  private func plan(_ loaded: LoadedDesired, isPossible: Bool) async -> Finding {
    guard isPossible else { return .notTried("diff", "not tried: what it needs is missing") }
    do {
      let planned = try await context.wholePlan(loaded.state)
      if let refusal = planned.refusals.first { return .failed("diff", refusal.message, [refusal.hint]) }
      let text = PlanText(planned: planned, settings: settings, console: context.invocation.console)
      let adoptable = planned.plan.adoptable.count
      let more = adoptable > 0 ? "; \(adoptable) can be taken over: reconciler adopt --all" : ""
      let blocked = planned.plan.changes.filter(\.isBlocked)
      if let reason = blocked.first?.blockReason, let name = blocked.first?.key.name {
        return .warning(
          "diff", "\(blocked.count) blocked, the first is \(name): \(reason.message)\(more)",
          reason.hint ?? "'reconciler diff' shows them")
      }
      return .ok("diff", text.summary + more)
    } catch let error as any DiagnosableError {
      return .failed("diff", error)
    } catch {
      return .failed("diff", "\(error)", [])
    }
  }
}
