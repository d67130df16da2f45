import Curl
import Model
import TestSupport
import Testing

/// Work that the API starts: in the queue of the store, under the guards of `apply`.
@Suite struct WorkflowTests {
  @Test func `what would be done is told as diff tells it, and applied by its digest`() async throws {
    try await APIDaemon.with { npm, daemon in
      let writer = try await daemon.token("write")
      _ = try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 81])
      let diff = try await daemon.workflow("diff", token: nil)
      #expect(diff["state"] == "succeeded" && diff["exit_code"] == 2)
      let printed = try await daemon.place.run("diff", "-o", "json", "--no-probe").json
      #expect(diff["result"]["changes"] == printed["changes"])
      #expect(diff["result"]["changes"].arrayValue?.map { $0["name"] } == ["app"])
      // A part of the plan is another plan.
      let part = try await daemon.workflow("diff", #"{"select": "app"}"#, token: nil)
      let digest = part["result"]["digest"].stringValue ?? ""
      let stale = try await daemon.workflow("apply", #"{"plan": "sha256:0123456789"}"#, token: writer)
      #expect(stale["state"] == "failed" && stale["error"]["code"] == "plan-stale" && stale["exit_code"] == 7)
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1")["forward_port"] == 81)
      let applied = try await daemon.workflow("apply", #"{"plan": "\#(digest)", "select": "app"}"#, token: writer)
      #expect(applied["state"] == "succeeded", "\(applied)")
      #expect(applied["result"]["changes"].arrayValue?.map { $0["outcome"] } == ["applied"])
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1")["forward_port"] == 80)
      let id = applied["id"].stringValue ?? ""
      let events = try await daemon.json("/api/events?source=workflow,apply")["items"].arrayValue ?? []
      let caused = events.filter { $0["correlation_id"] == applied["correlation_id"] }
      #expect(Set(caused.map { $0["subject"] }) == [.string("workflow/\(id)"), "proxy_host/app"])
      let verified = try await daemon.workflow("verify", token: nil)
      #expect(verified["result"]["plan"]["changes"] == [], "\(verified)")
      #expect(try await daemon.workflow("health", token: nil)["result"]["items"].arrayValue?.count == 2)
      #expect(try await daemon.workflow("validate", token: nil)["result"]["destinations"].arrayValue?.count == 2)
    }
  }

  @Test func `who may start what, and with what`() async throws {
    try await APIDaemon.with { _, daemon in
      let (reader, writer) = (try await daemon.token("read"), try await daemon.token("write"))
      for (kind, body, token, status) in [
        ("apply", "", nil, 401), ("apply", "", reader, 403), ("rollback", "", reader, 403), ("write", "", writer, 404),
        ("diff", "[]", nil, 400), ("diff", #"{"parameters": {"plan": "12345678"}}"#, nil, 422),
        ("apply", #"{"parameters": {"allow_deletes": true}}"#, writer, 422),
        ("apply", #"{"parameters": {"plan": "latest"}}"#, writer, 422),
        ("apply", #"{"parameters": {"npm": "other"}}"#, writer, 422),
        ("apply", #"{"parameters": {"select": [""]}}"#, writer, 422),
        ("rollback", #"{"parameters": {"run": -1}}"#, writer, 422),
      ] {
        let answer = try await daemon.order("/api/workflows/\(kind)/start", body, token: token)
        #expect(answer.status == status, "\(kind) \(body): \(answer)")
      }
      let unknown = try await daemon.workflow("diff", #"{"select": ["apq"]}"#, token: nil)
      #expect(unknown["error"]["code"] == "unknown-name" && unknown["exit_code"] == 3)
      #expect(try await daemon.order("/api/workflows/nothing/cancel", token: writer).status == 404)
      #expect(try await daemon.ask("/api/workflows/nothing/status").status == 404)
    }
  }

  @Test func `a start that is repeated is the first one`() async throws {
    try await APIDaemon.with { _, daemon in
      let key = [(name: "Idempotency-Key", value: "build-17")]
      let first = try await daemon.order("/api/workflows/diff/start", token: nil, key)
      let second = try await daemon.order("/api/workflows/diff/start", "{}", token: nil, key)
      #expect(first.status == 202 && first.body["id"] == second.body["id"])
      #expect(first.headers["location"] == "/api/workflows/\(first.body["id"].stringValue ?? "")/status")
      #expect(try await daemon.order("/api/workflows/health/start", token: nil, key).status == 422)
      let all = try await daemon.json("/api/workflows?limit=1")
      #expect(all["items"].arrayValue?.map { $0["id"] } == [first.body["id"]] && all["next"] == .null)
    }
  }

  @Test func `a rollback holds until the files move`() async throws {
    try await APIDaemon.with { npm, daemon in
      let writer = try await daemon.token("write")
      let place = daemon.place
      let before = try await daemon.json("/api/runs")["items"].arrayValue?.first?["run"].intValue ?? 0
      try place.desire("web2", "web2.test")
      try await until { place.status("status.json")["counts"]["in_sync"] == 4 }
      try place.scratch.write(
        "desired/web2.yaml",
        "proxy_hosts:\n  web2: { domain_names: [web2.test], forward: \"http://127.0.0.1:81\", validate: off }\n")
      try await until { try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/3")["forward_port"] == 81 }
      let back = try await daemon.workflow("rollback", #"{"run": \#(before + 1)}"#, token: writer)
      #expect(back["state"] == "succeeded", "\(back)")
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/3")["forward_port"] == 80)
      _ = try await daemon.workflow("apply", token: writer)
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/3")["forward_port"] == 80)
      try place.desire("web2", "web2.test", port: 82)
      try await until { try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/3")["forward_port"] == 82 }
    }
  }

  @Test func `what is queued is done by the next daemon, and what ran is interrupted`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test")
      let first = try await APIDaemon(place)
      let writer = try await first.token("write")
      try await npm.faults(
        [["method": "GET", "path": "/api/", "when": "before", "action": "stall", "count": 1000]])
      var ids: [String] = []
      for _ in 0..<2 {
        let started = try await first.order("/api/workflows/apply/start", token: writer)
        ids.append(started.body["id"].stringValue ?? "")
      }
      try await until { try await first.json("/api/workflows/\(ids[0])/status")["state"] == "running" }
      #expect(try await first.json("/api/workflows/\(ids[1])/status")["state"] == "queued")
      first.program.killHard()
      _ = await first.program.result()
      try await npm.faults([])
      let second = try await APIDaemon(place)
      let interrupted = try await second.json("/api/workflows/\(ids[0])/status?wait=60")
      #expect(interrupted["state"] == "interrupted" && interrupted["finished_at"] != .null)
      #expect(try await second.json("/api/workflows/\(ids[1])/status?wait=60")["state"] == "succeeded")
      await second.stop()
    }
  }
}
