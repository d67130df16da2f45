import Configuration
import Daemon
import Reports
import Curl
import DesiredFiles
import Metrics
import Model
import NPMClient
import Planning
import Platform
import Probe
import Reconciler
import Store
import Upstream

/// Builds the dependencies of commands: the one place where the modules are put together.
struct CommandContext: Sendable {
  let settings: Settings
  let invocation: Invocation
  /// Identifies this run in every call, event and log line.
  let correlation: String
  let engine = CurlEngine()
  /// Of a daemon; others ask for none of it.
  let meters = MeterRegistry()

  init(_ invocation: Invocation) throws { self.init(invocation, try Self.load(invocation)) }

  init(_ invocation: Invocation, _ settings: Settings) {
    self.invocation = invocation
    self.settings = settings
    correlation = invocation.console.correlation
  }

  static func load(_ invocation: Invocation) throws -> Settings {
    let arguments = invocation.arguments
    _ = try arguments.integer(ApplyFlags.maxDeletes)
    for flag in [ApplyFlags.maxDeletePercent, ApplyFlags.maxUpdatePercent] {
      guard let number = try arguments.integer(flag), number > 100 else { continue }
      throw UsageError(message: "--\(flag.name) takes 0 to 100, not \(number)")
    }
    let inputs = SettingsReader.Inputs(
      flag: { name in arguments.values[name]?.last.map { ($0, arguments.fromEnvironment[name]) } },
      environment: { CurrentProcess.environment($0) })
    do {
      let (settings, warnings) = try SettingsLoader.load(
        file: arguments.value(CommonFlags.config), inputs, allowsDeletes: arguments.has(ApplyFlags.allowDeletes))
      for warning in warnings { invocation.console.warn(warning) }
      return settings
    } catch let error as SettingsError {
      throw failure(error.diagnostics, invocation.console)
    }
  }

  private static func failure(_ diagnostics: [Diagnostic], _ console: Console) -> CommandFailure {
    // All of them are shown here; JSON output includes them itself. The lines of the file are never shown: they may
    // contain the password.
    guard console.format != .json, diagnostics.contains(where: { $0.location != nil }) else {
      return CommandFailure(.invalid, diagnostics)
    }
    Console().show(diagnostics)
    return CommandFailure(.invalid, [])
  }

  /// The status files cover everything: a run with a selection does not write them.
  var writesStatus: Bool { !invocation.arguments.has(CommonFlags.select) && names.isEmpty }

  /// The resources that the command line names.
  private var names: Set<String> {
    let isAboutNames = invocation.command.arguments.last?.name == ArgumentDefinition.names.name
    return isAboutNames ? Set(invocation.arguments.positional) : []
  }

  var prober: Prober { Prober(settings: settings.probe, engine: engine) }

  /// The file of --out must be writable, and must not become part of the desired state.
  func checkOutput() throws {
    if let file = invocation.console.outFile, Files.lies(file, below: settings.desired) {
      throw UsageError(
        message: "--out \(file) lies in \(settings.desired)/, where it would replace or become desired state",
        hint: "name a file elsewhere")
    }
    try invocation.console.checkOutput()
  }

  /// The desired files with all their diagnostics.
  func loaded() -> LoadedDesired { DesiredLoader.load(settings.desired, secrets: settings.secrets) }

  /// The desired files, without errors.
  ///
  /// - Throws: `CommandFailure`, which carries their diagnostics, or none after they were printed.
  func loadDesired(exitWhenEmpty: ExitCode) throws -> LoadedDesired {
    try checked(loaded(), exitWhenEmpty: exitWhenEmpty)
  }

  /// The same files, when they have no errors.
  ///
  /// - Throws: as `loadDesired`.
  func checked(
    _ loaded: LoadedDesired, exitWhenEmpty: ExitCode, showsWarnings: Bool = true
  ) throws -> LoadedDesired {
    guard loaded.diagnostics.hasErrors else {
      if showsWarnings { for warning in loaded.diagnostics { show(warning, loaded) } }
      try checkSelection(loaded)
      return loaded
    }
    let isEmpty = loaded.diagnostics.contains { $0.code == .desiredEmpty }
    let exit = isEmpty ? exitWhenEmpty : .invalid
    guard invocation.console.format == .text else { throw CommandFailure(exit, loaded.diagnostics) }
    invocation.console.remark(ValidationText.text(loaded, [], invocation.console))
    throw CommandFailure(exit, [])
  }

