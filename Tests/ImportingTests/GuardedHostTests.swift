import DesiredFiles
import Importing
import Model
import Testing

/// A host must never be written as managed if it would be open where its tool guards it, or lead elsewhere. Each file here serves
/// `a.test` with something that has no counterpart, or that the files do not tell.
@Suite struct GuardedHostTests {
  private static func service(_ labels: [String], _ more: String = "") -> String {
    "services:\n  web:\n    image: x\n    expose: ['80']\n    labels:\n"
      + labels.map { "      - \($0)\n" }.joined() + more
  }

  private static let rule = "traefik.http.routers.r.rule=Host(`a.test`)"
  private static let sync = "npm.proxy.domains=a.test"

  static let traefik: [(String, String)] = [
    ("a middleware of another place", service([rule, "traefik.http.routers.r.middlewares=auth@file"])),
    (
      "a middleware that only has a local namesake",
      service([rule, "traefik.http.routers.r.middlewares=sec@file", "traefik.http.middlewares.sec.compress=true"])
    ),
    (
      "basic auth, in other letters",
      service([
        "traefik.http.routers.R.rule=Host(`a.test`)", "traefik.http.routers.r.middlewares=auth",
        "traefik.http.middlewares.auth.basicauth.users=u:h",
      ])
    ),
    (
      "an address list",
      service([
        rule, "traefik.http.routers.r.middlewares=m", "traefik.http.middlewares.m.ipallowlist.sourcerange=10.0.0.0/8",
      ])
    ),
    (
      "headers that redirect",
      service([rule, "traefik.http.routers.r.middlewares=m", "traefik.http.middlewares.m.headers.sslredirect=true"])
    ),
    (
      "client certificates",
      service([rule, "traefik.http.routers.r.tls=true", "traefik.http.routers.r.tls.options=mtls@file"])
    ),
    (
      "a priority among rivals",
      service([
        rule, "traefik.http.routers.r.priority=5", "traefik.http.routers.p.rule=Host(`a.test`) && PathPrefix(`/x`)",
      ])
    ),
    (
      "a guarded path that cannot be expressed",
      service([
        rule, "traefik.http.routers.p.rule=Host(`a.test`) && PathRegexp(`^/x`)",
        "traefik.http.routers.p.middlewares=auth@file",
      ])
    ),
    (
      "a guarded path of some domains",
      service([
        "traefik.http.routers.r.rule=Host(`a.test`) || Host(`b.test`)",
        "traefik.http.routers.p.rule=Host(`a.test`) && PathPrefix(`/x`)",
        "traefik.http.routers.p.middlewares=auth@file",
      ])
    ),
    (
      "a path that only TLS serves",
      service([
        rule, "traefik.http.routers.r.entrypoints=web",
        "traefik.http.routers.p.rule=Host(`a.test`) && PathPrefix(`/x`)", "traefik.http.routers.p.tls=true",
      ])
    ),
    ("a domain of two routers", service([rule, "traefik.http.routers.q.rule=Host(`a.test`) || Host(`b.test`)"])),
    ("a service of another place", service([rule, "traefik.http.routers.r.service=nas@file"])),
    ("an inner service", service([rule, "traefik.http.routers.r.service=api@internal"])),
    ("a URL as the target", service([rule, "traefik.http.services.s.loadbalancer.server.url=http://elsewhere"])),
    ("an unknown option", service([rule, "traefik.http.routers.r.observability.metrics=false"])),
    ("a switch that is neither", service([rule, "traefik.enable=perhaps"])),
    ("a switch behind nested defaults", service([rule, "traefik.enable=${A:-${B:-perhaps}}"])),
    (
      "labels of two kinds",
      service([rule], "    deploy: { labels: { traefik.http.routers.r.middlewares: auth@file } }\n")
    ),
    (
      "a label that is a list",
      "services:\n  web:\n    image: x\n    expose: ['80']\n    labels:\n      traefik.http.routers.r.rule: Host(`a.test`)\n      traefik.http.routers.r.middlewares: [auth]\n"
    ),
    ("something that extends", service([rule], "    extends: { service: base }\n")),
    ("a file of labels", service([rule], "    label_file: more.labels\n")),
    (
      "a guard of an entry point",
      service(
        [rule],
        "  traefik:\n    image: traefik:v3\n    command: ['--entrypoints.web.address=:80', '--entrypoints.web.http.middlewares=auth@file']\n"
      )
    ),
    ("too many ports", "services:\n  web:\n    image: x\n    expose: ['80', '81']\n    labels: [\(rule)]\n"),
    ("a network of another container", service([rule], "    network_mode: service:vpn\n")),
  ]

