import Foundation
import HTTPServer
import Model
import Platform
import TestSupport
import Testing

/// `reconciler watch` on a branch of a repository; every wait ends on a state of NPM or of the status files.
@Suite struct GitSourceTests {
  /// The remote repository.
  struct Repository {
    let path: String

    init(_ scratch: Scratch) async throws {
      path = "\(scratch.path)/repository"
      try Files.createDirectory(path)
      try await git("init", "--quiet", "--initial-branch=main")
    }

    @discardableResult
    func git(_ words: String...) async throws -> String {
      let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@lan.test", "-c", "commit.gpgsign=false"]
      let outcome = try await ChildProcess.run(
        ["git", "-C", path] + identity + words, environment: ["PATH": "/usr/bin:/bin", "HOME": path], timeout: 30)
      #expect(outcome.isSuccess, "\(words): \(outcome.complaint)")
      return outcome.text
    }

    /// Commits one host, or the content of `text`.
    func commit(_ subject: String, port: Int = 80, text: String? = nil) async throws {
      let host =
        "proxy_hosts:\n  app: { domain_names: [app.test], forward: 'http://127.0.0.1:\(port)', validate: off }\n"
      try Files.createDirectory("\(path)/desired")
      try Files.replace("\(path)/desired/app.yaml", with: Array((text ?? host).utf8))
      try await git("add", "--all")
      try await git("commit", "--quiet", "--message", subject)
    }
  }

  /// A git server of plain files, which can stop answering while it takes connections.
  private struct PlainServer: HTTPHandler {
    let directory: String
    let isMute = Lock(false)
    let asked = Lock(0)
    let logins = Lock<Set<String>>([])
    /// Arguments of all processes while git asked.
    let arguments = Lock("")
    /// Ends the requests that were not answered.
    let end = ShutdownSignal()

    func respond(to request: HTTPRequest) async -> HTTPResponse {
      asked.withLock { $0 += 1 }
      if let login = request.headers["authorization"] { logins.withLock { _ = $0.insert(login) } }
      let processes = (try? Files.entries("/proc")) ?? []
      for process in processes where process.allSatisfy(\.isNumber) {
        guard let bytes = try? Files.read("/proc/\(process)/cmdline") else { continue }
        arguments.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
      }
      if isMute.withLock({ $0 }) { await end.wait() }
      guard let bytes = try? Files.read(directory + request.path) else { return HTTPResponse(status: 404) }
      return HTTPResponse(status: 200, body: bytes)
    }
  }

  /// A repository with one commit, on a server of plain files.
  private func served(_ place: Workplace) async throws -> (files: PlainServer, server: HTTPServer) {
    let repository = try await Repository(place.scratch)
    try await repository.commit("Begin")
    try await repository.git("update-server-info")
    let files = PlainServer(directory: "\(repository.path)/.git")
    return (files, try HTTPServer(address: "127.0.0.1", port: 0, handler: files))
  }

  private func port(_ npm: SimulatedNPM) async throws -> Int? { try await npm.hosts().first?["forward_port"].intValue }

  private func valid(_ place: Workplace) -> JSONValue {
    place.status("status.json")["conditions"].arrayValue?.first { $0["type"] == "DesiredValid" } ?? .null
  }

