import Model

extension SettingCatalog {
  static let listen = Setting.optional(
    "api.listen", 1...300,
    "Where the daemon's HTTP API listens: 127.0.0.1:9890, [::1]:9890 or unix:/run/reconciler.sock.",
    flag: "listen")
  static let requiresToken = Setting.toggle(
    "api.require_token", default: false, "Ask for a token on this machine, too.")
  static let allowedHosts = Setting.list(
    "api.allowed_hosts", .texts, "Names by which the API may be asked for, besides addresses and localhost.")
  static let apiCertificate = Setting.optional(
    "api.certificate", 1...4096, "File with the certificate of the API and those above it (PEM): it then speaks TLS.")
  static let apiCertificateKey = Setting.optional(
    "api.certificate_key", 1...4096, "File with the key of that certificate (PEM).")
  static let rateLimit = Setting.number(
    "api.rate_limit", 0...1_000_000, default: 100, "Requests a second of one token or address; 0: no limit.")
  static let connectionsPerAddress = Setting.number(
    "api.connections_per_address", 0...100_000, default: 256, "Connections of one address; 0: no limit.")
  static let server = Setting.optional(
    "server.url", 1...2048,
    "A daemon that commands ask instead of NPM: https://reconciler.lan:9890, or unix:/run/reconciler.sock.",
    flag: "server", variables: ["RECONCILER_SERVER"])
  static let serverToken = Setting.secret(
    "server.token", 1...4096, "Token for it; write ${env:NAME}.", variables: ["RECONCILER_TOKEN"])
  static let serverCA = Setting.optional(
    "server.ca_file", 1...4096, "CA certificates (PEM) for its https address.")
  static let allowedDestinations = Setting.list(
    "api.allowed_destinations", .texts,
    "Networks that destinations given through the API may lead to; not set: private ones, and what the files lead to.")
  static let trustedProxies = Setting.list(
    "api.trusted_proxies", .texts,
    "Networks of proxies in front of the API: what they say in X-Forwarded-For is who asks, for api.rate_limit.")
  static let apiTokens = Setting.list(
    "api.tokens", .list(apiToken, key: "name", shorthands: []), "Tokens besides those of 'reconciler token'.")

  private static let apiToken: [FieldSchema] = [
    FieldSchema("name", .string(1...100), "Whose it is; the name stands in the events that it causes."),
    FieldSchema(
      "role", .choice(Role.allCases.map(\.rawValue)), defaultValue: .string(Role.read.rawValue), "What it may do."),
    FieldSchema("token", .string(1...4096), "A reference, ${env:NAME} or ${file:PATH}, to at least 20 characters."),
  ]

  static let api: [SettingDefinition] = [
    listen.definition, requiresToken.definition, apiTokens.definition, allowedHosts.definition,
    apiCertificate.definition, apiCertificateKey.definition, rateLimit.definition, connectionsPerAddress.definition,
    allowedDestinations.definition, trustedProxies.definition, server.definition, serverToken.definition,
    serverCA.definition,
  ]
}