  private static func traefik(_ command: String, _ more: String = "") -> String {
    "  traefik:\n    image: traefik:v3\n    command: [\(command)]\n\(more)"
  }

  private static let web = "traefik.http.routers.r.entrypoints=web"
  private static let tls = "traefik.http.routers.r.tls=true"

  static let entryPoints: [(String, String)] = [
    (
      "an entry point that the command does not name",
      service([rule, "traefik.http.routers.r.entrypoints=lan"], traefik("'--entrypoints.web.address=:80'"))
    ),
    (
      "client certificates of an entry point",
      service([rule, web], traefik("'--entrypoints.web.http.tls.options=mtls@file'"))
    ),
    ("a guard with one dash", service([rule, web], traefik("'-entrypoints.web.http.middlewares=auth@file'"))),
    ("a guard as the next word", service([rule, web], traefik("'--entrypoints.web.http.middlewares', 'auth@file'"))),
    ("a guard in a variable", service([rule, web], traefik("'--entrypoints.web.http.middlewares=${MW}'"))),
    (
      "a port of its own",
      service([rule, web], traefik("'--entrypoints.web.address=:8443'", "    ports: ['8443:8443']\n"))
    ),
    (
      "a redirection without TLS",
      service(
        [rule, web],
        traefik("'--entrypoints.web.http.redirections.entrypoint.to=websecure', '--entrypoints.websecure.address=:443'")
      )
    ),
    (
      "services that Traefik does not take",
      service([rule, web], traefik("'--entrypoints.web.address=:80', '--providers.docker.constraints=Label(`a`)'"))
    ),
    (
      "a guard without a Host",
      service([
        rule, "traefik.http.routers.p.rule=PathPrefix(`/admin`)", "traefik.http.routers.p.middlewares=auth@file",
      ])
    ),
    (
      "a guard by a pattern",
      service([rule, "traefik.http.routers.p.rule=HostRegexp(`.+`)", "traefik.http.routers.p.middlewares=auth@file"])
    ),
    (
      "a guard by what it is not",
      service([rule, "traefik.http.routers.p.rule=!Host(`b.test`)", "traefik.http.routers.p.middlewares=auth@file"])
    ),
    (
      "a guard with a blank",
      service([
        rule, "traefik.http.routers.p.rule=Host (`a.test`) && PathRegexp(`x`)",
        "traefik.http.routers.p.middlewares=auth@file",
      ])
    ),
    (
      "a guard in small letters",
      service([
        rule, "traefik.http.routers.p.rule=host(`a.test`) && pathprefix(`/x`)",
        "traefik.http.routers.p.middlewares=auth@file",
      ])
    ),
    (
      "a path that redirects to TLS",
      service([
        rule, web, "traefik.http.routers.s.rule=Host(`a.test`)", "traefik.http.routers.s.tls=true",
        "traefik.http.routers.p.rule=Host(`a.test`) && PathPrefix(`/x`)", "traefik.http.routers.p.middlewares=m",
        "traefik.http.middlewares.m.redirectscheme.scheme=https",
      ])
    ),
    (
      "two ports of one container",
      service([
        rule, "traefik.http.routers.r.service=x", "traefik.http.routers.q.rule=Host(`a.test`)",
        "traefik.http.routers.q.service=y", "traefik.http.services.x.loadbalancer.server.port=80",
        "traefik.http.services.y.loadbalancer.server.port=81",
      ])
    ),
    (
      "a load balancer of two",
      service(
        [rule, "traefik.http.services.s.loadbalancer.server.port=80"],
        "  other:\n    image: y\n    labels: ['traefik.http.services.s.loadbalancer.server.port=81']\n")
    ),
    (
      "a header that strips an identity",
      service([
        rule, "traefik.http.routers.r.middlewares=m",
        "traefik.http.middlewares.m.headers.customrequestheaders.Remote-User=",
      ])
    ),
    (
      "a rule that is longer than that of the path",
      service([
        "traefik.http.routers.r.rule=Host(`a.test`) && PathPrefix(`/`)",
        "traefik.http.routers.p.rule=Host(`a.test`) && Path(`/x`)",
      ])
    ),
    ("a star", service(["traefik.http.routers.r.rule=Host(`*.a.test`) || Host(`a.test`)"])),
    (
      "a service that does not see the name",
      service([rule, "traefik.http.services.s.loadbalancer.passhostheader=False"])
    ),
    (
      "a list in a list of labels",
      "services:\n  web:\n    image: x\n    expose: ['80']\n    labels:\n      - \(rule)\n      - [x]\n"
    ),
    (
      "a guarded namesake of another tool",
      service([rule, "traefik.http.routers.r.middlewares=auth@file", "npm.proxy.domains=a.test"])
    ),
  ]

