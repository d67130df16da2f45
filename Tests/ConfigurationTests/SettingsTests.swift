import Planning
import Probe
import Upstream
import Model
import TestSupport
import Testing

@testable import Configuration

@Suite struct SettingsTests {
  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private func load(
    _ text: String, flags: [String: String] = [:], _ variables: [String: String] = [:]
  ) throws -> Settings {
    let path = try scratch.write("reconciler.yaml", text)
    let inputs = SettingsReader.Inputs(flag: { name in flags[name].map { ($0, nil) } }, environment: { variables[$0] })
    return try SettingsLoader.load(file: path, inputs).settings
  }

  private func origin(_ path: String, _ settings: Settings) -> SettingOrigin? {
    settings.inForce.first { $0.definition.path == path }?.origin
  }

  private func problems(_ text: String, _ variables: [String: String] = [:]) -> [String] {
    do {
      _ = try load(text, variables)
      return []
    } catch {
      return ((error as? SettingsError)?.diagnostics ?? []).map {
        "\($0.location.map { "\($0.line):\($0.column) " } ?? "")\($0.message)"
      }
    }
  }

  @Test func `a flag wins over a variable, that over the file, and the file over the default`() throws {
    let text = "status: from-file\nwatch: { interval: 2m }\n"
    let all = try load(text, flags: ["status": "from-flag"], ["RECONCILER_WATCH_INTERVAL": "3m"])
    #expect(all.status == "from-flag" && origin("status", all) == .flag("status"))
    #expect(all.daemon.interval == 180 && origin("watch.interval", all) == .variable("RECONCILER_WATCH_INTERVAL"))
    let file = try load(text)
    #expect(file.status == "from-file" && file.daemon.interval == 120)
    guard case .file(let place)? = origin("watch.interval", file) else {
      Issue.record("it stands in the file")
      return
    }
    #expect(place.line == 2 && place.column == 20)
    #expect(origin("health.interval", file) == .byDefault && file.daemon.health.interval == 300)
  }

  @Test func `every setting but lists has a variable, and each variable is its own`() {
    let variables = SettingCatalog.all.compactMap(\.variable)
    #expect(Set(variables).count == variables.count)
    #expect(
      SettingCatalog.all.filter { $0.variable == nil }.map(\.path) == [
        "secrets.allow", "watch.rollback", "watch.windows", "health.connectivity", "slo.by_label", "alerts.sinks",
        "alerts.rules", "api.tokens", "api.allowed_hosts", "api.allowed_destinations", "api.trusted_proxies",
      ])
  }

  @Test func `defaults of the catalogue are those of the program`() throws {
    let settings = try load("{}\n")
    #expect(settings.owner == "reconciler" && settings.limits.maxDeletes == 5 && settings.probe.concurrency == 64)
    #expect(settings.npmConfiguration.writeTimeout == 60 && settings.eventRetention.count == 100_000)
    #expect(settings.daemon.health.objective.availability == 0.995 && settings.daemon.maximumRestarts == 3)
  }

  @Test func `changes are undone by health only where that is set`() throws {
    for text in ["{}\n", "watch: { interval: 1m }\n"] { #expect(try load(text).daemon.rollback == nil) }
    let set = try load("watch: { rollback: { score_below: 50 } }\n").daemon.rollback
    #expect(set == RollbackConfiguration(unhealthyFor: 600, scoreBelow: 50))
    #expect(try load("watch: { rollback: { unhealthy_for: 5m } }\n").daemon.rollback?.unhealthyFor == 300)
  }

  @Test func `every mistake is shown at once, each at its place`() {
    let text = """
      watch:
        interval: 0s
        windows:
          - { cron: "61 * * * *", duration: 2h }
      alerts:
        sinks:
          - { name: ops, type: webhook, url: "ftp://x" }
      npm: { proxy: nonsense }
      """
    #expect(problems(text).map { $0.prefix { $0 != " " } } == ["2:13", "4:15", "7:40", "8:15"])
    #expect(problems("polcy: sync\n") == ["1:1 unknown key 'polcy' in the settings"])
  }

  @Test func `a variable obeys the rules of the file`() {
    #expect(problems("{}\n", ["RECONCILER_WATCH_INTERVAL": "soon"]).count == 1)
    #expect(problems("{}\n", ["RECONCILER_PROBE_CONCURRENCY": "0"]).count == 1)
    #expect(problems("{}\n", ["RECONCILER_WATCH_SELF_HEAL": "perhaps"]).count == 1)
    #expect(problems("{}\n", ["RECONCILER_HEALTH_INTERVAL": "0s"]).count == 1)
  }

  @Test func `a token of the API is a reference to a long one`() throws {
    func api(_ token: String) -> String {
      "api: { listen: 127.0.0.1:0, tokens: [ { name: ci, role: write, token: \"\(token)\" } ] }\n"
    }
    let long = String(repeating: "k", count: 20)
    let read = try load(api("${env:T}"), ["T": long]).api?.tokens ?? []
    #expect(read.map(\.name) == ["ci"] && read[0].role == .write && read[0].secret.reveal() == long)
    for (token, value) in [
      (long, ""), ("${env:T}", ""), ("${env:T}", "short"), ("${env:T}", long + " "), ("x${env:T}", long),
      ("${env:T}${env:T}", long), ("${file:/no/such/file}", ""),
    ] {
      let found = problems(api(token), ["T": value])
      #expect(found.count == 1 && !found[0].contains(long), "\(token): \(found)")
    }
    let twice = "api: { tokens: [ { name: a, token: \"${env:T}\" }, { name: a, token: \"${env:T}\" } ] }\n"
    #expect(problems(twice, ["T": long]).count == 1)
    #expect(problems("api: { tokens: [ { name: \"a b\", token: \"${env:T}\" } ] }\n", ["T": long]).count == 1)
  }

  @Test func `secrets are never shown`() throws {
    let text = """
      npm: { secret: "${env:PASSWORD}" }
      alerts: { sinks: [ { name: ops, type: webhook, url: "https://hook.test/s3cret", token: t0ken } ] }
      """
    let settings = try load(text, ["PASSWORD": "s3cret"])
    #expect(settings.npmSecret.reveal() == "s3cret")
    let shown = settings.inForce.map { JSONOutput.line($0.shown) }.joined()
    #expect(!shown.contains("s3cret") && !shown.contains("t0ken") && shown.contains("***"))
  }
}
