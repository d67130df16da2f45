import HTTPServer
import Model
import Platform
import TestSupport
import Testing

/// What is wrong with a fresh installation is said in one go, with what mends it: by `doctor`, and by the first command
/// that meets it.
@Suite struct DoctorTests {
  /// A double: a server that always gives one answer; or one to logins, and one to everything else.
  private struct Fixed: HTTPHandler {
    var status = 200
    var headers: [(String, String)] = []
    var text: String
    var login = ""

    func respond(to request: HTTPRequest) async -> HTTPResponse {
      let body = request.path == "/api/tokens" ? login : text
      return HTTPResponse(status: status, headers: headers.map { (name: $0.0, value: $0.1) }, body: Array(body.utf8))
    }
  }

  private static let health = #"{"status":"OK","setup":true,"version":{"major":2,"minor":15,"revision":1}}"#

  private struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    /// Variables; nil: unset. `URL` stands for the simulator's address, `FIXED` for that of the fixed server.
    var variables: [String: String] = [:]
    var files: [String: String] = [:]
    var fixed: Fixed?
    var command = ["diff"]
    /// What `doctor` says, and what it says to do.
    var said: String
    var hint: String
    /// What the command says.
    var error: String
    var testDescription: String { name }
  }

  private static let host =
    "proxy_hosts: { a: { domain_names: [a.test], forward: 'http://127.0.0.1:80', validate: off } }\n"
  private static let desired = ["desired/a.yaml": host]

  private static let cases: [Case] = [
    Case(
      name: "nothing set", variables: ["NPM_URL": "", "NPM_IDENTITY": "", "NPM_SECRET": ""], files: desired,
      said: "npm.secret is not set", hint: "reconciler init", error: "npm.identity is not set"),
    Case(
      name: "a setting by another name", files: ["reconciler.yaml": "npm: { user: a }\n"], said: "", hint: "",
      error: "write 'identity'"),
    Case(
      name: "settings that are no YAML", files: ["reconciler.yaml": "npm: [\n"], said: "", hint: "",
      error: "reconciler.yaml:"),
    Case(
      name: "no address", variables: ["NPM_URL": "npm.lan:81"], said: "", hint: "", error: "write it as http://host:81"),
    Case(
      name: "a name that is unknown", variables: ["NPM_URL": "http://npm.invalid:81"], files: desired,
      said: "npm.invalid", hint: "check npm.url", error: "npm.invalid"),
    Case(
      name: "https against http", variables: ["NPM_URL": "HTTPS"], files: desired, said: "gives no TLS connection",
      hint: "answers as NPM 2.15.1: set npm.url to that", error: "gives no TLS connection"),
    Case(
      name: "http against https", variables: ["NPM_URL": "FIXED"], files: desired,
      fixed: Fixed(status: 400, text: "<center>The plain HTTP request was sent to HTTPS port</center>"),
      said: "speaks TLS on this port", hint: "https://", error: "speaks TLS on this port"),
    Case(
      name: "another product", variables: ["NPM_URL": "FIXED"], files: desired,
      fixed: Fixed(text: "<html><head><title>Portwyrm - Login</title></head></html>"),
      said: "is Portwyrm, not Nginx Proxy Manager", hint: "usually port 81", error: "is Portwyrm, not"),
    Case(
      name: "a product by its server header", variables: ["NPM_URL": "FIXED"], files: desired,
      fixed: Fixed(status: 404, headers: [("Server", "Caddy")], text: ""), said: "is Caddy, not", hint: "port 81",
      error: "is Caddy, not"),
    Case(
      name: "NPMplus", variables: ["NPM_URL": "FIXED"], files: desired,
      fixed: Fixed(text: #"{"status":"OK","setup":true,"password":true,"oidc":false}"#), said: "is NPMplus",
      hint: "manages Nginx Proxy Manager only", error: "is NPMplus"),
    Case(
      name: "the port of visitors", variables: ["NPM_URL": "FIXED"], files: desired,
      fixed: Fixed(text: "<h1>Congratulations!</h1> You've successfully started the Nginx Proxy Manager."),
      said: "serves its hosts", hint: "port 81", error: "serves its hosts"),
    Case(
      name: "a wrong password", variables: ["NPM_SECRET": "wrong"], files: desired, said: "does not accept the login",
      hint: "check NPM_IDENTITY and NPM_SECRET", error: "does not accept the login"),
    Case(
      name: "two-factor login", variables: ["NPM_URL": "FIXED"], files: desired,
      fixed: Fixed(text: health, login: #"{"requires_2fa":true,"challenge_token":"x"}"#),
      said: "uses two-factor login", hint: "an account of its own", error: "uses two-factor login"),
    Case(
      name: "no desired files", said: "cannot list desired", hint: "reconciler export --out desired",
      error: "reconciler export --out desired"),
    Case(
      name: "a mistake in them", files: ["desired/a.yaml": "proxy_hosts: { a: { domains: [a.test] } }\n"],
      said: "desired/a.yaml:1:", hint: "domain_names", error: "desired/a.yaml:1:"),
    Case(
      name: "a password that is not there",
      files: ["desired/a.yaml": "access_lists: { l: { items: [{ username: joe, password: { env: NOT_THERE } }] } }\n"],
      said: "NOT_THERE is not set", hint: "export NOT_THERE", error: "NOT_THERE is not set"),
    Case(
      name: "a damaged store", files: desired.merging([".reconciler/state.db": "no database"]) { $1 },
      said: "is damaged", hint: "--rebuild-ledger", error: "is damaged"),
    Case(
      name: "a file in place of the status directory", files: desired.merging(["status": "x"]) { $1 },
      command: ["diff", "--write-status"], said: "cannot be written", hint: "--status", error: "[status-write]"),
    Case(
      name: "an owner that is no text", files: ["reconciler.yaml": "owner: []\n"], said: "", hint: "",
      error: "[wrong-type]"),
    Case(
      name: "a variable in the settings", files: ["reconciler.yaml": "owner: '${env:NOT_THERE}'\n"], said: "",
      hint: "", error: "NOT_THERE is not set"),
  ]

  @Test(arguments: cases) private func `each mistake is named with what mends it`(mistake: Case) async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      let server = try mistake.fixed.map { try HTTPServer(address: "127.0.0.1", port: 0, handler: $0) }
      place.variables = mistake.variables.mapValues { text in
        switch text {
        case "FIXED": "http://127.0.0.1:\(server?.port ?? 0)"
        case "HTTPS": npm.url.replacing("http://", with: "https://")
        default: text
        }
      }
      for (name, text) in mistake.files { try place.scratch.write(name, text) }
      let doctor = try await place.run("doctor")
      let run = try await place.run(mistake.command)
      await server?.stop()
      let all = doctor.output + doctor.errors
      #expect(doctor.exit != 0 && all.contains(mistake.said) && all.contains(mistake.hint), "\(all)")
      #expect(run.exit != 0 && (run.output + run.errors).contains(mistake.error), "\(run.output)\(run.errors)")
      #expect(!(all + run.output + run.errors).contains("internal-error"))
    }
  }

  @Test func `an address as it is copied from a browser is understood`() async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", Self.host)
      for tail in ["/", "/login", "/nginx/proxy", "/api", "/#top"] {
        place.variables["NPM_URL"] = npm.url + tail
        let doctor = try await place.run("doctor")
        #expect(doctor.exit == 0 && doctor.output.contains("\(npm.url) is NPM 2.15.1"), "\(tail): \(doctor.output)")
        #expect(doctor.output.contains("diff           ok  1 to create") || doctor.output.contains("1 to create"))
      }
    }
  }

  @Test func `a wrong address is found as such with the store of another`() async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", Self.host)
      try await place.run("apply", "--yes", exits: 0)
      let server = try HTTPServer(
        address: "127.0.0.1", port: 0, handler: Fixed(text: "<title>Portainer</title>"))
      place.variables["NPM_URL"] = "http://127.0.0.1:\(server.port)"
      let run = try await place.run("diff")
      await server.stop()
      #expect(run.exit == 1 && run.errors.contains("is Portainer, not Nginx Proxy Manager"), "\(run.errors)")
    }
  }

  @Test func `rights that are missing are named, and where to give them`() async throws {
    try await withSimulator { npm in
      let user = try await npm.asAdmin(
        "POST", "/api/users",
        [
          "name": "r", "nickname": "r", "email": "r@example.com", "roles": [],
          "auth": ["type": "password", "secret": "secret-of-r"],
        ])
      var place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", Self.host)
      place.variables = ["NPM_IDENTITY": "r@example.com", "NPM_SECRET": "secret-of-r"]
      let path = "/api/users/\(user["id"].intValue ?? 0)/permissions"
      let all: [String: JSONValue] = [
        "visibility": "all", "proxy_hosts": "manage", "redirection_hosts": "manage", "dead_hosts": "manage",
        "streams": "manage", "access_lists": "manage", "certificates": "manage",
      ]
      _ = try await npm.asAdmin("PUT", path, .object(all))
      try await place.run("doctor", exits: 0)
      _ = try await npm.asAdmin("PUT", path, .object(all.merging(["streams": "view"]) { $1 }))
      let view = try await place.run("doctor")
      #expect(view.exit == 1 && view.output.contains("may not manage streams"), "\(view.output)")
      #expect(view.output.contains("Edit Permissions"))
      _ = try await npm.asAdmin("PUT", path, .object(all.merging(["visibility": "user"]) { $1 }))
      let own = try await place.run("doctor", "-o", "json")
      #expect(own.exit == 1 && own.json["ok"] == false, "\(own.output)")
      #expect(own.output.contains("sees only its own items"))
    }
  }

  @Test func `an NPM without a user is said to be one`() async throws {
    let npm = try SimulatedNPM(start: "unconfigured")
    let place = try Workplace(npm)
    try place.scratch.write("desired/a.yaml", Self.host)
    let doctor = try await place.run("doctor")
    let run = try await place.run("diff")
    try await npm.stop()
    #expect(doctor.exit == 1 && doctor.output.contains("this NPM has no user yet"), "\(doctor.output)")
    #expect(doctor.output.contains("create the first user"))
    #expect(run.exit == 1 && run.errors.contains("[npm-not-set-up]"), "\(run.errors)")
  }

  @Test func `nothing is called ok that was not tried`() async throws {
    let scratch = try Scratch()
    let run = try await ProgramRun.run(["doctor", "-o", "json"], in: scratch.path)
    let checks = run.json["checks"].arrayValue ?? []
    let states = Dictionary(
      checks.map { ($0["name"].stringValue ?? "", $0["status"].stringValue ?? "") }, uniquingKeysWith: { $1 })
    #expect(states["diff"] == "not_tried" && states["daemon"] == "not_tried" && states["address"] == "failed")
    #expect(run.exit == 1 && !Files.exists("\(scratch.path)/.reconciler") && !Files.exists("\(scratch.path)/status"))
  }
}