  static let labelled: [(String, String)] = [
    ("a list of the preferred prefix", service([sync, "npm.proxy.accesslist.id=3", "npm-proxy.accesslist.id=0"])),
    ("a list that is no number", service([sync, "npm.proxy.accesslist.id=lan"])),
    ("defaults that are elsewhere", service([sync], "  sync:\n    image: redth/npm-docker-sync\n    env_file: .env\n")),
    ("a variable without a value", service([sync, "npm.proxy.ssl.force=${FORCE}"])),
    ("a host network", service([sync], "    network_mode: host\n")),
    (
      "defaults of the shell",
      service([sync], "  npm-docker-sync:\n    build: .\n    environment: [NPM_PROXY_SSL_FORCE]\n")
    ),
  ]

  static let others: [(String, String)] = [
    (
      "a list as a reference",
      "apiVersion: wyrmctl.com/v1\nproxy_hosts: [{ domain_names: [a.test], forward_host: a, forward_port: 80, access_list_ref: [x] }]\n"
    ),
    (
      "a reference to two",
      "apiVersion: wyrmctl.com/v1\naccess_lists: [{ name: a, meta: { resource_id: x } }, { name: b, meta: { resource_id: x } }]\nproxy_hosts: [{ domain_names: [a.test], forward_host: a, forward_port: 80, access_list_ref: x }]\n"
    ),
    (
      "addresses that are no list",
      "apiVersion: wyrmctl.com/v1\naccess_lists: [{ name: a, api_payload: { clients: { address: all } }, meta: { resource_id: x } }]\nproxy_hosts: [{ domain_names: [a.test], forward_host: a, forward_port: 80, access_list_ref: x }]\n"
    ),
    (
      "directives that are no text",
      "apiVersion: wyrmctl.com/v1\nproxy_hosts: [{ domain_names: [a.test], forward_host: a, forward_port: 80, locations: [{ path: /x, forward_host: b, forward_port: 80, forward_scheme: http, advanced_config: [deny] }] }]\n"
    ),
    (
      "a login in the destination",
      "apiVersion: wyrmctl.com/v1\nproxy_hosts: [{ domain_names: [a.test], forward_host: 'u:very-secret-word@a', forward_port: 80 }]\n"
    ),
    (
      "a deposed instance",
      #"{"terraform_version":"1","resources":[{"type":"nginxproxymanager_proxy_host","name":"h","instances":[{"deposed":"ab","attributes":{"domain_names":["a.test"],"forward_host":"a","forward_port":80,"forward_scheme":"http"}}]}]}"#
    ),
    (
      "a location that is no list",
      #"{"terraform_version":"1","resources":[{"type":"nginxproxymanager_proxy_host","name":"h","instances":[{"attributes":{"domain_names":["a.test"],"forward_host":"a","forward_port":80,"forward_scheme":"http","location":{"path":"/x"}}}]}]}"#
    ),
  ]

