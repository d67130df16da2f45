import Foundation
import Curl
import Model
import NPMClient
import Platform
import TestSupport
import Testing
import Upstream

@Suite struct RESTGatewayTests {
  @Test func `a host is created, read, changed, switched and deleted`() async throws {
    try await withSimulator { npm in
      let gateway = npm.gateway()
      #expect(try await gateway.server().version == NPMVersion(2, 15, 1))
      let spec = hostSpec(["b.test", "a.test"], ["allow_websocket_upgrade": true]).normalised()
      _ = try await gateway.create(spec, meta: ["mine": 1])
      let id = try #require(try await gateway.hosts().first?.id)
      var host = try #require(try await gateway.host(id))
      #expect(host.normalised == spec)
      #expect(host.nginx == .online)
      #expect(host.meta["mine"] == 1)
      try await gateway.update(id, hostSpec(["a.test"], port: 81).normalised(), meta: host.meta)
      try await gateway.setEnabled(id, false)
      host = try #require(try await gateway.host(id))
      #expect(!host.isEnabled && host.spec["forward_port"] == 81)
      try await gateway.delete(id)
      #expect(try await gateway.host(id) == nil)
    }
  }

  @Test func `references are sent as ids and read as names`() async throws {
    try await withSimulator { npm in
      let list: JSONValue = ["name": "lan", "items": [], "clients": []]
      let number = try await npm.asAdmin("POST", "/api/nginx/access-lists", list)["id"]
      let gateway = npm.gateway()
      #expect(try await gateway.observe().references.ids(.accessList, "lan").map(\.number) == [number.intValue])
      _ = try await gateway.create(hostSpec(["a.test"], ["access_list": "lan"]), meta: [:])
      #expect(try await npm.hosts().first?["access_list_id"] == number)
      #expect(try await gateway.observe().resources[.proxyHost]?.first?.spec["access_list"] == "lan")
    }
  }

  @Test func `a token that NPM stops accepting is replaced in the middle of a run`() async throws {
    try await withSimulator { npm in
      let gateway = npm.gateway()
      _ = try await gateway.observe()
      // A reset invalidates all tokens: the real server does so when its keys change, and answers 500.
      try await npm.send("POST", "/simulator/reset", ["start": "fresh-admin"])
      #expect(try await gateway.observe().resources[.proxyHost]?.isEmpty == true)
    }
  }

  @Test func `the token is kept in a file that only its owner reads`() async throws {
    try await withSimulator { npm in
      let scratch = try Scratch()
      func gateway() -> RESTGateway {
        let upstream = UpstreamClient(
          baseURL: npm.url, configuration: UpstreamConfiguration(name: "NPM"), transport: npm.engine)
        let file = TokenFile(path: scratch.path + "/token.json", url: npm.url, identity: "admin@example.com")
        let credentials = NPMCredentials(identity: "admin@example.com", secret: Secret("changeme"))
        return RESTGateway(upstream: upstream, credentials: credentials, cache: file)
      }
      _ = try await gateway().observe()
      _ = try await gateway().observe()
      let logins = try await npm.send("GET", "/simulator/requests").json.arrayValue?.count {
        $0["method"] == "POST" && $0["path"] == "/api/tokens"
      }
      #expect(logins == 1)
      #expect(!(try scratch.everything().contains("changeme")))
      var status = stat()
      #expect(stat(scratch.path + "/token.json", &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
    }
  }

  @Test func `a wrong password and a missing permission are said plainly`() async throws {
    try await withSimulator { npm in
      func gateway(_ identity: String, _ secret: String) -> RESTGateway {
        let upstream = UpstreamClient(
          baseURL: npm.url, configuration: UpstreamConfiguration(name: "NPM"), transport: npm.engine)
        return RESTGateway(
          upstream: upstream, credentials: NPMCredentials(identity: identity, secret: Secret(secret)),
          cache: NoTokenCache())
      }
      await #expect { try await gateway("admin@example.com", "wrong").observe() } throws: {
        ($0 as? NPMError)?.code == .upstreamAuth
      }
      let ann: JSONValue = [
        "name": "Ann", "nickname": "A", "email": "ann@example.com", "roles": [], "is_disabled": false,
        "auth": ["type": "password", "secret": "password1"],
      ]
      let id = try await npm.asAdmin("POST", "/api/users", ann)["id"].intValue ?? 0
      try await npm.asAdmin("PUT", "/api/users/\(id)/permissions", ["visibility": "all", "proxy_hosts": "hidden"])
      await #expect { try await gateway("ann@example.com", "password1").observe() } throws: {
        ($0 as? NPMError)?.code == .npmForbidden
      }
    }
  }

  @Test func `a server that is no NPM is recognised`() async throws {
    try await withSimulator { npm in
      try await npm.faults([["path": "/api/", "when": "before", "action": "html", "count": 100]])
      await #expect { try await npm.gateway().observe() } throws: { ($0 as? NPMError)?.code == .npmNotNPM }
    }
  }

  @Test func `an NPM without a user says what to do`() async throws {
    try await withSimulator { npm in
      try await npm.send("POST", "/simulator/reset", ["start": "unconfigured"])
      await #expect { try await npm.gateway().observe() } throws: { ($0 as? NPMError)?.code == .npmNotSetUp }
    }
  }

  @Test(arguments: ["reset", "truncate", "status"])
  func `a read that meets a passing fault is repeated`(action: String) async throws {
    try await withSimulator { npm in
      let gateway = npm.gateway()
      _ = try await gateway.observe()
      try await npm.faults([
        ["method": "GET", "path": "/api/nginx", "when": "after", "action": .string(action), "status": 502, "count": 2]
      ])
      #expect(try await gateway.observe().resources[.proxyHost] != nil)
    }
  }

  @Test func `a write is never repeated blindly`() async throws {
    try await withSimulator { npm in
      let gateway = npm.gateway()
      _ = try await gateway.observe()
      let rule: JSONValue = [
        "method": "POST", "path": "/api/nginx/proxy-hosts", "when": "after", "action": "reset", "count": 9,
      ]
      try await npm.faults([rule])
      await #expect { _ = try await gateway.create(hostSpec(["a.test"]), meta: [:]) } throws: {
        ($0 as? NPMError)?.isOutcomeUnknown == true
      }
      try await npm.faults([])
      #expect(try await npm.writes().count { $0["method"] == "POST" && $0["path"] == "/api/nginx/proxy-hosts" } == 1)
    }
  }
}

/// A transport with scripted responses.
private struct ScriptedTransport: HTTPTransport {
  var body: String
  var status = 200
  func perform(_ transfer: HTTPTransfer) async throws -> TransferResult {
    TransferResult(
      status: status, headers: [:], body: Array(body.utf8), timings: TransferTimings(), remoteAddress: "")
  }
}

@Suite struct TwoFactorTests {
  @Test func `an account with two-factor login is told what to do`() async throws {
    let answer =
      #"{"requires_2fa":true,"challenge_token":"x","status":"OK","version":{"major":2,"minor":15,"revision":1}}"#
    let upstream = UpstreamClient(
      baseURL: "http://npm.test", configuration: UpstreamConfiguration(name: "NPM"),
      transport: ScriptedTransport(body: answer))
    let gateway = RESTGateway(
      upstream: upstream, credentials: NPMCredentials(identity: "a@b.test", secret: Secret("s")), cache: NoTokenCache())
    await #expect { try await gateway.observe() } throws: {
      let error = $0 as? NPMError
      return error?.code == .npmTwoFactor && error?.hint?.contains("account of its own") == true
    }
  }
}
