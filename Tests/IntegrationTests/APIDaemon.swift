import Curl
import Foundation
import Model
import Platform
import TestSupport
import Testing

/// A running daemon with an API: the real binary, asked over its Unix socket, which needs no port.
struct APIDaemon {
  let place: Workplace
  let program: RunningProgram
  private let engine = CurlEngine()

  var socket: String { "\(place.scratch.path)/api.sock" }

  init(_ place: Workplace) async throws {
    self.place = place
    program = try place.start("watch", "--listen", "unix:\(place.scratch.path)/api.sock")
    try await until { (try? await ask("/readyz").status) == 200 }
  }

  func ask(_ path: String, _ headers: [(name: String, value: String)] = [], method: String = "GET") async throws
    -> TransferResult
  {
    var transfer = HTTPTransfer(method: method, url: "http://localhost\(path)")
    transfer.unixSocket = socket
    transfer.headers = headers
    return try await engine.perform(transfer)
  }

  struct Answer {
    var status: Int
    var body: JSONValue
    var headers: [String: String]
  }

  /// - Parameter body: empty: none is sent.
  func order(
    _ path: String, _ body: String = "", token: String?, type: String = "application/json", method: String = "POST",
    _ headers: [(name: String, value: String)] = []
  ) async throws -> Answer {
    var transfer = HTTPTransfer(method: method, url: "http://localhost\(path)")
    transfer.unixSocket = socket
    transfer.totalTimeout = 60
    transfer.headers = headers + (token.map { [("Authorization", "Bearer \($0)")] } ?? [])
    if !body.isEmpty {
      transfer.headers.append(("Content-Type", type))
      transfer.body = Array(body.utf8)
    }
    let answer = try await engine.perform(transfer)
    let json = (try? JSONDecoder().decode(JSONValue.self, from: Data(answer.body))) ?? .null
    return Answer(status: answer.status, body: json, headers: answer.headers)
  }

  func json(_ path: String) async throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(try await ask(path).body))
  }

  /// A new token, once the daemon knows it.
  func token(_ role: String) async throws -> String {
    let made = try await place.run("token", "create", "\(role)-token", "--role", role, "-o", "json")
    let token = made.json["token"].stringValue ?? ""
    try await until { try await ask("/api/plan", [("Authorization", "Bearer \(token)")]).status != 401 }
    return token
  }

  /// Starts a workflow and waits for its end.
  func workflow(_ kind: String, _ parameters: String = "{}", token: String?) async throws -> JSONValue {
    let start = try await order(
      "/api/workflows/\(kind)/start", #"{"parameters": \#(parameters)}"#, token: token)
    guard start.status == 202, let id = start.body["id"].stringValue else { return start.body }
    return try await json("/api/workflows/\(id)/status?wait=60")
  }

  func stop() async {
    program.terminate()
    #expect(await program.result().exit == 0)
  }

  /// Three objects of ours, and one made by hand.
  ///
  /// - Parameter settings: for the settings file.
  static func with(
    _ settings: String = "", _ body: (SimulatedNPM, APIDaemon) async throws -> Void
  ) async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      place.variables = ["WORD": "Quokka-secret"]
      try place.scratch.write(
        "desired/a.yaml",
        """
        access_lists: { lan: { items: [{ username: dad, password: { env: WORD } }] } }
        proxy_hosts:
          app: { domain_names: [app.test], forward: "http://127.0.0.1:80", validate: warn, access_list: lan }
          web: { domain_names: [web.test], forward: "http://127.0.0.1:80", validate: warn }
        """)
      if !settings.isEmpty { try place.scratch.write("reconciler.yaml", settings) }
      _ = try await npm.asAdmin(
        "POST", "/api/nginx/dead-hosts", ["domain_names": ["hand.test"]])
      let daemon = try await APIDaemon(place)
      try await until { place.status("status.json")["counts"]["in_sync"] == 3 }
      try await body(npm, daemon)
      await daemon.stop()
      #expect(!Files.exists(daemon.socket))
    }
  }

  /// From now on destinations are not checked, where nothing else is said.
  func allowUnchecked() async throws {
    try place.scratch.write("desired/_defaults.yaml", "defaults: { proxy_hosts: { validate: off } }\n")
  }
}
