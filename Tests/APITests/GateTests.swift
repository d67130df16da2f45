import HTTPServer
import Model
import Platform
import Store
import TestSupport
import Testing

@testable import API

@Suite struct GateTests {
  private static let now = Timestamp(seconds: 1_790_000_000)

  private static func token(_ name: String, _ role: Role, expires: Double? = nil) -> AccessToken {
    AccessToken(
      name: name, role: role, digest: AccessToken.digest(of: Secret("secret-\(name)")), createdAt: now,
      expiresAt: expires.map { now + $0 })
  }

  private static let tokens = [
    token("reader", .read), token("writer", .write), token("root", .admin), token("old", .admin, expires: -1),
    token("new", .read, expires: 60),
  ]

  private func gate(_ change: (inout Gate.Rules) -> Void = { _ in }) -> Gate {
    var rules = Gate.Rules()
    change(&rules)
    return Gate(rules, now: { Self.now }) { _ in Self.tokens }
  }

  private func request(_ headers: [String: String], peer: String = "127.0.0.1", method: String = "GET") -> HTTPRequest {
    var request = HTTPRequest(
      method: method, path: "/", headers: headers.merging(["host": "127.0.0.1:9890"]) { given, _ in given })
    request.peer = peer
    return request
  }

  /// The status of the refusal; nil: it is admitted.
  private func refusal(
    _ gate: Gate, _ request: HTTPRequest, to access: Route.Access = .role(.read)
  ) async throws -> Int? {
    do {
      _ = try await gate.admit(request, to: access)
      return nil
    } catch let problem as Problem {
      return problem.status
    }
  }

  @Test(
    arguments: [
      ([:], "127.0.0.1", nil), ([:], "::1", nil), ([:], "", nil), (["host": "localhost"], "127.0.0.1", nil),
      (["host": "[::1]:9890"], "::1", nil), ([:], "10.0.0.7", 401), (["host": "10.0.0.5"], "127.0.0.1", 401),
      (["x-forwarded-for": "1.2.3.4"], "127.0.0.1", 401), (["forwarded": "for=1.2.3.4"], "127.0.0.1", 401),
      (["via": "1.1 nginx"], "127.0.0.1", 401), (["x-real-ip": "1.2.3.4"], "127.0.0.1", 401),
      (["x-forwarded-anything": ""], "::1", 401), (["x-forwarded": ""], "::1", 401),
      (["cf-connecting-ip": "1.2.3.4"], "127.0.0.1", 401), (["x-forwarded-for": "1.2.3.4"], "", 401),
    ] as [([String: String], String, Int?)])
  func `without a token only this machine may read`(headers: [String: String], peer: String, status: Int?) async throws
  {
    #expect(try await refusal(gate(), request(headers, peer: peer)) == status)
    #expect(try await refusal(gate { $0.requiresToken = true }, request(headers, peer: peer)) == 401)
    #expect(try await refusal(gate(), request(headers, peer: peer), to: .role(.write)) == 401)
    #expect(try await refusal(gate(), request(headers, peer: peer), to: .open) == nil)
  }

  @Test(
    arguments: [
      ("reader", Role.read, nil), ("reader", .write, 403), ("writer", .write, nil), ("writer", .read, nil),
      ("writer", .admin, 403), ("root", .admin, nil), ("old", .read, 401), ("new", .read, nil), ("gone", .read, 401),
    ] as [(String, Role, Int?)])
  func `a token opens what its role allows, as long as it lasts`(name: String, role: Role, status: Int?) async throws {
    let headers = ["authorization": "Bearer secret-\(name)"]
    #expect(try await refusal(gate(), request(headers, peer: "10.0.0.7"), to: .role(role)) == status)
  }

  @Test(arguments: [
    "Bearer", "Bearer ", "Bearer wrong", "Basic", "Basic !", "Basic c2VjcmV0", "Digest x", "", "secret-reader",
  ])
  func `a wrong token is never taken for none`(header: String) async throws {
    #expect(try await refusal(gate(), request(["authorization": header])) == 401)
  }

  @Test func `a password may only read`() async throws {
    // x:secret-root
    let headers = ["authorization": "Basic eDpzZWNyZXQtcm9vdA=="]
    #expect(try await refusal(gate(), request(headers, peer: "10.0.0.7")) == nil)
    #expect(try await refusal(gate(), request(headers, peer: "10.0.0.7"), to: .role(.write)) == 403)
  }

  @Test(arguments: [
    "evil.example", "[::1]x.evil", "[localhost]", "[127.0.0.1]", "[::1]:80x", "localhost.evil", "127.0.0.1x",
  ])
  func `a name that is not ours is refused`(host: String) async throws {
    #expect(try await refusal(gate(), request(["host": host])) == 421)
    // Whether the daemon works is no secret, and a watchdog may call it anything.
    #expect(try await refusal(gate(), request(["host": host, "authorization": "Bearer wrong"]), to: .open) == nil)
  }

