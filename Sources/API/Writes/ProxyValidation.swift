import Daemon
import DesiredFiles
import HTTPServer
import Model
import Planning
import Platform
import Probe
import Reconciler
import Reports

/// `POST /api/proxies/validate`: all that a write would look at, and nothing that it would do.
struct ProxyValidation {
  private let source: APISource
  private let destinations: DestinationDesk
  /// How many more may be validated now.
  private let places = Lock(8)

  init(_ source: APISource, _ destinations: DestinationDesk) {
    self.source = source
    self.destinations = destinations
  }

  static let shape = Shape.object([
    "ok": ["type": "boolean"], "diagnostics": ["type": "array", "items": ["type": "object"]],
    "destinations": ["type": "array", "items": ["type": "object"]],
  ])

  private struct Body: Encodable {
    var ok: Bool
    var diagnostics: [DiagnosticReport]
    var destinations: [DestinationReport]

    init(_ diagnostics: [Diagnostic], _ results: [ProbeResult] = []) {
      ok = !diagnostics.hasErrors
      self.diagnostics = diagnostics.map(DiagnosticReport.init)
      destinations = results.map(DestinationReport.init)
    }
  }

  /// What was written is no proxy host at all.
  private static let shapeless: Set<DiagnosticCode> = [.unknownKey, .wrongType, .missingKey, .badValue, .portRange]

  func respond(_ request: APIRequest) async throws -> HTTPResponse {
    // Each waits for destinations that its caller names: not more than a few at once.
    guard
      places.withLock({ places in
        guard places > 0 else { return false }
        places -= 1
        return true
      })
    else {
      throw Problem(
        503, .apiBusy, "others are being validated", hint: "come back in a moment", headers: [("Retry-After", "2")])
    }
    defer { places.withLock { $0 += 1 } }
    var fields = try JSONBody(request, known: nil).members
    let given = fields.removeValue(forKey: "name")
    let name = given?.stringValue ?? "validate-\(request.correlation.filter(\.isHexDigit).prefix(16))"
    guard given == nil || given?.stringValue != nil, ResourceName.isRight(name) else {
      throw Problem(422, .badName, "'name' is no name for a proxy host", hint: ResourceName.hint)
    }
    // Whoever may not write them may not have them read either.
    if request.principal?.role != .admin, fields.values.contains(where: GuardedFields.refersToSecret) {
      throw Problem(403, .apiForbidden, "{ env } and { file } need a token with the role 'admin'")
    }
    let key = ResourceKey(.proxyHost, name)
    let found = try await look(key, fields, request)
    return .json(found)
  }

  private func look(_ key: ResourceKey, _ fields: [String: JSONValue], _ request: APIRequest) async throws -> Body {
    let hasDefault = source.orders.hasDefaultCertificate
    let proposal: EntryEdit.Proposal
    do {
      proposal = try await source.orders.source.proposal { edit, before in
        guard let known = before.resources.first(where: { $0.key == key }) else {
          return try WriteOrder.create(key, fields, edit, hasDefaultCertificate: hasDefault)
        }
        return try edit.replace(known, fields)
      }
    } catch let problem as EntryEdit.Problem {
      return Body([Diagnostic(.notEditable, problem.message, at: problem.location)])
    } catch SourceEditProblem.invalid(let diagnostics) {
      return Body(diagnostics)
    } catch SourceEditProblem.failed(let diagnostic) {
      throw Problem(503, diagnostic.code, diagnostic.message, hint: diagnostic.hint, headers: [("Retry-After", "5")])
    }
    return try await judge(key, proposal, request)
  }

  private func judge(_ key: ResourceKey, _ proposal: EntryEdit.Proposal, _ request: APIRequest) async throws -> Body {
    let errors = proposal.loaded.diagnostics.filter { $0.severity == .error }
    if errors.contains(where: { Self.shapeless.contains($0.code) }) {
      var problem = Problem(errors)
      problem.status = 422
      throw problem
    }
    guard errors.isEmpty, let wanted = proposal.loaded.state.resources.first(where: { $0.key == key }) else {
      return Body(errors)
    }
    do {
      _ = try await destinations.check(key, nil, proposal.loaded.state)
    } catch let problem as Problem {
      return Body([problem.diagnostic])
    }
    let order = ReconcileOrder(correlation: request.correlation, stop: ShutdownSignal())
    var diagnostics: [Diagnostic] = []
    var results: [ProbeResult] = []
    do {
      let planned = try await source.orders.plan(proposed: proposal.loaded.state, order)
      results = planned.probes[key] ?? []
      diagnostics += planned.refusals
      if let reason = planned.plan.changes.first(where: { $0.key == key })?.blockReason {
        diagnostics.append(Diagnostic(reason.code, reason.message, hint: reason.hint))
      }
    } catch {
      // Without NPM it is not known whether its domains are free.
      diagnostics.append(Diagnostic(of: error))
    }
    if results.isEmpty {
      let targets = ProbeTarget.all(of: key.name, spec: wanted.spec, wanted.check)
      results = await source.orders.probe(targets) { _ in }
    }
    return Body(diagnostics, results)
  }
}