  private func imported(_ texts: [String]) -> (hosts: [String], output: String) {
    let inputs = texts.enumerated().map { Importer.Input(name: "p/file-\($0).yaml", bytes: Array($1.utf8)) }
    let result = Importer(environment: { _ in nil }, dockerHost: nil).read(inputs)
      .files(passwords: .keep, splits: false) { _ in nil }
    let text = result.files.map(\.text).joined(separator: "---\n")
    let loaded = DesiredLoader.read(Array(text.utf8), as: "x.yaml")
    let hosts = loaded.state.resources.filter { $0.key.kind == .proxyHost }.flatMap(\.spec.claims)
    return (hosts, text + result.warnings.map { $0.message + ($0.hint ?? "") }.joined(separator: "\n"))
  }

  @Test(arguments: (traefik + entryPoints + labelled + others).map(\.0)) func `it stands there as a comment`(
    name: String
  ) throws {
    let file = try #require((Self.traefik + Self.entryPoints + Self.labelled + Self.others).first { $0.0 == name }).1
    let (hosts, output) = imported([file])
    #expect(!hosts.contains("a.test"), "\(output)")
    #expect(!output.contains("very-secret-word"))
  }

  @Test func `without these it is managed`() {
    #expect(imported([Self.service([Self.rule])]).hosts == ["a.test"])
    #expect(imported([Self.service([Self.sync])]).hosts == ["a.test"])
  }

  /// What is common must not be refused for safety's sake.
  static let ordinary: [(String, String, String)] = [
    (
      "a directive with a variable of nginx",
      service([sync, "'npm.proxy.advanced.config=proxy_set_header X $$remote_addr;'"]),
      "advanced_config: \"proxy_set_header X $remote_addr;\""
    ),
    (
      "a redirection on a router with TLS",
      service([
        rule, "traefik.http.routers.r.entrypoints=http,https", tls, "traefik.http.routers.r.middlewares=m",
        "traefik.http.middlewares.m.redirectscheme.scheme=https",
      ]), "ssl_forced: true"
    ),
    (
      "a security header that redirects",
      service([
        rule, tls, "traefik.http.routers.r.middlewares=m", "traefik.http.middlewares.m.headers.sslredirect=true",
        "traefik.http.middlewares.m.headers.stsseconds=31536000",
      ]), "ssl_forced: true"
    ),
    (
      "a sticky cookie",
      service([
        rule, "traefik.http.services.s.loadbalancer.sticky.cookie=true",
        "traefik.http.services.s.loadbalancer.server.port=81",
      ]), "http://web:81"
    ),
    (
      "two prefixes", service([rule, "traefik.http.routers.p.rule=Host(`a.test`) && PathPrefix(`/x`, `/y`)"]),
      "path: /y"
    ),
    ("a priority without rivals", service([rule, "traefik.http.routers.r.priority=5"]), "http://web:80"),
    (
      "entry points in the command",
      service(
        [rule, "traefik.http.routers.r.entrypoints=websecure"],
        traefik(
          "'--entrypoints.web.address=:80', '--entrypoints.web.http.redirections.entrypoint.to=websecure', '--entrypoints.websecure.address=:443', '--entrypoints.websecure.http.tls.certresolver=le'"
        )), "ssl_forced: true"
    ),
    (
      "a redirection for every domain",
      service([
        rule, "traefik.http.routers.r.tls.certresolver=le", "traefik.http.routers.all.rule=HostRegexp(`{any:.+}`)",
        "traefik.http.routers.all.entrypoints=web", "traefik.http.routers.all.middlewares=m",
        "traefik.http.middlewares.m.redirectscheme.scheme=https",
      ]), "ssl_forced: true"
    ),
    (
      "a fallback of small priority",
      service([
        rule, "traefik.http.routers.f.rule=HostRegexp(`.+`)", "traefik.http.routers.f.priority=1",
        "traefik.http.routers.f.middlewares=errors@file",
      ]), "http://web:80"
    ),
  ]

