import Curl
import Model
import Platform

/// The data plane of NPM: the second path to a destination, the one that visitors take.
package struct DataPlane: Hashable, Sendable {
  /// A name, an IPv4 address, or an IPv6 address without brackets.
  package var address: String
  package var port: Int
  package var tlsPort: Int

  package init(address: String, port: Int = 80, tlsPort: Int = 443) {
    self.address = address
    self.port = port
    self.tlsPort = tlsPort
  }
}

/// A host as visitors address it.
package struct DataPlaneHost: Hashable, Sendable {
  package var domain: String
  package var usesTLS: Bool
  /// Whether nginx itself requires authentication.
  package var isGuarded: Bool
  /// Whether it must reject our check: an access list that lets some addresses in without a password may let ours in.
  package var mustAsk: Bool
  /// Whether responses of its destination carry the host name (`X-Served-By`), as in NPM's own configuration.
  package var isMarked: Bool

  package init(
    domain: String, usesTLS: Bool, isGuarded: Bool = false, mustAsk: Bool = false, isMarked: Bool = false
  ) {
    self.domain = domain
    self.usesTLS = usesTLS
    self.isGuarded = isGuarded
    self.mustAsk = mustAsk
    self.isMarked = isMarked
  }

  /// A sign in a response that nginx does not serve this host correctly; nil: none.
  func flaw(status: Int, headers: [String: String]) -> String? {
    // nginx authenticates before it contacts the upstream: an error of an unreachable upstream shows that it did not.
    if mustAsk, ![401, 403].contains(status), status < 500 || [502, 504].contains(status) {
      return "answers \(status) to who has no password: its access list is not enforced"
    }
    // nginx adds the name to these statuses only, and its default site never does.
    let carriesName = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308].contains(status)
    guard isMarked, carriesName, headers["x-served-by"] == nil else { return nil }
    return "is answered by another page than its own: nginx does not have this host"
  }
}

/// The result of a request for a host, made as a visitor would.
package struct DataPlaneResult: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    case answered(status: Int)
    case noConnection(String)
    case noAnswer(String)
    /// The certificate is not for this name, expired, or missing.
    case badCertificate(String)
  }
  package var outcome: Outcome
  package var milliseconds: Double
  /// The first unmet expectation of the destination's response; nil: none.
  package var shortcoming: String?
  /// Why it cannot or must not be this host's response; nil: no sign of that.
  package var flaw: String?

  package init(_ outcome: Outcome, milliseconds: Double = 0, shortcoming: String? = nil, flaw: String? = nil) {
    self.outcome = outcome
    self.milliseconds = milliseconds
    self.shortcoming = shortcoming
    self.flaw = flaw
  }

  /// nginx itself returns 500 or above if it cannot reach the destination.
  package var isOK: Bool { if flaw == nil, case .answered(let status) = outcome { status < 500 } else { false } }

  /// Whether the response meets the expectation and must come from the destination: nginx itself returns 401 and 403
  /// for a host with access control, and other errors for a refused request. For unknown hosts it returns its own page:
  /// check only hosts that NPM is known to serve.
  func provesDestination(_ name: DataPlaneHost?) -> Bool {
    guard case .answered(let status) = outcome, shortcoming == nil, flaw == nil else { return false }
    return (200..<400).contains(status) || (status == 401 && name?.isGuarded == false)
  }

  package var summary: String {
    if let flaw { return flaw }
    return switch outcome {
    case .answered(let status): "HTTP \(status)"
    case .noConnection(let message), .noAnswer(let message), .badCertificate(let message): message
    }
  }
}

/// A visitor's view of a host name.
package struct DataPlaneProbe: Hashable, Sendable {
  package var status: Int
  /// NPM adds the host name to the responses of a destination, except errors.
  package var carriesName: Bool
  /// Names in lower case.
  package var headers: [String: String]
  /// The start of the body.
  package var page: [UInt8]
  /// The certificates of the connection in PEM form, the server's own first.
  package var certificates: [String] = []

  package init(status: Int, carriesName: Bool, headers: [String: String] = [:], page: [UInt8] = []) {
    self.status = status
    self.carriesName = carriesName
    self.headers = headers
    self.page = page
  }

  /// Whether both are the same page, like the page for all names that nginx does not have.
  package func isSame(as other: DataPlaneProbe) -> Bool {
    status == other.status && page == other.page && headers["location"] == other.headers["location"]
  }
}

