import Foundation
import HTTPServer
import Model
import Platform
import TestSupport
import Testing

/// Health and alerts of `reconciler watch`, the real binary with real backends.
@Suite struct HealthTests {
  /// A test double that receives alerts.
  private final class Receiver: HTTPHandler {
    let notices = AsyncStream.makeStream(of: JSONValue.self)
    func respond(to request: HTTPRequest) async -> HTTPResponse {
      if let body = try? JSONDecoder().decode(JSONValue.self, from: Data(request.body)) {
        notices.continuation.yield(body)
      }
      return HTTPResponse(status: 200, headers: [], body: [])
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `ten hosts on a backend that dies are one alert, which is resolved once it is back`() async throws {
    try await withSimulator { npm in
      let receiver = Receiver()
      let sink = try HTTPServer(address: "127.0.0.1", port: 0, handler: receiver)
      var backend = try HTTPServer(address: "127.0.0.1", port: 0, handler: SampleBackend())
      let port = backend.port
      let place = try Workplace(npm)
      try place.scratch.write(
        "reconciler.yaml",
        """
        watch: { interval: 1h }
        health: { interval: 1s }
        alerts: { sinks: [{ name: ops, type: webhook, url: "http://127.0.0.1:\(sink.port)/" }] }
        """)
      for index in 0..<10 { try place.desire("h\(index)", "h\(index).test", port: port, "description: x") }
      let daemon = try place.start("watch")
      try await until { place.status("health.json")["counts"]["healthy"] == 10 }
      await backend.stop()
      var notices = receiver.notices.stream.makeAsyncIterator()
      let firing = try #require(await notices.next())
      #expect(firing["status"] == "firing")
      let alert = firing["alerts"].arrayValue?.first ?? .null
      #expect(alert["labels"]["alertname"] == "host-down" && alert["labels"]["subject"] == .string("127.0.0.1:\(port)"))
      #expect(alert["annotations"]["members"].stringValue?.split(separator: ",").count == 10)
      try await until { place.status("health.json")["counts"]["unhealthy"] == 10 }
      backend = try HTTPServer(address: "127.0.0.1", port: port, handler: SampleBackend())
      // The next notice: the alert is resolved.
      #expect(await notices.next()?["status"] == "resolved")
      // The file is written after the notice is sent.
      try await until { place.status("health.json")["counts"]["healthy"] == 10 }
      let events = try await place.run("events", "-o", "json", "--source", "alerts").json["events"].arrayValue ?? []
      #expect(
        events.map { $0["reason"] } == ["AlertFiring", "AlertResolved"], "\(events.map { $0["message"].summary })")
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      await backend.stop()
      await sink.stop()
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a change that waits for its destination is made once that is there`()
    async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("reconciler.yaml", "watch: { interval: 1h }\nhealth: { interval: 1s }\n")
      let port = try reservedPort()
      try place.desire("app", "app.test", port: port, "validate: enforce")
      let daemon = try place.start("watch")
      try await until { place.status("status.json")["counts"]["blocked"] == 1 }
      #expect(try await npm.hosts().isEmpty)
      let backend = try HTTPServer(address: "127.0.0.1", port: port, handler: SampleBackend())
      try await until { try await npm.hosts().count == 1 }
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      await backend.stop()
    }
  }

  @Test(.timeLimit(.minutes(5))) func `metrics are what Prometheus takes, and status shows each host`() async throws {
    try await withSimulator { npm in
      try await withBackend { port in
        let place = try Workplace(npm)
        try place.scratch.write("reconciler.yaml", "watch: { interval: 1h }\nhealth: { interval: 1s }\n")
        try place.desire("app", "app.test", port: port, "health: { path: /ok, expect_status: \"200\" }")
        let daemon = try place.start("watch")
        try await until { place.status("health.json")["proxies"].arrayValue?.first?["health"] == "healthy" }
        daemon.hangUp()
        try await until { place.status("status.json")["last_reconcile"]["command"] == "apply" }
        daemon.terminate()
        #expect(await daemon.result().exit == 0)
        let tool = try OutsideProgram.path("promtool")
        let checked = try await ProgramRun.run(
          ["-c", "'\(tool)' check metrics < status/metrics.prom"], in: place.scratch.path, program: "/bin/sh")
        #expect(checked.exit == 0 && checked.errors.isEmpty, "\(checked)")
        #expect(try place.scratch.read("status/metrics.prom").contains("reconciler_proxy_healthy{name=\"app\"} 1"))
        let shown = try await place.run("status")
        #expect(shown.output.contains("1 of 1 healthy") && shown.output.contains("app  healthy"))
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `through NPM, too: what NPM does not serve is not healthy`() async throws {
    try await withSimulator { npm in
      try await withBackend { port in
        try await withBackend(status: 502) { front in
          let place = try Workplace(npm)
          try place.scratch.write(
            "reconciler.yaml",
            "watch: { interval: 1h }\nhealth: { interval: 1s }\nnpm: { data_plane: \"127.0.0.1:\(front)\" }\n")
          try place.desire("app", "app.test", port: port, "description: x")
          let daemon = try place.start("watch")
          try await until { place.status("health.json")["proxies"].arrayValue?.first?["health"] == "unhealthy" }
          let proxy = place.status("health.json")["proxies"].arrayValue?.first ?? .null
          #expect(proxy["cause"] == "nginx configuration")
          #expect(proxy["through_npm"]["detail"] == "HTTP 502")
          daemon.terminate()
          #expect(await daemon.result().exit == 0)
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a sink is tried, and what is silent is shown`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write(
        "reconciler.yaml",
        """
        alerts:
          sinks:
            - { name: note, type: command, command: [/bin/sh, -c, "cat > told"] }
            - { name: gone, type: webhook, url: "http://127.0.0.1:\(try reservedPort())/key" }
        """)
      let tried = try await place.run("alerts", "test", "note")
      #expect(tried.exit == 0 && tried.output == "Delivered to 'note'.\n")
      #expect(try place.scratch.read("told").contains("this is a test"))
      let gone = try await place.run("alerts", "test", "gone")
      #expect(gone.exit == 1 && gone.errors.contains("alert-sink") && !gone.errors.contains("key"))
      #expect(try await place.run("alerts", "test", "nots").errors.contains("did you mean 'note'?"))
      let silence = try await place.run("alerts", "silence", "app", "--for", "1h", "--reason", "moving")
      #expect(silence.exit == 0)
      #expect(try await place.run("alerts").output.contains("silence 1: app until"))
      try await place.run("alerts", "unsilence", "1", exits: 0)
      #expect(try await place.run("alerts", "-o", "json").json["silences"] == [])
    }
  }