  @Test(arguments: ordinary.map(\.0)) func `it is managed`(name: String) throws {
    let (_, file, text) = try #require(Self.ordinary.first { $0.0 == name })
    let (hosts, output) = imported([file])
    #expect(hosts == ["a.test"] && output.contains(text), "\(output)")
  }

  @Test func `what Docker merges is not taken apart`() {
    let (hosts, output) = imported([
      Self.service([Self.rule]), "services: { web: { labels: { traefik.http.routers.r.middlewares: auth@file } } }\n",
    ])
    #expect(hosts.isEmpty && output.contains("docker compose config"), "\(output)")
  }

  @Test func `an object is not called like one that only NPM has`() {
    let state = #"""
      {"format_version":"1.0","values":{"root_module":{"resources":[
      {"mode":"data","type":"nginxproxymanager_access_list","name":"x","values":{"id":9,"name":"lan"}},
      {"mode":"managed","type":"nginxproxymanager_access_list","name":"lan","values":{"id":2,"name":"Everyone","access":[{"address":"all","directive":"allow"}]}},
      {"mode":"managed","type":"nginxproxymanager_proxy_host","name":"h","values":{"access_list_id":9,"domain_names":["a.test"],"forward_host":"a","forward_port":80,"forward_scheme":"http"}}]}}}
      """#
    let output = imported([state]).output
    #expect(output.contains("access_list: lan\n") && !output.contains("\n  lan:"), "\(output)")
  }

  @Test func `two that want one domain are not both managed`() {
    let file =
      "apiVersion: wyrmctl.com/v1\nproxy_hosts:\n"
      + "  - { domain_names: [a.test], forward_host: a, forward_port: 80 }\n"
      + "  - { domain_names: [A.test, b.test], forward_host: b, forward_port: 80 }\n"
    #expect(imported([file]).hosts == ["a.test"])
  }

  @Test func `a value of a variable is in no text`() {
    let file = Self.service([
      Self.sync, "'npm.proxy.advanced.config=proxy_set_header X \"${KEY}\";'", "npm.proxy.1.domains=b.test",
      "npm.proxy.1.port=${KEY}",
    ])
    let input = Importer.Input(name: "c.yaml", bytes: Array(file.utf8), variables: "KEY=very-secret-word # it is\n")
    let result = Importer(environment: { _ in nil }, dockerHost: nil).read([input])
      .files(passwords: .keep, splits: false) { _ in nil }
    let text = result.files.map(\.text).joined() + result.warnings.map(\.message).joined()
    #expect(text.contains("${KEY}") && !text.contains("very-secret-word"), "\(text)")
  }

  @Test func `what cannot be read is not quoted, and deep or broad rules end`() {
    let broken = imported(["apiVersion: wyrmctl.com/v1\naccess_lists: [{ items: [{ password: *very-secret-word }] }]\n"]
    )
    #expect(broken.hosts.isEmpty)
    let draft = Importer(environment: { _ in nil }, dockerHost: nil).read([
      .init(name: "x.yaml", bytes: Array("password: *very-secret-word\n".utf8))
    ])
    #expect(draft.diagnostics.hasErrors && !draft.diagnostics.contains { $0.message.contains("secret") })
    let deep = "traefik.http.routers.r.rule=" + String(repeating: "(", count: 20_000) + "Host(`a.test`)"
    #expect(imported([Self.service([deep])]).hosts.isEmpty)
    let names = (0..<9000).map { "Host(`h\($0)`)" }.joined(separator: "||")
    #expect(imported([Self.service(["traefik.http.routers.r.rule=(\(names)) && (\(names))"])]).hosts.isEmpty)
    #expect(
      imported(["services: { web: { image: x, ports: ['', '${NONE}', ':', '/'], labels: [\(Self.sync)] } }\n"]).hosts
        .isEmpty)
  }
}
