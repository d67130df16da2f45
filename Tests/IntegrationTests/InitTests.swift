import Foundation
import Model
import Platform
import TestSupport
import Testing

/// From an NPM with hosts to a folder that describes it: the real binary.
@Suite struct InitTests {
  private func makeHosts(_ npm: SimulatedNPM, config: String = "") async throws {
    for name in ["app", "wiki"] {
      let body: JSONValue = [
        "domain_names": [.string("\(name).test")], "forward_scheme": "http", "forward_host": "127.0.0.1",
        "forward_port": 9000, "advanced_config": .string(config),
      ]
      _ = try await npm.asAdmin("POST", "/api/nginx/proxy-hosts", body)
    }
  }

  private func git(_ place: Workplace, _ arguments: String...) async throws -> String {
    let environment = ["PATH": CurrentProcess.environment("PATH") ?? "", "HOME": place.scratch.path]
    return try await ChildProcess.run(
      ["git", "-C", place.scratch.path] + arguments, environment: environment, timeout: 60
    ).text
  }

  /// With the author that git needs for a commit.
  private func place(_ npm: SimulatedNPM) throws -> Workplace {
    var place = try Workplace(npm)
    try place.scratch.write(".gitconfig", "[user]\nname = Test\nemail = test@example.com\n")
    place.variables["HOME"] = place.scratch.path
    return place
  }

  @Test func `one command leads to a folder that is in sync and committed`() async throws {
    try await withSimulator { npm in
      try await makeHosts(npm)
      var place = try place(npm)
      let run = try await place.run("init", "--yes", "--create-account", "--commit")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(run.output.contains("takes over 2 objects") && run.output.contains("All of it is committed"))
      #expect(run.output.contains("unset NPM_IDENTITY NPM_SECRET"), "\(run.output)")
      let secret = try place.scratch.read(".reconciler/npm-secret")
      #expect(secret.count == 33 && !(run.output + run.errors).contains(secret.dropLast()))
      let mode = try FileManager.default.attributesOfItem(atPath: "\(place.scratch.path)/.reconciler/npm-secret")
      #expect((mode[.posixPermissions] as? Int) == 0o600)
      let files = try await git(place, "ls-files").split(separator: "\n").map(String.init)
      #expect(files == [".gitignore", "desired/proxy_hosts.yaml", "reconciler.yaml"])
      // From here on with the account that was made, and nothing in the environment.
      place.variables = ["NPM_URL": "", "NPM_IDENTITY": "", "NPM_SECRET": ""]
      try await place.run("diff", "--exit-code", exits: 0)
      try await place.run("adopt", "--all", "--yes", exits: 0)
      #expect(try await place.run("status").output.contains("2 of 2 in sync"))
      try await place.run("doctor", exits: 0)
      let again = try await place.run("init", "--yes")
      #expect(again.exit == 1 && again.errors.contains("this folder is set up"), "\(again.errors)")
    }
  }

  @Test func `the rights go to the account that is made, and to no other`() async throws {
    try await withSimulator { npm in
      // One without a login: from now on the numbers of users and logins differ.
      for name in ["first", "second"] {
        _ = try await npm.asAdmin(
          "POST", "/api/users",
          ["name": .string(name), "nickname": "x", "email": .string("\(name)@example.com"), "roles": []])
      }
      let before = try await npm.asAdmin("GET", "/api/users?expand=permissions").arrayValue ?? []
      let place = try place(npm)
      try await place.run("init", "--yes", "--create-account", "--account", "robot@example.com", exits: 0)
      let after = try await npm.asAdmin("GET", "/api/users?expand=permissions").arrayValue ?? []
      #expect(after.count == before.count + 1)
      for user in before {
        #expect(after.first { $0["id"] == user["id"] }?["permissions"] == user["permissions"], "\(user["email"])")
      }
      let made = after.first { $0["email"] == "robot@example.com" } ?? .null
      #expect(made["roles"] == [] && made["permissions"]["visibility"] == "all")
      #expect(made["permissions"]["proxy_hosts"] == "manage" && made["permissions"]["streams"] == "manage")
      // A second one of the same address would be unusable.
      let other = try self.place(npm)
      let again = try await other.run("init", "--yes", "--create-account", "--account", "robot@example.com")
      #expect(again.exit == 1 && again.errors.contains("has an account robot@example.com already"), "\(again.errors)")
      #expect(!Files.exists("\(other.scratch.path)/reconciler.yaml"))
    }
  }

  @Test func `what looks like a secret is not committed`() async throws {
    try await withSimulator { npm in
      try await makeHosts(npm, config: "proxy_set_header Authorization \"Basic eHg=\";")
      let place = try place(npm)
      let run = try await place.run("init", "--yes", "--commit")
      #expect(run.exit == 0 && run.errors.contains("nothing is committed"), "\(run.errors)")
      #expect(!Files.exists("\(place.scratch.path)/.git"))
      // The password came from a variable, and stays there.
      let settings = try place.scratch.read("reconciler.yaml")
      #expect(settings.contains("${env:NPM_SECRET}") && !settings.contains(Workplace.secret))
      #expect(!Files.exists("\(place.scratch.path)/.reconciler/npm-secret"))
    }
  }

  @Test func `what is missing or wrong is said before anything is written`() async throws {
    try await withSimulator { npm in
      var place = try place(npm)
      for (variables, error) in [
        (["NPM_SECRET": ""], "password is needed"), (["NPM_SECRET": "wrong"], "does not accept the login"),
        (["NPM_URL": npm.url.replacing("http:", with: "https:")], "answers as NPM 2.15.1"),
        (["NPM_URL": "npm"], "write it as http://host:81"),
      ] {
        place.variables.merge(variables) { $1 }
        let run = try await place.run("init", "--yes")
        #expect(run.exit != 0 && run.errors.contains(error), "\(run.output)\(run.errors)")
        place.variables = ["HOME": place.scratch.path]
      }
      for name in ["reconciler.yaml", ".gitignore", ".reconciler", "desired"] {
        #expect(!Files.exists("\(place.scratch.path)/\(name)"), "\(name)")
      }
    }
  }

  @Test func `files that are there stay as they are`() async throws {
    try await withSimulator { npm in
      try await makeHosts(npm)
      let place = try place(npm)
      try place.desire("own", "own.test")
      try place.scratch.write(".gitignore", "*.log\n/status/")
      let run = try await place.run("init", "--yes")
      #expect(run.exit == 0 && run.output.contains("desired/ stays as it was"), "\(run.output)\(run.errors)")
      #expect(try place.scratch.read(".gitignore") == "*.log\n/status/\n.reconciler/\n.env\n")
      #expect(try Files.below("\(place.scratch.path)/desired").files.count == 1)
    }
  }
}