  @Test func `other names are allowed by the settings`() async throws {
    #expect(try await refusal(gate(), request(["host": "127.0.0.1.evil.example:80"])) == 421)
    let allowed = gate { $0.allowedHosts = ["api.home.test"] }
    #expect(
      try await refusal(allowed, request(["host": "API.home.test:443", "authorization": "Bearer secret-reader"])) == nil
    )
    // The name alone does not make it this machine.
    #expect(try await refusal(allowed, request(["host": "api.home.test"])) == 401)
  }

  @Test(
    arguments: [
      (["origin": "http://evil.example"], 403), (["origin": "null"], 403), (["sec-fetch-site": "cross-site"], 403),
      (["sec-fetch-site": "CROSS-SITE"], 403),
      (["origin": "http://127.0.0.1:9890"], nil), (["origin": "http://127.0.0.1:9891"], 403),
      (["sec-fetch-site": "same-origin"], nil), (["sec-fetch-site": "none"], nil),
    ] as [([String: String], Int?)])
  func `pages of other sites may not ask`(headers: [String: String], status: Int?) async throws {
    #expect(try await refusal(gate(), request(headers)) == status)
  }

  @Test func `one that asks too often has to wait, and delays no other`() async throws {
    let gate = gate { $0.requestsPerSecond = 5 }
    var refused = 0
    for _ in 0..<30 where try await refusal(gate, request([:])) == 429 { refused += 1 }
    #expect(refused >= 15)
    #expect(try await refusal(gate, request([:], peer: "127.0.0.2")) == nil)
    #expect(try await refusal(gate, request(["authorization": "Bearer secret-reader"])) == nil)
    #expect(try await refusal(gate, request([:]), to: .open) == nil)
    // Whoever guesses tokens is slowed down, too.
    var guesses: [Int?] = []
    for number in 0..<30 {
      guesses.append(try await refusal(gate, request(["authorization": "Bearer \(number)"], peer: "127.0.0.3")))
    }
    #expect(guesses.first == 401 && guesses.last == 429)
  }

  @Test func `a token of the settings opens, also while the store has no answer`() async throws {
    var rules = Gate.Rules()
    rules.tokens = [Self.token("fixed", .write)]
    let gate = Gate(rules, now: { Self.now }) { _ in throw Problem(503, .apiNotReady, "away") }
    let fixed = ["authorization": "Bearer secret-fixed"]
    #expect(try await refusal(gate, request(fixed), to: .role(.write)) == nil)
    #expect(try await refusal(gate, request(fixed), to: .role(.admin)) == 403)
    #expect(try await refusal(gate, request(["authorization": "Bearer secret-reader"])) == 503)
    let here = self.gate { $0.tokens = rules.tokens }
    let principal = try await here.admit(request(fixed), to: .role(.read))
    #expect(principal?.name == "fixed")
    #expect(await here.stillAdmits(principal))
  }

  @Test func `what was begun ends with its token`() async throws {
    let tokens = Lock(Self.tokens)
    let gate = Gate(Gate.Rules(), now: { Self.now }) { _ in tokens.withLock { $0 } }
    let principal = try await gate.admit(request(["authorization": "Bearer secret-reader"]), to: .role(.read))
    #expect(await gate.stillAdmits(principal))
    #expect(await gate.stillAdmits(nil))
    // Another token of the same name is another.
    tokens.withLock { $0 = [AccessToken(name: "reader", role: .read, digest: "other", createdAt: Self.now)] }
    #expect(await !gate.stillAdmits(principal))
  }
}

@Suite struct TokenBookTests {
  private let store = MemoryStore()

  private func token(_ name: String) -> AccessToken {
    AccessToken(
      name: name, role: .read, digest: AccessToken.digest(of: Secret(name)), createdAt: Timestamp(seconds: 1))
  }

  @Test func `all that ask at first get what the store has, and a new token is found at once`() async throws {
    _ = await store.add(token("one"))
    let book = TokenBook(BudgetedStores(FixedStoreProvider(StoreSet(store))))
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<50 { group.addTask { try await book.tokens().count } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts.allSatisfy { $0 == 1 })
    _ = await store.add(token("two"))
    try await until { try await book.tokens(isNew: true).count == 2 }
  }

  @Test func `tokens that were never read are no refusal`() async {
    struct Broken: StoreProvider {
      func stores(of instance: InstanceID) async throws -> StoreSet { throw StoreError(.storeUnreadable, "away") }
    }
    let book = TokenBook(BudgetedStores(Broken()))
    await #expect { try await book.tokens() } throws: { ($0 as? Problem)?.status == 503 }
  }
}

@Suite struct PathTests {
  private func match(_ pattern: String, _ path: String) -> [String: String]? {
    PathPattern(pattern).match(Substring(path).split(separator: "/", omittingEmptySubsequences: false))?
      .mapValues(String.init)
  }

  @Test func `parts are matched whole`() {
    #expect(match("/api/proxies/{name}", "/api/proxies/app") == ["name": "app"])
    #expect(match("/api/proxies/{name}", "/api/proxies/") == nil)
    #expect(match("/api/proxies/{name}", "/api/proxies/a/b") == nil)
    #expect(match("/api/badges/{name}.svg", "/api/badges/a.b.svg") == ["name": "a.b"])
    #expect(match("/api/badges/{name}.svg", "/api/badges/.svg") == nil)
    #expect(match("/health", "/health/") == nil)
  }

  @Test func `percent-encoding is undone once, and only where it is right`() {
    #expect(PercentCoding.decoded("a%2Fb%20c+d") == "a/b c+d")
    #expect(PercentCoding.decoded("%252F") == "%2F")
    for wrong in ["%", "%2", "%zz", "%ff", "%c3"] { #expect(PercentCoding.decoded(wrong) == nil) }
    #expect(PercentCoding.query("a=1&b=x+y%26&c&a=2") == ["a": "2", "b": "x y&", "c": ""])
    #expect(PercentCoding.query("a=%ff") == nil)
  }

  @Test func `a request's id is taken when it is plain`() {
    #expect(Router.correlation("abc-1.2:3_4") == "abc-1.2:3_4")
    for wrong in [nil, "", "a b", "a\"b", "ä", String(repeating: "x", count: 129), "a\u{1b}"] {
      let made = Router.correlation(wrong)
      #expect(made != wrong && made.count == 16)
    }
  }
}
