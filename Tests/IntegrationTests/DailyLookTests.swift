import Foundation
import Model
import Platform
import TestSupport
import Testing

/// What people look at each day: the real binary.
@Suite struct DailyLookTests {
  /// One host of ours, one that was made by hand, one of another owner, one that is only wanted.
  private func busyPlace(_ npm: SimulatedNPM) async throws -> Workplace {
    let place = try Workplace(npm)
    try place.desire("app", "app.test", "labels: { team: media }\n    validate: off")
    try await place.run("apply", "--yes", exits: 0)
    let body: JSONValue = [
      "domain_names": ["hand.test"], "forward_scheme": "http", "forward_host": "10.0.0.9", "forward_port": 9000,
    ]
    _ = try await npm.asAdmin("POST", "/api/nginx/proxy-hosts", body)
    let other = try Workplace(npm)
    try other.scratch.write("reconciler.yaml", "owner: neighbour\n")
    try other.desire("theirs", "theirs.test")
    try await other.run("apply", "--yes", exits: 0)
    try place.desire("cam", "hand.test", port: 554)
    return place
  }

  @Test func `list has everything once, with whose it is and how it stands`() async throws {
    try await withSimulator { npm in
      let place = try await busyPlace(npm)
      let objects = try await place.run("list", "-o", "json").json["objects"].arrayValue ?? []
      let states = objects.map { [$0["name"], $0["managed"], $0["sync"]] }
      #expect(
        states == [
          ["app", "ours", "in_sync"], ["cam", "missing", "blocked"], ["hand.test", "unmanaged", "none"],
          ["theirs.test", "other", "none"],
        ])
      #expect(objects[3]["owner"] == "neighbour" && objects[0]["labels"] == ["team": "media"])
      func names(_ arguments: String...) async throws -> [JSONValue] {
        try await place.run(["list", "-o", "json"] + arguments).json["objects"].arrayValue?.map { $0["name"] } ?? []
      }
      #expect(try await names("--state", "blocked") == ["cam"])
      #expect(try await names("--label", "team=media") == ["app"])
      #expect(try await names("hand", "9000") == ["hand.test"])
      #expect(try await names("--kind", "access_list") == [])
      let csv = try await place.run("list", "-o", "csv", "--state", "ours").output
      #expect(csv.hasPrefix("kind,name,id,") && csv.contains("proxy_host,app,1,ours,reconciler,app.test,"))
      #expect(try await place.run("list", "--state", "nonsense").exit == 64)
    }
  }

  @Test func `a cell of a spreadsheet is no formula`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test", "labels: { \"=cmd\": \"x,\\\"y\\\"\" }\n    validate: off")
      let csv = try await place.run("list", "-o", "csv").output
      #expect(csv.contains(",\"'=cmd=x,\"\"y\"\"\","), "\(csv)")
    }
  }

  @Test func `show finds one by name, domain or number, and says why it waits`() async throws {
    try await withSimulator { npm in
      let place = try await busyPlace(npm)
      for word in ["app", "proxy_host/app", "APP.test", "#1"] {
        let run = try await place.run("show", word)
        #expect(run.exit == 0 && run.output.hasPrefix("app  proxy host #1, ours, in sync"), "\(word): \(run.output)")
        #expect(run.output.contains("desired/app.yaml:2") && run.output.contains("run 1"))
      }
      let blocked = try await place.run("show", "cam")
      #expect(blocked.output.contains("is served by host 2, which is not ours"), "\(blocked.output)")
      #expect(blocked.output.contains("reconciler adopt cam --accept-changes"))
      #expect(blocked.output.contains("files: 554") && blocked.output.contains("NPM:   9000"))
      let json = try await place.run("show", "cam", "-o", "json").json
      #expect(json["object"]["sync"] == "blocked" && json["history"] == [])
      try await place.run("suspend", "app", "--for", "1h", "--reason", "holiday", exits: 0)
      #expect(try await place.run("show", "app").output.contains("suspended  until"))
      #expect(
        try await place.run("show", "app", "-o", "json").json["suspended"].stringValue?.contains("holiday") == true)
      let unknown = try await place.run("show", "ap")
      #expect(unknown.exit == 3 && unknown.errors.contains("did you mean 'app'?"), "\(unknown.errors)")
    }
  }

  @Test func `show tells what became of a host, and of which commit`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test")
      try await place.run("apply", "--yes", exits: 0)
      try place.desire("app", "app.test", port: 81)
      let git = "git -c user.name=Ann -c user.email=ann@example.com"
      let commit = "git init -q && git add desired && \(git) commit -q -m 'Move the app'"
      let environment = ["PATH": CurrentProcess.environment("PATH") ?? "", "HOME": place.scratch.path]
      let made = try await ChildProcess.run(
        ["/bin/sh", "-c", "cd '\(place.scratch.path)' && \(commit)"], environment: environment, timeout: 60)
      #expect(made.isSuccess, "\(made.complaint)")
      try await place.run("apply", "--yes", exits: 0)
      let history = try await place.run("show", "app", "-o", "json").json["history"].arrayValue ?? []
      #expect(history.map { $0["action"] } == ["update", "create"])
      #expect(history.first?["fields"] == ["forward_port"] && history.first?["outcome"] == "applied")
      let text = try await place.run("show", "app").output
      #expect(text.contains(": Move the app, by Ann <ann@example.com>"), "\(text)")
      #expect(history.last?["commit"] == .null)
    }
  }

  @Test func `diff and apply keep to the names they are given`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for name in ["a", "b", "c"] { try place.desire(name, "\(name).test") }
      let diff = try await place.run("diff", "a", "b", "-o", "json").json
      #expect(diff["changes"].arrayValue?.map { $0["name"] } == ["a", "b"])
      try await place.run("apply", "a", "--yes", exits: 0)
      #expect(try await npm.hosts().count == 1)
      try await place.run("apply", "--yes", exits: 0)
      // What is gone from the files has a name, too.
      try place.scratch.remove("desired/a.yaml")
      try place.scratch.remove("desired/b.yaml")
      try await place.run("apply", "a", "--yes", "--policy", "sync", exits: 0)
      #expect(Set(try await npm.served().keys) == ["b.test", "c.test"])
      let unknown = try await place.run("apply", "d", "--yes")
      #expect(unknown.exit == 3 && unknown.errors.contains("[unknown-name]"), "\(unknown.errors)")
      #expect(try await place.run("validate", "nothing").exit == 3)
    }
  }

  @Test func `status answers before anything was written, and names what is wrong`() async throws {
    try await withSimulator { npm in
      let place = try await busyPlace(npm)
      try Files.removeTree("\(place.scratch.path)/status")
      let status = try await place.run("status")
      #expect(status.exit == 0 && status.output.contains("1 of 2 in sync, differs since"), "\(status.output)")
      #expect(status.output.contains("cam  blocked  hand.test is served by host 2, which is not ours"))
      #expect(!Files.exists("\(place.scratch.path)/status"))
      let one = try await place.run("status", "app")
      #expect(!one.output.contains("cam") && one.output.contains("nothing is said of app"), "\(one.output)")
    }
  }

  @Test func `what a dead daemon knew of hosts is not true for ever`() async throws {
    try await withSimulator { npm in
      try await withBackend { port in
        let place = try Workplace(npm)
        try place.scratch.write("reconciler.yaml", "watch: { interval: 1s }\nhealth: { interval: 1s }\n")
        try place.desire("app", "app.test", port: port, "description: x")
        let daemon = try place.start("watch")
        try await until { place.status("health.json")["proxies"].arrayValue?.first?["health"] == "healthy" }
        kill(daemon.identifier, SIGKILL)
        _ = await daemon.result()
        // Until two of its intervals are over it might be there.
        try await until { try await place.run("status").exit == 1 }
        try await place.run("apply", "--yes", exits: 0)
        let status = try await place.run("status").output
        #expect(status.contains("0 of 1 healthy, 1 of 1 in sync since"), "\(status)")
        #expect(status.contains("app  unknown  no daemon has checked it since"), "\(status)")
        #expect(try await !place.run("list").output.contains("healthy    "))
      }
    }
  }

  @Test func `hosts that are as they should be and wait for adoption frighten no one`() async throws {
    try await withSimulator { npm in
      let body: JSONValue = [
        "domain_names": ["hand.test"], "forward_scheme": "http", "forward_host": "10.0.0.9", "forward_port": 9000,
      ]
      _ = try await npm.asAdmin("POST", "/api/nginx/proxy-hosts", body)
      let place = try Workplace(npm)
      try await place.run("export", "--out", "desired", exits: 0)
      let status = try await place.run("status").output
      #expect(status.contains("as the files say, but without an owner ('reconciler adopt --all')"), "\(status)")
      // What is blocked is no reason to say that all is well.
      try place.desire("cam", "hand.test", port: 554)
      try place.scratch.remove("desired/proxy_hosts.yaml")
      let doctor = try await place.run("doctor")
      #expect(doctor.exit == 0 && doctor.output.contains("warning"), "\(doctor.output)")
      #expect(doctor.output.contains("1 blocked, the first is cam") && !doctor.output.contains("Nothing is in the way"))
    }
  }

  @Test func `status is right after an adoption`() async throws {
    try await withSimulator { npm in
      let place = try await busyPlace(npm)
      try await place.run("diff", "--write-status", exits: 0)
      #expect(try await place.run("status").output.contains("blocked"))
      try await place.run("adopt", "cam", "--yes", "--accept-changes", exits: 0)
      let status = try await place.run("status")
      #expect(
        status.output.contains("2 of 2 in sync since") && !status.output.contains("  blocked  "), "\(status.output)")
    }
  }

  @Test func `explain knows codes, fields, settings and commands`() async throws {
    let scratch = try Scratch()
    for (word, text) in [
      ("duplicate-domain", "claim the same domain"), ("ssl_forced", "Redirect http to https"),
      ("npm.url", "Variable:"), ("proxy_hosts.forward", "Where requests go"), ("apply", "usage: reconciler apply"),
    ] {
      let run = try await ProgramRun.run(["explain", word], in: scratch.path)
      #expect(run.exit == 0 && run.output.contains(text), "\(word): \(run.output)")
    }
    let run = try await ProgramRun.run(["explain", "ssl_force"], in: scratch.path)
    #expect(run.exit == 64 && run.errors.contains("did you mean 'ssl_forced'?"), "\(run.errors)")
  }
}
