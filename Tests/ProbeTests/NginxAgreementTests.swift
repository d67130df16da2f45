import Curl
import Foundation
import Model
import Platform
import Probe
import TestSupport
import Testing

/// Many kinds of backend, each requested by our check and by Debian's nginx with NPM's configuration. Both must come to
/// the same verdict: a status below 500 is a working service.
@Suite struct NginxAgreementTests {
  /// A backend: its address and its behaviour.
  private struct Backend {
    var name: String
    var scheme = "http"
    var host = "127.0.0.1"
    var port: Int
    /// Whether visitors can use it.
    var isUsable: Bool
  }

  private static let addresses = [
    "two.backends": ["127.0.0.9", "127.0.0.1"], "no.backends": ["127.0.0.8", "127.0.0.9"],
  ]

  @Test(.timeLimit(.minutes(5))) func `our check and nginx agree on every backend`() async throws {
    let scratch = try Scratch()
    let (double, place) = try await OutsideProgram.serve(
      ["/usr/bin/python3", "\(Fixtures.directory)/servers/backends.py"], in: scratch.path, mark: "ports ")
    let odd = try JSONDecoder().decode([String: Int].self, from: Data(place.utf8))
    let front = try reservedPort()
    let (backends, blocks) = try await backends(odd, in: scratch)
    let http = (blocks + [Self.front(backends, on: front)]).joined(separator: "\n")
    let nginx = try await NginxProgram(
      NginxProgram.configuration(http, in: scratch.path), in: scratch.path, answersOn: front)
    var table = ["backend                     nginx   check"]
    for (index, backend) in backends.enumerated() {
      let served = await status(front, index)
      let result = await prober(patience: backend.name.hasSuffix("mute") ? 2 : 60).probe(
        ProbeTarget(
          name: backend.name, scheme: backend.scheme, host: backend.host, port: backend.port,
          domain: "case-\(index).test"))
      let verdict = result.failure?.error ?? "ok \(result.steps[3].detail ?? "")"
      table.append(
        backend.name.padding(toLength: 28, withPad: " ", startingAt: 0)
          + "\(served)".padding(toLength: 8, withPad: " ", startingAt: 0) + verdict)
      #expect(result.isOK == (served < 500), "\(backend.name): nginx \(served), \(verdict)")
      #expect(result.isOK == backend.isUsable, "\(backend.name): \(verdict)")
      // A backend that accepts connections is up, whatever follows.
      #expect(!backend.name.hasSuffix("mute") || result.failure?.step == .http, "\(backend.name): \(verdict)")
    }
    print(table.joined(separator: "\n"))
    #expect(backends.count >= 20)
    await nginx.stop()
    double.terminate()
  }

  private func prober(patience: Double) -> Prober {
    var settings = ProbeSettings()
    settings.tcpTimeout = patience
    settings.httpTimeout = patience
    return Prober(settings: settings, engine: CurlEngine()) { name in
      Self.addresses[name].map { .addresses($0) } ?? .failed("no such name")
    }
  }

  /// The status for a visitor of the host in front of a backend.
  private func status(_ port: Int, _ index: Int) async -> Int {
    var transfer = HTTPTransfer(url: "http://127.0.0.1:\(port)/")
    transfer.headers = [("Host", "case-\(index).test")]
    transfer.usesFreshConnection = true
    transfer.endsWithHeaders = true
    return (try? await CurlEngine(maximumLive: 1).perform(transfer))?.status ?? 599
  }

  // MARK: nginx in front

  /// NPM's template for proxy hosts, limited to what affects the backend. Names go through `upstream`, because nginx
  /// would otherwise send DNS queries for them.
  private static func front(_ backends: [Backend], on port: Int) -> String {
    let hosts = backends.enumerated().map { index, backend in
      let isName = addresses[backend.host] != nil
      let target = isName ? "\(backend.scheme)://\(backend.host)" : "$forward_scheme://$server:$port$request_uri"
      return """
        server {
          set $forward_scheme \(backend.scheme);
          set $server "\(backend.host)";
          set $port \(backend.port);
          listen 127.0.0.1:\(port);
          server_name case-\(index).test;
          location / {
            add_header X-Served-By $host;
            proxy_http_version 1.1;
            proxy_read_timeout 2s;
            proxy_connect_timeout 2s;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Scheme $scheme;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_pass \(target);
          }
        }
        """
    }
    let groups = addresses.map { name, list in
      let port = backends.first { $0.host == name }?.port ?? 80
      return "upstream \(name) { \(list.map { "server \($0):\(port);" }.joined(separator: " ")) }"
    }
    return (groups + hosts).joined(separator: "\n")
  }