  @Test(.timeLimit(.minutes(5))) func `without a store nothing is written to NPM, and checks and alerts go on`()
    async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let receiver = Receiver()
      let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: receiver)
      try place.scratch.write(
        "reconciler.yaml",
        """
        watch: { interval: 1s }
        health: { interval: 1s, failure_threshold: 1 }
        alerts:
          sinks: [{ name: hook, type: webhook, url: "http://127.0.0.1:\(server.port)/" }]
          rules: [{ rule: store-failing, after: 0s }]
        """)
      try place.desire("app", "app.test", port: try reservedPort(), "validate: warn")
      // No database can be opened there.
      try Files.createDirectory("\(place.scratch.path)/.reconciler/state.db")
      let daemon = try place.start("watch")
      var received = receiver.notices.stream.makeAsyncIterator()
      var rules: Set<String> = []
      while !rules.isSuperset(of: ["store-failing", "host-down"]) {
        let body = try #require(await received.next())
        #expect(body["status"] == "firing")
        for alert in body["alerts"].arrayValue ?? [] { rules.insert(alert["labels"]["alertname"].stringValue ?? "") }
      }
      try await until { place.status("health.json")["counts"]["unhealthy"] == 1 }
      let sync = place.status("status.json")["conditions"].arrayValue?.first { $0["type"] == "InSync" } ?? .null
      #expect(sync["status"] == "Unknown" && sync["message"].stringValue?.contains("state.db") == true)
      #expect(try await npm.hosts().isEmpty)
      // Once there is a store, what was told is written down, once.
      try Files.removeTree("\(place.scratch.path)/.reconciler/state.db")
      try await until { try await npm.hosts().count == 1 }
      while true {
        let body = try #require(await received.next())
        if body["status"] == "resolved", body["groupLabels"]["alertname"] == "store-failing" { break }
        #expect(body["groupLabels"]["alertname"] != "host-down", "told twice")
      }
      try await until {
        let events = try await place.run("events", "-o", "json").json["events"].arrayValue ?? []
        return events.contains { $0["reason"] == "AlertResolved" }
      }
      let events = try await place.run("events", "-o", "json").json["events"].arrayValue ?? []
      let told = events.filter { $0["reason"] == "AlertFiring" }.compactMap { $0["subject"].stringValue }
      #expect(Set(told).count == told.count && told.contains("store-failing/store-failing"), "\(told)")
      #expect(try await place.run("alerts").output.contains("host-down"))
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      await server.stop()
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a host that is down is not told to be well by a restart or a removed file`()
    async throws
  {
    try await withSimulator { npm in
      let receiver = Receiver()
      let sink = try HTTPServer(address: "127.0.0.1", port: 0, handler: receiver)
      let place = try Workplace(npm)
      try place.scratch.write(
        "reconciler.yaml",
        """
        policy: sync
        watch: { interval: 1s, settle: 1h }
        health: { interval: 1s, failure_threshold: 2 }
        alerts: { sinks: [{ name: ops, type: webhook, url: "http://127.0.0.1:\(sink.port)/" }] }
        """)
      try place.desire("app", "app.test", port: try reservedPort(), "validate: warn")
      var notices = receiver.notices.stream.makeAsyncIterator()
      let first = try place.start("watch")
      #expect(try #require(await notices.next())["commonLabels"]["alertname"] == "host-down")
      first.killHard()
      _ = await first.result()
      let daemon = try place.start("watch")
      // The killed one may not have noted what it told. Nothing else comes before what the next one says of itself.
      var next = try #require(await notices.next())
      while next["commonLabels"]["alertname"] == "host-down", next["status"] == "firing" {
        next = try #require(await notices.next())
      }
      #expect(next["commonLabels"]["alertname"] == "restarted")
      try place.scratch.remove("desired/app.yaml")
      try place.desire("other", "other.test")
      try await until { place.status("status.json")["withheld"].arrayValue?.isEmpty == false }
      try place.desire("more", "more.test")
      try await until { try await npm.hosts().count == 3 }
      // What is still to be removed is still checked.
      try await until { place.status("health.json")["counts"]["unhealthy"] == 1 }
      let alerts = try await place.run("alerts", "-o", "json").json["alerts"].arrayValue ?? []
      #expect(alerts.contains { $0["rule"] == "host-down" }, "\(alerts)")
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      await sink.stop()
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a change after which its host is unhealthy is undone, until the files change`()
    async throws
  {
    try await withSimulator { npm in
      try await withBackend { good in
        try await withBackend(status: 500) { bad in
          try await withBackend { better in
            let place = try Workplace(npm)
            let receiver = Receiver()
            let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: receiver)
            try place.scratch.write(
              "reconciler.yaml",
              """
              watch: { interval: 1s, rollback: { unhealthy_for: 5m } }
              health: { interval: 1s, failure_threshold: 2, success_threshold: 1 }
              alerts: { sinks: [{ name: hook, type: webhook, url: "http://127.0.0.1:\(server.port)/" }] }
              """)
            func port() async throws -> Int? { try await npm.hosts().first?["forward_port"].intValue }
            try place.desire("app", "app.test", port: good, "validate: warn")
            let daemon = try place.start("watch")
            try await until { place.status("health.json")["counts"]["healthy"] == 1 }
            try place.desire("app", "app.test", port: bad, "validate: warn")
            try await until { try await port() == bad }
            try await until { try await port() == good }
            try await until { place.status("health.json")["counts"]["healthy"] == 1 }
            let waiting = place.status("status.json")["withheld"].arrayValue?.first?["message"].stringValue ?? ""
            #expect(waiting.contains("rolled back by health"), "\(waiting)")
            var received = receiver.notices.stream.makeAsyncIterator()
            while try #require(await received.next())["groupLabels"]["alertname"] != "rolled-back" {}
            let events = try await place.run("events", "-o", "json").json["events"].arrayValue ?? []
            #expect(events.count { $0["reason"] == "RolledBack" } == 1)
            // It is not applied again, by a restart neither.
            daemon.terminate()
            #expect(await daemon.result().exit == 0)
            let second = try place.start("watch")
            try await until { place.status("status.json")["withheld"].arrayValue?.isEmpty == false }
            #expect(try await port() == good)
            try place.desire("app", "app.test", port: better, "validate: warn")
            try await until { try await port() == better }
            second.terminate()
            #expect(await second.result().exit == 0)
            await server.stop()
          }
        }
      }
    }
  }
}
