import Configuration
import Daemon
import Reports
import Curl
import DesiredFiles
import Model
import NPMClient
import Planning
import Platform
import Probe
import Reconciler
import Store
import Upstream

/// What commands look at that change nothing.
extension CommandContext {
  /// What there is to do at all, for a look, as diff finds it.
  func wholePlan(_ desired: DesiredState) async throws -> PlanResult {
    var options = try reconcileOptions()
    options.selection = ResourceSelection()
    let stores = try stores(createsIt: false)
    let run = Reconciliation(gateway: try gateway(), stores: stores, prober: prober, settings: options)
    return try await ActivityLine(invocation.console).during("asking NPM at \(settings.npmURL)") {
      try await run.plan(desired)
    }
  }

  /// Everything that the files want and that NPM has. Without desired files, what NPM has.
  func inventory() async throws -> Inventory {
    let loaded = loaded()
    let desired =
      loaded.hasNoFiles
      ? DesiredState() : try checked(loaded, exitWhenEmpty: .invalid, showsWarnings: false).state
    // What a daemon found that is gone is not known any more.
    let health = (try? StatusFiles(directory: settings.status).read())?.aged(at: .now).health
    return Inventory(try await wholePlan(desired), health)
  }

  /// Whether an object is left alone now: by a command, a window, or its file.
  func suspension(of item: Inventory.Item) async throws -> Suspension? {
    let run = Reconciliation(
      gateway: try gateway(), stores: try stores(createsIt: false), prober: prober, settings: try reconcileOptions())
    let written = item.resource?.suspension.flatMap { $0.holds(on: Timestamp.now.day) ? $0 : nil }
    return try await run.activeSuspensions().covering(ResourceKey(item.report.kind, item.report.name)) ?? written
  }
}