  // MARK: Backends

  private func backends(_ odd: [String: Int], in scratch: Scratch) async throws -> (all: [Backend], blocks: [String]) {
    var all: [Backend] = []
    var blocks: [String] = []
    func serve(
      _ name: String, _ rest: String, scheme: String = "http", host: String = "127.0.0.1", listen: String = "",
      address: String? = nil, isUsable: Bool = true
    ) async throws {
      let port = try reservedPort()
      all.append(Backend(name: name, scheme: scheme, host: host, port: port, isUsable: isUsable))
      let body = rest.replacing("PORT", with: "\(address ?? host):\(port) \(listen)")
      blocks.append(body.hasPrefix("server") ? body : "server { listen \(address ?? host):\(port) \(listen); \(body) }")
    }
    let fine = "location / { return 200 fine; }"
    try await serve("plain", fine)
    try await serve(
      "routes by Host",
      "server { listen PORT; return 503; } server { listen PORT; server_name ~^case-\\d+.test$; return 200 fine; }")
    try await serve(
      "routes another Host",
      "server { listen PORT; return 503; } server { listen PORT; server_name other.test; return 200 fine; }",
      isUsable: false)
    try await serve("HTTP/2 alone", fine, listen: "http2", isUsable: false)
    try await serve("redirects for ever", "return 302 $scheme://$host/;")
    for status in [401, 403, 404, 429] { try await serve("answers \(status)", "return \(status);") }
    for status in [500, 503] { try await serve("answers \(status)", "return \(status);", isUsable: false) }
    try await serve("IPv6 alone", fine, host: "[::1]")
    try await serve("two addresses, one dead", fine, host: "two.backends", address: "127.0.0.1")
    let closed = try reservedPort()
    all.append(Backend(name: "two addresses, both dead", host: "no.backends", port: closed, isUsable: false))
    all.append(Backend(name: "nothing there", port: closed, isUsable: false))
    try await serve("no TLS where it is asked for", fine, scheme: "https", isUsable: false)
    try await serve("TLS where none is asked for", try tls("plain", ["x.test"], in: scratch) + fine, listen: "ssl")

    let authority = try TestCertificate.make(names: ["root.test"], days: 9999, isAuthority: true)
    let over = try TestCertificate.make(names: ["middle.test"], days: 1, issuer: authority, isAuthority: true)
    let secure: [(String, String)] = [
      ("TLS, self-signed", try tls("self", ["case.test"], in: scratch)),
      ("TLS, certificate over", try tls("over", ["case.test"], days: 1, in: scratch)),
      ("TLS, another name", try tls("other", ["nobody.test"], in: scratch)),
      ("TLS, intermediate over", try tls("chain", ["case.test"], issuer: over, in: scratch)),
    ]
    for (name, certificate) in secure {
      try await serve(name, certificate + fine, scheme: "https", listen: "ssl")
    }
    try await serve(
      "TLS, HTTP/2 offered", try tls("h2", ["case.test"], in: scratch) + fine, scheme: "https", listen: "ssl http2")
    let named = try tls("named", ["case.test"], in: scratch)
    try await serve(
      "TLS, by name alone",
      "server { listen PORT ssl default_server; ssl_reject_handshake on; } "
        + "server { listen PORT ssl; server_name ~^case-\\d+.test$; \(named) \(fine) }",
      scheme: "https", listen: "", isUsable: false)
    if let port = odd["mute"] { all.append(Backend(name: "TLS, mute", scheme: "https", port: port, isUsable: false)) }
    let isUsable = ["closes": false, "mute": false]
    for (name, port) in odd.sorted(by: { $0.key < $1.key }) {
      all.append(Backend(name: name, port: port, isUsable: isUsable[name] ?? true))
    }
    return (all, blocks)
  }

  private func tls(
    _ file: String, _ names: [String], days: Int = 9999, issuer: TestCertificate? = nil, in scratch: Scratch
  ) throws -> String {
    let made = try TestCertificate.make(names: names, days: days, issuer: issuer)
    let pem = try scratch.write("\(file).pem", made.certificate + (issuer?.certificate ?? ""))
    let key = try scratch.write("\(file).key", made.key)
    return "ssl_certificate \(pem); ssl_certificate_key \(key); "
  }
}