extension Prober {
  /// Asks NPM's data plane for a host, by its name.
  func ask(_ dataPlane: DataPlane, for name: DataPlaneHost, _ target: ProbeTarget) async -> DataPlaneResult {
    let (dns, addresses) = await resolve(dataPlane.address.withoutBrackets)
    guard dns.status == .passed else {
      return DataPlaneResult(.noConnection("'\(dataPlane.address)' cannot be resolved"))
    }
    let port = name.usesTLS ? dataPlane.tlsPort : dataPlane.port
    do {
      var transfer = try transfer(
        URLParts(scheme: name.usesTLS ? "https" : "http", host: name.domain, port: port), target.path,
        target.check)
      transfer.resolve = [Self.pin("\(name.domain):\(port)", to: addresses.isEmpty ? [dataPlane.address] : addresses)]
      return try await ask(transfer, for: name, target.check)
    } catch {
      return failure(error)
    }
  }

  /// An untrusted issuer is accepted; a wrong name or an expired certificate is not.
  private func ask(
    _ transfer: HTTPTransfer, for name: DataPlaneHost, _ check: HealthCheckSpec
  ) async throws -> DataPlaneResult {
    do {
      return answer(try await perform(transfer), check, name)
    } catch let error as TransferError where error.reason == .tls && transfer.verifiesCertificates {
      guard error.isAboutSigner else { return DataPlaneResult(.badCertificate(error.message)) }
      var unverified = transfer
      unverified.verifiesCertificates = false
      unverified.wantsCertificates = true
      let result = try await perform(unverified)
      if let problem = CertificateLook.problem(with: result.certificates, for: name.domain, at: .now) {
        return DataPlaneResult(.badCertificate(problem))
      }
      return answer(result, check, name)
    }
  }

  /// Requests a name from NPM once, without a password and with any certificate issuer; nil: no response.
  ///
  /// - Returns: the status, whether the answer carries the name, and what makes it the same page as another.
  package func look(_ dataPlane: DataPlane, domain: String, usesTLS: Bool) async -> DataPlaneProbe? {
    let (dns, addresses) = await resolve(dataPlane.address.withoutBrackets)
    guard dns.status == .passed else { return nil }
    let port = usesTLS ? dataPlane.tlsPort : dataPlane.port
    let place = URLParts(scheme: usesTLS ? "https" : "http", host: domain, port: port)
    guard var transfer = try? transfer(place, "/", HealthCheckSpec()) else {
      return nil
    }
    transfer.endsWithHeaders = false
    transfer.maximumBody = 1024
    transfer.resolve = [Self.pin("\(domain):\(port)", to: addresses.isEmpty ? [dataPlane.address] : addresses)]
    transfer.verifiesCertificates = false
    transfer.wantsCertificates = usesTLS
    guard let result = try? await perform(transfer) else { return nil }
    var look = DataPlaneProbe(
      status: result.status, carriesName: result.headers["x-served-by"] != nil, headers: result.headers,
      page: result.body)
    look.certificates = result.certificates
    return look
  }

  private func answer(_ result: TransferResult, _ check: HealthCheckSpec, _ name: DataPlaneHost) -> DataPlaneResult {
    DataPlaneResult(
      .answered(status: result.status), milliseconds: rounded(result.timings.firstByte - result.timings.resolved),
      shortcoming: check.problem(with: result)?.message,
      flaw: name.flaw(status: result.status, headers: result.headers))
  }

  private func failure(_ error: any Error) -> DataPlaneResult {
    guard let error = error as? TransferError else { return DataPlaneResult(.noAnswer("\(error)")) }
    let spent = rounded(error.timings.total - error.timings.resolved)
    if error.reason == .tls { return DataPlaneResult(.badCertificate(error.message), milliseconds: spent) }
    return DataPlaneResult(
      error.timings.connected > 0 ? .noAnswer(error.message) : .noConnection(error.message), milliseconds: spent)
  }
}

extension TransferError {
  /// Whether libcurl's verification failed only for the issuer: self-signed, or from a CA not trusted by the system.
  fileprivate var isAboutSigner: Bool {
    let text = message.lowercased()
    return text.contains("self-signed") || text.contains("self signed") || text.contains("local issuer")
      || text.contains("verify the first certificate")
  }
}
