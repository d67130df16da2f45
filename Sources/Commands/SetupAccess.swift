import Configuration
import Model
import NPMClient
import Platform
import Upstream

/// How `init` gets to NPM: its address and an account, each tried at once.
struct SetupAccess {
  /// What is written into the settings.
  struct Access {
    var url: String
    var identity: String
    var secret: Secret
    /// The variable that holds the password; nil: it goes into a file.
    var variable: String?
  }

  private let context: CommandContext
  private let interview: Interview
  private var console: Console { context.invocation.console }
  private var settings: Settings { context.settings }

  init(_ context: CommandContext, _ interview: Interview) {
    self.context = context
    self.interview = interview
  }

  func ask() async throws -> Access {
    let url = try await address()
    var proposal: String? = settings.npmIdentity.isEmpty ? nil : settings.npmIdentity
    while true {
      let identity = try interview.text(
        "E-mail address of an account in NPM", proposal: proposal, way: "export NPM_IDENTITY")
      do {
        return try await account(url, identity)
      } catch let error as NPMError where interview.isInteractive && error.code == .upstreamAuth {
        console.error(Diagnostic(error.code, error.message))
        proposal = identity
      }
    }
  }

  // MARK: Address

  private func address() async throws -> String {
    let finder = NPMFinder(transport: context.engine, caFile: settings.npmConfiguration.caFile)
    var proposal: String? = settings.npmURL.isEmpty ? nil : settings.npmURL
    if proposal == nil { proposal = await finder.first(of: NPMFinder.usual)?.url }
    while true {
      let text = try interview.text(
        "NPM's address", proposal: proposal, way: "export NPM_URL=http://npm.lan:81, or give --npm-url")
      do {
        let url = try NPMAddress.checked(text.contains("://") ? text : "http://\(text)")
        let server = try await finder.look(at: url)
        // Before any password is sent there.
        console.remark("  \(url) is Nginx Proxy Manager \(server.version)")
        guard server.isSetUp else {
          throw NPMError.notSetUp("this NPM")
        }
        return url
      } catch let error as SettingsError where interview.isInteractive {
        for diagnostic in error.diagnostics { console.error(diagnostic) }
      } catch let error as SettingsError {
        throw CommandFailure(.invalid, error.diagnostics)
      } catch let error as NPMError {
        let other = await finder.first(of: NPMFinder.alternatives(to: text))
        let hint = other.map { "\($0.url) answers as NPM \($0.server.version)" } ?? error.hint
        guard interview.isInteractive else {
          throw CommandFailure(.failure, [Diagnostic(error.code, error.message, hint: hint)])
        }
        console.error(Diagnostic(error.code, error.message, hint: hint))
        proposal = other?.url ?? proposal
      }
    }
  }

  // MARK: Account

  private func account(_ url: String, _ identity: String) async throws -> Access {
    let isGiven = !settings.npmSecret.reveal().isEmpty
    let secret = try interview.secret("Its password", given: settings.npmSecret, way: "export NPM_SECRET")
    let gateway = context.gateway(url, NPMCredentials(identity: identity, secret: secret))
    let account = try await gateway.account()
    console.remark("  \(account.email) can log in\(account.isAdministrator ? ", and is an administrator" : "")")
    let arguments = context.invocation.arguments
    let creates =
      arguments.has(InitCommand.createAccount)
      || (account.isAdministrator && interview.isInteractive
        && interview.agrees("Make an account of its own for reconciler, which may only manage hosts?", proposal: true))
    if creates { return try await made(by: gateway, url) }
    if let lacking = Doctor.rights(account).first(where: { $0.state == .failed }) {
      throw CommandFailure(.failure, [Diagnostic(.npmForbidden, lacking.message, hint: lacking.hints.first)])
    }
    // What came from the environment stays there.
    return Access(url: url, identity: identity, secret: secret, variable: isGiven ? "NPM_SECRET" : nil)
  }

  private func made(by gateway: RESTGateway, _ url: String) async throws -> Access {
    // One that is there already, as of an earlier folder, stays: nothing has its password.
    let email: String =
      if let named = context.invocation.arguments.value(InitCommand.account) { named } else {
        try await gateway.freeAddress(like: "reconciler@npm.local")
      }
    let letters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
    var random = SystemRandomNumberGenerator()
    let secret = Secret(String((0..<32).map { _ in letters[Int.random(in: letters.indices, using: &random)] }))
    let account = try await gateway.createAccount(email: email, secret: secret)
    // Only a login proves that the password is that of this account.
    let own = try await context.gateway(url, NPMCredentials(identity: email, secret: secret)).account()
    guard own == account else {
      throw CommandFailure(
        .failure, [Diagnostic(.npmUnclear, "NPM logs \(email) in as another account", hint: "look at NPM's users")])
    }
    console.remark("  the account \(email) is made, and may manage hosts, lists and certificates")
    return Access(url: url, identity: email, secret: secret, variable: nil)
  }
}
