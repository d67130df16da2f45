import Curl
import Model
import Platform

/// Where NPM serves its hosts: the second way to a destination, the one that visitors take.
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

/// What a host is called by visitors.
package struct DataPlaneHost: Hashable, Sendable {
  package var domain: String
  package var usesTLS: Bool
  /// Whether nginx itself asks visitors who they are.
  package var isGuarded: Bool
  /// Whether it must ask us: who lets some addresses in without a password may let ours in.
  package var mustAsk: Bool
  /// Whether answers of its destination carry the name that was asked for, as NPM's own configuration has it.
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

  /// What an answer shows that nginx must not answer for this name; nil: nothing.
  func flaw(status: Int, headers: [String: String]) -> String? {
    // nginx asks before it looks for a destination: one that is away shows that it did not.
    if mustAsk, ![401, 403].contains(status), status < 500 || [502, 504].contains(status) {
      return "answers \(status) to who has no password: its access list is not enforced"
    }
    // nginx adds the name to these alone, and its default site has none.
    let carriesName = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308].contains(status)
    guard isMarked, carriesName, headers["x-served-by"] == nil else { return nil }
    return "is answered by another page than its own: nginx does not have this host"
  }
}

/// What came of asking for a host as a visitor would.
package struct DataPlaneResult: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    case answered(status: Int)
    case noConnection(String)
    case noAnswer(String)
    /// The certificate is not for this name, or over, or there is none.
    case badCertificate(String)
  }
  package var outcome: Outcome
  package var milliseconds: Double
  /// What the answer lacks of what is expected of the destination; nil: nothing.
  package var shortcoming: String?
  /// Why it cannot be this host's answer, or must not be; nil: nothing says so.
  package var flaw: String?

  package init(_ outcome: Outcome, milliseconds: Double = 0, shortcoming: String? = nil, flaw: String? = nil) {
    self.outcome = outcome
    self.milliseconds = milliseconds
    self.shortcoming = shortcoming
    self.flaw = flaw
  }

  /// nginx itself answers from 500 on when it cannot reach the destination.
  package var isOK: Bool { if flaw == nil, case .answered(let status) = outcome { status < 500 } else { false } }

  /// Whether the answer is as expected and must have come from the destination: nginx says 401 and 403 by itself where it
  /// guards a host, and other errors where it refuses a request. For hosts that it does not have it serves a page of its
  /// own: only those that NPM is known to serve may be asked for.
  func provesDestination(_ name: DataPlaneHost?) -> Bool {
    guard case .answered(let status) = outcome, shortcoming == nil, flaw == nil else { return false }
    return (200..<400).contains(status) || (status == 401 && name?.isGuarded == false)
  }

  package var summary: String {
    if let flaw { return flaw }
    return switch outcome {
    case .answered(let status): "HTTP \(status)"
    case .noConnection(let words), .noAnswer(let words), .badCertificate(let words): words
    }
  }
}

/// What a visitor sees of a name.
package struct DataPlaneProbe: Hashable, Sendable {
  package var status: Int
  /// NPM adds the name that was asked for to what a destination answers, but to errors.
  package var carriesName: Bool
  /// Names in lower case.
  package var headers: [String: String]
  /// The beginning of the body.
  package var page: [UInt8]
  /// What it was encrypted with, PEM, its own certificate first.
  package var certificates: [String] = []

  package init(status: Int, carriesName: Bool, headers: [String: String] = [:], page: [UInt8] = []) {
    self.status = status
    self.carriesName = carriesName
    self.headers = headers
    self.page = page
  }

  /// Whether both are the same page, as that of every name which nginx does not have.
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

  /// Who signed a certificate is the owner's business; whether it is for this name and not over is not.
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

  /// One look at what NPM serves under a name, without a password and whoever signed its certificate; nil: no answer.
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
      shortcoming: check.problem(with: result)?.words,
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
  /// libcurl's verification failed for the signer alone: self-signed, or by an authority that is not the system's.
  fileprivate var isAboutSigner: Bool {
    let words = message.lowercased()
    return words.contains("self-signed") || words.contains("self signed") || words.contains("local issuer")
      || words.contains("verify the first certificate")
  }
}
