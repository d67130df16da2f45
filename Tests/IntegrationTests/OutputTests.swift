import Curl
import Foundation
import HTTPServer
import Model
import Platform
import TestSupport
import Testing

/// Output for people and scripts.
@Suite(.serialized) struct OutputTests {
  @Test func `JSON is as the contract says`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try place.desire("b", "b.test")
      try await place.run("apply", "--yes", exits: 0)
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 99])
      let diff = try await place.run("diff", "-o", "json").json
      #expect(diff["format_version"] == "1")
      #expect(diff["summary"] == ["create": 0, "update": 1, "delete": 0, "adopt": 0, "unchanged": 1, "blocked": 0])
      let change = diff["changes"].arrayValue?[0] ?? .null
      #expect(change["kind"] == "proxy_host" && change["name"] == "a" && change["action"] == "update")
      #expect(change["cause"] == "drifted" && change["id"] == 1)
      #expect(change["fields"].arrayValue?[0]["path"] == "forward_port")
      #expect(change["fields"].arrayValue?[0]["before"] == 99 && change["fields"].arrayValue?[0]["after"] == 80)
      #expect(change["source"] == ["file": "desired/a.yaml", "line": 2, "column": 3])
      #expect(change.objectValue?["outcome"] == nil)
      let apply = try await place.run("apply", "--yes", "-o", "json").json
      #expect(apply["changes"].arrayValue?[0]["outcome"] == "applied")
      #expect(apply["changes"].arrayValue?[0]["error"] == .null)
    }
  }

  @Test func `destinations are asked for the domain that was written first, those of locations too`() async throws {
    /// Serves a single domain.
    struct Picky: HTTPHandler {
      func respond(to request: HTTPRequest) async -> HTTPResponse {
        HTTPResponse(status: request.headers["host"] == "z.test" ? 200 : 503, body: [])
      }
    }
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: Picky())
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let target = "http://127.0.0.1:\(server.port)"
      try place.scratch.write(
        "desired/a.yaml",
        "proxy_hosts:\n  a:\n    domain_names: [z.test, a.test]\n    forward: \(target)\n"
          + "    locations: [{ path: /x, forward: \"\(target)/y\" }]\n")
      for command in [["validate", "--probe"], ["diff"], ["apply", "--yes"]] {
        let run = try await place.run(command + ["-o", "json"])
        #expect(run.exit == 0, "\(run.output)\(run.errors)")
        guard command[0] != "apply" else { continue }
        let destinations = run.json["destinations"].arrayValue ?? []
        #expect(destinations.map { $0["ok"] } == [true, true], "\(destinations)")
        #expect(destinations.map { $0["location"] } == [nil, "/x"])
      }
    }
    await server.stop()
  }

  @Test func `errors are JSON too when JSON was asked for`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test", "forward_prot: 80")
      let run = try await place.run("diff", "-o", "json")
      #expect(run.exit == 3)
      let diagnostic = run.json["diagnostics"].arrayValue?[0] ?? .null
      #expect(diagnostic["code"] == "unknown-key" && diagnostic["severity"] == "error")
      #expect(diagnostic["file"] == "desired/a.yaml" && diagnostic["line"] == 5 && diagnostic["column"] == 5)
      #expect(diagnostic["hint"] == "did you mean 'forward_port'?")
      #expect(run.json["changes"] == [])
    }
  }

  @Test func `drift has a name on it, in the diff and in the status files`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await place.run("apply", "--yes", exits: 0)
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 99])
      let diff = try await place.run("diff", "--write-status")
      #expect(diff.output.contains("99 -> 80"))
      #expect(diff.output.contains("changed in NPM by admin@example.com"))
      let drift = try JSONDecoder().decode(JSONValue.self, from: Data(place.scratch.read("status/drift.json").utf8))
      let entry = drift["drift"].arrayValue?[0] ?? .null
      #expect(entry["kind"] == "proxy_host" && entry["name"] == "a" && entry["by"] == "admin@example.com")
      #expect(entry["fields"] == [["path": "forward_port", "desired": 80, "observed": 99]])
      let status = try await place.run("status")
      #expect(status.output.contains("0 of 1 in sync"))
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await place.run("status").output.contains("1 of 1 in sync"))
      #expect(try await place.run("events", "-o", "json").json["events"].arrayValue?.last?["reason"] == "DriftRepaired")
      #expect(try place.scratch.read("status/status.md").contains("in sync"))
    }
  }

  @Test func `what the policy holds back is never called in sync`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try place.desire("b", "b.test")
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.remove("desired/b.yaml")
      let held = try await place.run("apply", "--yes")
      #expect(held.exit == 0)
      #expect(held.output.contains("holds 1 back") && !held.output.contains("NPM is as"))
      #expect(try await place.run("status").output.contains("differs since"))
      let observed = try await place.run("diff", "--policy", "observe")
      #expect(!observed.output.contains("NPM is as"))
    }
  }

  @Test func `a diff leaves nothing behind`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await place.run("diff", exits: 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: place.scratch.path) == ["desired"])
      #expect(try await npm.writes().isEmpty)
    }
  }

  @Test func `a label narrows a run down`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test", "validate: off\n    labels: { team: media }")
      try place.desire("b", "b.test")
      try await place.run("apply", "--yes", "--select", "team=media", exits: 0)
      #expect(try await npm.hosts().count == 1)
      let none = try await place.run("apply", "--yes", "--policy", "sync", "--select", "team=none")
      #expect(none.exit == 3 && none.errors.contains("error[empty-selection]"))
      #expect(try await npm.hosts().count == 1)
    }
  }

  @Test func `results go to a file when that is asked for`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let run = try await place.run("diff", "-o", "markdown", "--out", "plan.md")
      #expect(run.output.isEmpty)
      #expect(try place.scratch.read("plan.md").contains("| create | a | a.test |"))
    }
  }

  @Test func `a result that cannot be written is found out before anything is done`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let run = try await place.run("apply", "--yes", "-o", "json", "--out", "/nonexistent/x")
      #expect(run.exit == 1 && run.errors.contains("error[output-failed]"))
      #expect(try await npm.hosts().isEmpty)
    }
  }

  @Test func `a partial run says so and leaves the status of the whole alone`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test", "validate: off\n    labels: { team: media }")
      try place.desire("b", "b.test")
      try await place.run("apply", "--yes", exits: 0)
      let before = try place.scratch.read("status/status.json")
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/2", ["forward_port": 99])
      let run = try await place.run("apply", "--yes", "--select", "team=media")
      #expect(run.output.contains("what was selected"))
      #expect(try place.scratch.read("status/status.json") == before)
    }
  }

  @Test func `usage errors are JSON too when JSON was asked for`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      for arguments in [["apply", "-o", "json"], ["apply", "-o", "json", "--policy", "foo"]] {
        let run = try await ProgramRun.run(arguments, in: place.scratch.path, environment: place.environment)
        #expect(run.exit == 64)
        #expect(run.json["diagnostics"].arrayValue?[0]["code"] == "usage")
      }
    }
  }

  @Test func `settings come from the file, and what is wrong in it is shown where it is`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let settings = """
        owner: homelab
        policy: observe
        npm: { url: "\(npm.url)", identity: "${env:WHO}", secret: "${env:WORD}" }
        """
      try place.scratch.write("reconciler.yaml", settings)
      let environment = ["WHO": "admin@example.com", "WORD": "changeme"]
      let observed = try await ProgramRun.run(["apply", "--yes"], in: place.scratch.path, environment: environment)
      #expect(observed.exit == 0)
      #expect(try await npm.hosts().isEmpty)
      let unset = try await ProgramRun.run(["diff"], in: place.scratch.path, environment: ["WHO": "x"])
      #expect(unset.exit == 3)
      let line = settings.split(separator: "\n")[2]
      let column = try #require(line.firstRange(of: "\"${env:WORD}")).lowerBound.utf16Offset(in: line)
      #expect(unset.errors.contains("reconciler.yaml:3:\(column + 1): error[unset-variable]"))
      try place.scratch.write("reconciler.yaml", "ownr: x\nsafety: { max_deletes: many }\n")
      let wrong = try await place.run("diff")
      #expect(wrong.exit == 3)
      #expect(wrong.errors.contains("did you mean 'owner'?") && wrong.errors.contains("reconciler.yaml:2:24"))
    }
  }

  @Test func `the simulator says what it is, on start and in every answer`() async throws {
    let scratch = try Scratch()
    let data = scratch.path + "/npm.json"
    for round in 1...2 {
      let running = try RunningProgram(["simulator", "--listen", "127.0.0.1:0", "--data", data], in: scratch.path)
      let line = await running.firstLine()
      #expect(line.hasPrefix("This is a simulator of Nginx Proxy Manager"))
      let url = "http://" + (line.components(separatedBy: "http://").last ?? "")
      let health = try await CurlEngine().perform(HTTPTransfer(url: url + "/api/"))
      #expect(health.headers["server"]?.contains("simulator") == true)
      let place = try Scratch()
      try place.write(
        "desired/a.yaml", "proxy_hosts: { a: { domain_names: [a.test], forward: 'http://h', validate: off } }\n")
      let environment = ["NPM_URL": url, "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": "changeme"]
      let apply = try await ProgramRun.run(["apply", "--yes"], in: place.path, environment: environment)
      // The data file survives: in the second round the host exists, and this new operator does not own it.
      #expect(apply.exit == (round == 1 ? 0 : 4))
      running.interrupt()
      #expect(await running.result().exit == 0)
    }
  }
}