  private func show(_ warning: Diagnostic, _ loaded: LoadedDesired) {
    guard !invocation.console.isQuiet, invocation.console.format != .json else { return }
    invocation.console.show([warning], texts: loaded.texts)
  }

  /// A label that matches nothing is a typing error, not a request to do nothing.
  private func checkSelection(_ loaded: LoadedDesired) throws {
    let labels = try selection().labels
    guard !labels.isEmpty, !loaded.state.resources.contains(where: { $0.carries(labels) }) else { return }
    let wanted = labels.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ", ")
    throw CommandFailure(
      .invalid,
      [Diagnostic(.emptySelection, "no resource carries \(wanted)", hint: "labels stand below 'labels:' in the YAML")])
  }

  /// A name that nothing has is a typing error, too. What is gone from the files is known by the store.
  private func checkNames(_ desired: DesiredState, _ stores: StoreSet) async throws {
    let names = names
    guard !names.isEmpty else { return }
    let keys = Set(desired.resources.map(\.key)).union(try await stores.ledger.entries().map(\.key))
    for name in names.sorted() { _ = try ResourceNameArgument.key(name, among: Array(keys)) }
  }

  /// - Parameter also: a flag that means the same as `--select`.
  func selection(_ also: FlagDefinition? = nil) throws -> ResourceSelection {
    var labels: [String: String] = [:]
    for flag in [CommonFlags.select, also].compactMap(\.self) {
      for text in invocation.arguments.all(flag) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw UsageError(message: "--\(flag.name) takes KEY=VALUE, not '\(text)'") }
        labels[parts[0]] = parts[1]
      }
    }
    return ResourceSelection(labels: labels, names: names)
  }

  func reconcileOptions() throws -> ReconcileOptions {
    var planned = ReconcileOptions(
      npmURL: settings.npmURL, owner: settings.owner, policy: settings.policy, limits: settings.limits)
    planned.trustsMarkers = invocation.arguments.has(ApplyFlags.rebuildLedger)
    planned.rebindsStore = invocation.arguments.has(ApplyFlags.rebindState)
    planned.allowsSelfLockout = invocation.arguments.has(ApplyFlags.allowSelfLockout)
    planned.selection = try selection()
    planned.probes = !invocation.arguments.has(ApplyFlags.noProbe)
    planned.historySeconds = settings.historySeconds
    planned.eventRetention = settings.eventRetention
    planned.defaultCertificate = settings.defaultCertificate
    planned.letsEncryptEmail = settings.letsEncryptEmail
    planned.certificateDays = settings.certificateDays
    planned.dataPlane = settings.daemon.health.dataPlane
    planned.usesReloadWitness = settings.usesReloadWitness
    planned.correlation = correlation
    return planned
  }

  /// What has to be set before NPM can be asked, all of it, with the ways to do so.
  var missingSettings: [Diagnostic] {
    let needed = [
      (settings.npmURL, "npm.url", "NPM's address", "export NPM_URL=http://npm.lan:81, or give --npm-url"),
      (settings.npmIdentity, "npm.identity", "the e-mail address of an account in NPM", "export NPM_IDENTITY"),
      (
        settings.npmSecret.reveal(), "npm.secret", "the password of that account",
        "export NPM_SECRET, or NPM_SECRET_FILE with the name of a file that holds it"
      ),
    ]
    return needed.filter(\.0.isEmpty).map { _, setting, meaning, way in
      Diagnostic(
        .settingsMissing, "\(setting) is not set: \(meaning)",
        hint: "\(way), or write it into reconciler.yaml"
          + (setting == "npm.url" ? "; 'reconciler init' asks for all of it" : ""))
    }
  }

  func gateway() throws -> RESTGateway {
    let missing = missingSettings
    guard missing.isEmpty else { throw CommandFailure(.invalid, missing) }
    let tokenFile = TokenFile(
      path: "\(Files.parent(of: settings.state))/token.json", url: settings.npmURL, identity: settings.npmIdentity)
    let credentials = NPMCredentials(identity: settings.npmIdentity, secret: settings.npmSecret)
    return gateway(settings.npmURL, credentials, cache: tokenFile)
  }

  /// To an NPM, with an account, that need not be those of the settings.
  func gateway(_ url: String, _ credentials: NPMCredentials, cache: any TokenCache = NoTokenCache()) -> RESTGateway {
    var dependencies = UpstreamClient.Dependencies()
    let console = invocation.console
    dependencies.observe = { [meters] call in
      console.info(CallLog.line(call), call: call.callID)
      meters.note(call, of: "npm")
    }
    let upstream = UpstreamClient(
      baseURL: url, configuration: settings.npmConfiguration, transport: engine, correlation: correlation,
      dependencies: dependencies)
    meters.watch(upstream, named: "npm")
    return RESTGateway(upstream: upstream, credentials: credentials, cache: cache)
  }

  /// The store. A read-only command never creates one.
  func stores(createsIt: Bool) throws -> StoreSet {
    if !createsIt && !Files.exists(settings.state) { return StoreSet(MemoryStore()) }
    return StoreSet(try SQLiteStore(path: settings.state))
  }

  /// Appends to the event log, if there is a writable one.
  func append(_ events: [Event]) async {
    do {
      guard Files.exists(settings.state) else { return }
      try await stores(createsIt: false).events.append(events, at: .now)
    } catch {
      invocation.console.info("the event could not be stored: \(error)")
    }
  }

  /// - Parameter result: nil: nothing was applied.
  func writeStatus(_ planned: PlanResult, _ result: ApplyResult?, to files: StatusFiles) throws {
    let summary = ReconcileSummary(planned, result)
    let document = StatusDocument(planned, result, summary, try reconcileOptions(), at: .now)
    try files.write(document.keepingTimes(of: try? files.read()))
  }

  /// Updates the status files. They are informational: a failure is a warning.
  func keepStatus(_ body: (StatusFiles) throws -> Void) {
    do {
      try body(StatusFiles(directory: settings.status))
    } catch {
      invocation.console.warn(Diagnostic(.statusWrite, "\(error)", hint: "NPM and the store are not affected"))
    }
  }

  /// The common part of diff and apply: everything before the first effect.
  func plan(
    _ desired: DesiredState, _ reconcileOptions: ReconcileOptions, _ stores: StoreSet
  ) async throws -> (run: Reconciliation, planned: PlanResult) {
    try await checkNames(desired, stores)
    let run = Reconciliation(gateway: try gateway(), stores: stores, prober: prober, settings: reconcileOptions)
    let start = ContinuousClock.now
    let activity = ActivityLine(invocation.console)
    let bar = progress("checking destinations")
    let planned = try await activity.during("asking NPM at \(settings.npmURL)") {
      try await run.plan(desired) { done, total in
        activity.end()
        bar(done, total)
      }
    }
    invocation.console.describe(planned, since: start)
    for warning in planned.warnings { invocation.console.warn(warning) }
    return (run, planned)
  }

  func progress(_ what: String) -> @Sendable (Int, Int) -> Void {
    let bar = ProgressBar(what, isShown: !invocation.console.isQuiet)
    return { bar.update($0, of: $1) }
  }
}

extension Console {
  /// With `-v`: the inputs of the plan.
  func describe(_ planned: PlanResult, since start: ContinuousClock.Instant) {
    let spent = Int(((ContinuousClock.now - start) / .milliseconds(1)).rounded())
    info(
      "read \(Phrases.count(planned.desired.fileCount, "file")) with \(Phrases.count(planned.desired.resources.count, "resource"))"
    )
    info(
      "NPM \(planned.observed.version) lists \(Phrases.count(planned.observedCount, "host")), the store knows \(planned.ledger.count)"
    )
    info(
      "checked \(Phrases.count(planned.probes.values.joined().count, "destination")); plan \(planned.plan.digest) after \(spent) ms"
    )
  }
}