  private func following(
    _ more: String = "", _ body: (SimulatedNPM, Workplace, Repository, () throws -> RunningProgram) async throws -> Void
  ) async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let repository = try await Repository(place.scratch)
      try place.scratch.write(
        "reconciler.yaml", "watch: { interval: 1h }\nsource: { git: \"\(repository.path)\", interval: 1h\(more) }\n")
      try await repository.commit("Begin")
      try await body(npm, place, repository) { try place.start("watch", "--policy", "sync") }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a commit is brought about, and its hash stands in run, marker and status`()
    async throws
  {
    try await following { npm, place, repository, start in
      let daemon = try start()
      try await until { try await port(npm) == 80 }
      try await repository.commit("Move the app", port: 81)
      daemon.hangUp()
      try await until { try await port(npm) == 81 }
      let hash = try await repository.git("rev-parse", "HEAD")
      try await until { place.status("status.json")["commit"]["hash"] == .string(hash) }
      #expect(place.status("status.json")["commit"]["author"] == "Ada <ada@lan.test>")
      #expect(place.status("status.json")["commit"]["subject"] == "Move the app")
      #expect(try await npm.hosts().first?["meta"]["reconciler"]["commit"] == .string(hash))
      let runs = try await place.run("rollback", "--list", "-o", "json").json["runs"].arrayValue ?? []
      #expect(runs.first?["commit"] == .string(hash))
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a bad commit and an emptied tree leave the last good one in force, also after a restart`() async throws {
    try await following { npm, place, repository, start in
      var daemon = try start()
      try await until { try await port(npm) == 80 }
      try await repository.commit("Break it", text: "proxy_hosts:\n  app: { domain_nmes: [app.test] }\n")
      daemon.hangUp()
      try await until { valid(place)["reason"] == "DesiredInvalid" }
      let message = valid(place)["message"].stringValue ?? ""
      #expect(message.contains("by Ada <ada@lan.test>: desired/app.yaml:2:"), "\(message)")
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      let id = try await npm.hosts().first?["id"].intValue ?? 0
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["forward_port": 99])
      // It knows the last good commit only from its local repository.
      daemon = try start()
      try await until { try await port(npm) == 80 }
      try await repository.git("rm", "-r", "--quiet", "desired")
      try await repository.git("commit", "--quiet", "--message", "Empty it")
      daemon.hangUp()
      try await until { valid(place)["message"].stringValue?.contains("desired") == true }
      #expect(try await npm.hosts().count == 1)
      try await repository.commit("Mend it", port: 82)
      daemon.hangUp()
      try await until { try await port(npm) == 82 }
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a forced branch is not followed unless that is allowed`() async throws {
    try await following { npm, place, repository, start in
      try await repository.commit("Second", port: 81)
      var daemon = try start()
      try await until { try await port(npm) == 81 }
      try await repository.git("reset", "--quiet", "--hard", "HEAD~1")
      try await repository.commit("Elsewhere", port: 90)
      daemon.hangUp()
      try await until { valid(place)["reason"] == "ForcePush" }
      #expect(try await port(npm) == 81)
      let events = try await place.run("events", "-o", "json").json["events"].arrayValue ?? []
      #expect(events.contains { $0["reason"] == "ForcePush" && $0["severity"] == "error" })
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      let settings = try place.scratch.read("reconciler.yaml").replacing(
        "1h }\n", with: "1h, allow_force_push: true }\n")
      try place.scratch.write(
        "reconciler.yaml",
        settings.replacing("interval: 1h, allow_force_push: true }\nsource", with: "interval: 1h }\nsource"))
      daemon = try start()
      try await until { try await port(npm) == 90 }
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `what a kill left behind in the repository stands in nobody's way`() async throws
  {
    try await following { npm, place, repository, start in
      var daemon = try start()
      try await until { try await port(npm) == 80 }
      daemon.killHard()
      _ = await daemon.result()
      let ours = ".reconciler/state.db.source/repository.git"
      try place.scratch.write("\(ours)/index.lock", "")
      try place.scratch.write("\(ours)/refs/reconciler/incoming.lock", "")
      try place.scratch.write("\(ours)/objects/pack/tmp_pack_x", "half")
      try await repository.commit("Second", port: 81)
      daemon = try start()
      try await until { try await port(npm) == 81 }
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      // A damaged repository is created again.
      try place.scratch.write("\(ours)/HEAD", "damaged")
      try await repository.commit("Third", port: 82)
      daemon = try start()
      try await until { try await port(npm) == 82 }
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: ["TOP%2dSECRET": "TOP-SECRET:", "me:TOP%2dSEC@RET": "me:TOP-SEC@RET"])
  func `the user part of an address is a secret, and not among git's arguments`(user: String, login: String)
    async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let (files, server) = try await served(place)
      let address = "http://\(user)@127.0.0.1:\(server.port)/"
      try place.scratch.write("reconciler.yaml", "source: { git: \"\(address)\" }\n")
      let daemon = try place.start("watch", "-v")
      try await until { try await port(npm) == 80 }
      let shown = try await place.run("settings")
      daemon.terminate()
      let run = await daemon.result()
      #expect(files.logins.withLock { $0 } == ["Basic \(Data(login.utf8).base64EncodedString())"])
      let arguments = files.arguments.withLock { $0 }
      #expect(arguments.contains("fetch") && !arguments.contains("TOP"))
      #expect(!(run.errors + run.output + shown.output).contains("TOP"), "\(run.errors)")
      #expect(shown.output.contains("http://127.0.0.1:\(server.port)/"))
      await server.stop()
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a working copy that is removed or damaged is made again without a restart`()
    async throws
  {
    try await following { npm, place, repository, start in
      let settings = try place.scratch.read("reconciler.yaml")
      try place.scratch.write("reconciler.yaml", settings.replacing("interval: 1h }", with: "interval: 1s }"))
      let daemon = try start()
      try await until { try await port(npm) == 80 }
      let ours = "\(place.scratch.path)/.reconciler/state.db.source"
      func follows(_ port: Int, after harm: () throws -> Void) async throws {
        try harm()
        try await repository.commit("To \(port)", port: port)
        try await until { try await self.port(npm) == port }
      }
      /// The daemon's git may be writing there.
      func remove(_ path: String) {
        while (try? Files.removeTree(path)) == nil {}
      }
      try await follows(81) { remove(ours) }
      try await follows(82) { remove("\(ours)/tree") }
      try await follows(83) { remove("\(ours)/repository.git/refs") }
      try await follows(84) {
        for file in try Files.below("\(ours)/repository.git/objects").files {
          try FileManager.default.removeItem(atPath: file)
          try Files.replace(file, with: Array("damaged".utf8))
        }
      }
      // What was accepted is remembered, so that a forced branch is seen.
      remove(ours)
      try await repository.git("reset", "--quiet", "--hard", "HEAD~1")
      try await repository.commit("Elsewhere", port: 90)
      daemon.hangUp()
      try await until { valid(place)["reason"] == "ForcePush" }
      #expect(try await port(npm) == 84)
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }

  @Test func `a key in the address that git could only get as an argument is refused, and not shown`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for url in ["ftps://me:SECR@ET@127.0.0.1:1/x.git", "https://127.0.0.1:1/x.git?key=SECRET"] {
        try place.scratch.write("reconciler.yaml", "source: { git: \"\(url)\" }\n")
        let run = try await place.run("watch")
        #expect(run.exit == 3 && run.errors.contains("token: ${env:NAME}") && !run.errors.contains("ECRET"))
        #expect(!run.errors.contains("ET@"))
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a repository that is away changes nothing, and a link in it leads nowhere`()
    async throws
  {
    try await following { npm, place, repository, start in
      let daemon = try start()
      try await until { try await port(npm) == 80 }
      try FileManager.default.moveItem(atPath: repository.path, toPath: repository.path + "-away")
      daemon.hangUp()
      try await until { valid(place)["reason"] == "SourceUnreachable" }
      #expect(try await npm.hosts().count == 1)
      try FileManager.default.moveItem(atPath: repository.path + "-away", toPath: repository.path)
      try place.scratch.write("secret.yaml", "password: hunter2\n")
      try FileManager.default.createSymbolicLink(
        atPath: repository.path + "/desired/link.yaml", withDestinationPath: "\(place.scratch.path)/secret.yaml")
      try await repository.commit("Link", port: 81)
      daemon.hangUp()
      try await until { valid(place)["reason"] == "DesiredInvalid" }
      daemon.terminate()
      let run = await daemon.result()
      #expect(run.exit == 0 && !run.errors.contains("hunter2") && !run.errors.contains("password"), "\(run.errors)")
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a git server that never answers silences nothing`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let (files, server) = try await served(place)
      try place.scratch.write(
        "reconciler.yaml",
        "watch: { interval: 1s }\nsource: { git: \"http://127.0.0.1:\(server.port)/\", interval: 1s }\n")
      let daemon = try place.start("watch", "--policy", "sync")
      try await until { try await port(npm) == 80 }
      files.isMute.withLock { $0 = true }
      let asked = files.asked.withLock { $0 }
      try await until { files.asked.withLock { $0 } > asked }
      // The commit in force is brought about again, and the silence is named.
      let id = try await npm.hosts().first?["id"].intValue ?? 0
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["forward_port": 99])
      try await until { try await port(npm) == 80 }
      try await until { valid(place)["reason"] == "SourceUnreachable" }
      #expect(valid(place)["message"].stringValue?.contains("has not ended") == true)
      // A restart goes on with that commit.
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["forward_port": 98])
      let second = try place.start("watch", "--policy", "sync")
      try await until { try await port(npm) == 80 }
      second.terminate()
      #expect(await second.result().exit == 0)
      files.end.request()
      await server.stop()
    }
  }
}
