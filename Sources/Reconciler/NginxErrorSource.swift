import Model
import NPMClient

/// Why NPM answers 500 to every write: an existing configuration makes nginx reject every new one.
enum NginxErrorSource {
  /// Names the probable host, if a host's row shows it.
  static func error(_ gateway: any NPMGateway) async -> NPMError {
    let message = "nginx takes no configuration at all now: NPM answers 500 to every write"
    let look = "run 'nginx -t' where NPM runs, and mend what it names; then apply again"
    guard let observed = try? await gateway.observe() else { return NPMError(.nginxBroken, message, hint: look) }
    let refused = observed.all.filter(\.isRefused)
    guard let first = refused.first, case .refused(let message) = first.nginx else {
      return NPMError(.nginxBroken, message, hint: "NPM does not report the cause: \(look)")
    }
    let names = refused.prefix(3).map { "\($0.ref.description) (\($0.label))" }.joined(separator: ", ")
    return NPMError(
      .nginxBroken, "\(message); nginx refused \(names): \(NginxError.short(message))",
      hint: "switch it off in NPM if it is not yours; else \(look)")
  }
}
