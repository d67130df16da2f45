import API
import Configuration
import DesiredFiles
import Hashing
import Model
import Platform
import Reports
import Store

/// `reconciler token`: who may ask the daemon's HTTP API.
enum TokenCommand {
  private static let role = FlagDefinition(
    "role", value: "ROLE", choices: Role.allCases.map(\.rawValue), "What it may do; default: read")
  private static let expires = FlagDefinition(
    "expires", value: "DURATION", "When it stops to open anything, such as 90d; default: never")

  static let definition = CommandDefinition(
    name: "token", summary: "Make, list or revoke tokens for the HTTP API",
    discussion: """
      'create NAME' shows a token once: the store keeps its SHA-256 only. Send it as 'Authorization: Bearer TOKEN'. A revoked
      token opens nothing after two seconds. Roles: read; write, which includes read; admin, which includes both.
      """,
    arguments: [
      ArgumentDefinition(name: "ACTION", choices: ["create", "list", "revoke"], summary: "What to do"),
      ArgumentDefinition(name: "NAME", isOptional: true, summary: "Of the token, such as ci or grafana"),
    ],
    flags: [role, expires], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    let arguments = invocation.arguments.positional
    if arguments[0] == "list" {
      guard arguments.count == 1 else { throw UsageError(message: "'token list' takes no name") }
      return try await list(context)
    }
    guard arguments.count == 2 else { throw UsageError(message: "'token \(arguments[0])' needs a name") }
    return arguments[0] == "create"
      ? try await create(arguments[1], context) : try await revoke(arguments[1], context)
  }

  private static func create(_ name: String, _ context: CommandContext) async throws -> ExitCode {
    let arguments = context.invocation.arguments
    guard ResourceName.isRight(name) else {
      throw UsageError(
        message: "'\(name)' is no name for a token",
        hint: ResourceName.hint)
    }
    let secret = Secret("rec_" + Hex.digits((0..<32).map { _ in UInt8.random(in: .min ... .max) }))
    let now = Timestamp.now
    let chosen = arguments.value(role).flatMap(Role.init) ?? .read
    let token = AccessToken(
      name: name, role: chosen, digest: AccessToken.digest(of: secret), createdAt: now,
      expiresAt: try arguments.length(expires).map { now + $0 })
    guard try await context.stores(createsIt: true).tokens.add(token) else {
      throw CommandFailure(
        .failure,
        [
          Diagnostic(
            .nameTaken, "there is a token '\(name)' already", hint: "revoke it first, or choose another name")
        ])
    }
    await note("TokenCreated", "the token '\(name)' was made, with the role '\(chosen.rawValue)'", name, context)
    let console = context.invocation.console
    if console.format == .json {
      try console.result(json: .object(members(token).merging(["token": .string(secret.reveal())]) { $1 }))
    } else {
      try console.result("\(secret.reveal())")
      console.remark("It is shown only now. It may \(sentence(chosen))\(end(token)).")
    }
    return .success
  }

  private static func sentence(_ role: Role) -> String {
    switch role {
    case .read: "read"
    case .write: "read and write"
    case .admin: "do everything"
    }
  }

  private static func end(_ token: AccessToken) -> String {
    token.expiresAt.map { ", until \($0.iso8601)" } ?? ""
  }

  private static func revoke(_ name: String, _ context: CommandContext) async throws -> ExitCode {
    guard try await context.stores(createsIt: false).tokens.revoke(name) else {
      if context.settings.api?.tokens.contains(where: { $0.name == name }) == true {
        throw CommandFailure(
          .failure,
          [
            Diagnostic(
              .unknownName, "the token '\(name)' stands in the settings",
              hint: "take it out of api.tokens, and restart the daemon")
          ])
      }
      throw CommandFailure(
        .failure, [Diagnostic(.unknownName, "there is no token '\(name)'", hint: "'reconciler token list' shows all")])
    }
    await note("TokenRevoked", "the token '\(name)' was revoked", name, context)
    try context.invocation.console.result("Revoked '\(name)'.")
    return .success
  }

  private static func list(_ context: CommandContext) async throws -> ExitCode {
    let tokens = try await context.stores(createsIt: false).tokens.tokens()
    let fixed = context.settings.api?.tokens ?? []
    let console = context.invocation.console
    if console.format == .json {
      try console.result(
        json: [
          "format_version": "1",
          "tokens": .array(
            tokens.map { .object(members($0).merging(["source": "store"]) { $1 }) }
              + fixed.map {
                ["name": .string($0.name), "role": .string($0.role.rawValue), "source": "settings"]
              }),
        ])
      return .success
    }
    var lines = tokens.map { token -> TerminalText in
      let isOver = token.expiresAt.map { $0 <= .now } ?? false
      let end = token.expiresAt.map { isOver ? ", expired" : ", until \($0.iso8601)" } ?? ""
      return "\(token.name)  \(token.role.rawValue), made \(token.createdAt.iso8601)\(end)"
    }
    lines += fixed.map { "\($0.name)  \($0.role.rawValue), in the settings" }
    try console.result(lines.isEmpty ? "No tokens." : lines.joined(separator: "\n"))
    return .success
  }

  private static func members(_ token: AccessToken) -> [String: JSONValue] {
    [
      "name": .string(token.name), "role": .string(token.role.rawValue),
      "created_at": .string(token.createdAt.iso8601),
      "expires_at": token.expiresAt.map { .string($0.iso8601) } ?? .null,
    ]
  }

  private static func note(_ reason: String, _ message: String, _ name: String, _ context: CommandContext) async {
    await context.append([
      Event(
        .info, source: "api", subject: "token/\(name)", reason: reason, message, correlation: context.correlation)
    ])
  }
}
