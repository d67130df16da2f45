package import Curl
import Model
import Platform

/// Checks destinations in four steps: syntax, DNS, TCP, HTTP.
package struct Prober: Sendable {
  private let settings: ProbeSettings
  private let engine: CurlEngine
  private let resolver: HostResolver
  private let policy: DestinationPolicy?
  private let observe: @Sendable (ProbeResult) -> Void

  /// Maximum number of addresses tried for one name.
  private static let maximumAddresses = 8

  /// - Parameters:
  ///   - policy: which checks may not connect everywhere; nil: all may.
  ///   - observe: called once for each check.
  ///   - lookUp: resolves a name to addresses; may block.
  package init(
    settings: ProbeSettings, engine: CurlEngine, policy: DestinationPolicy? = nil,
    lookUp: @escaping @Sendable (String) -> HostResolver.Outcome = HostResolver.ask,
    observe: @escaping @Sendable (ProbeResult) -> Void = { _ in }
  ) {
    self.settings = settings
    self.engine = engine
    self.policy = policy
    self.observe = observe
    resolver = HostResolver(lookUp: lookUp)
  }

  /// Checks all targets, `settings.concurrency` at once; results in the order of the targets.
  ///
  /// - Parameter progress: called after each check with the number done.
  package func probe(
    _ targets: [ProbeTarget], progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async -> [ProbeResult] {
    await withTaskGroup(of: (Int, ProbeResult).self) { group in
      var results = [ProbeResult?](repeating: nil, count: targets.count)
      var next = 0
      var done = 0
      func startNext() {
        guard next < targets.count else { return }
        let index = next
        next += 1
        group.addTask { (index, await probe(targets[index])) }
      }
      for _ in 0..<max(1, settings.concurrency) { startNext() }
      while let (index, result) = await group.next() {
        results[index] = result
        done += 1
        progress(done)
        startNext()
      }
      return results.compactMap { $0 }
    }
  }

  package func probe(_ target: ProbeTarget) async -> ProbeResult {
    let result = await check(target)
    observe(result)
    return result
  }

  private func check(_ target: ProbeTarget) async -> ProbeResult {
    if let problem = ProbeSyntax.problem(with: target) {
      return ProbeResult(target: target, steps: [ProbeStep(.syntax, .failed, milliseconds: 0, error: problem)])
    }
    var steps = [ProbeStep(.syntax, .passed, milliseconds: 0)]
    let bare = target.host.withoutBrackets
    let (dns, addresses) = await resolve(bare)
    steps.append(dns)
    guard dns.status == .passed else { return ProbeResult(target: target, steps: steps) }
    // These are the addresses that are connected to: nothing is looked up in between.
    if let problem = policy?.problem(target, addresses.isEmpty ? [bare] : addresses) {
      return ProbeResult(target: target, steps: steps + [problem])
    }
    steps += await connect(target, bare, addresses)
    return ProbeResult(target: target, steps: steps)
  }

  /// The names that do not resolve.
  package func unresolved(_ names: [String]) async -> Set<String> {
    await withTaskGroup(of: String?.self) { group in
      for name in Set(names) {
        group.addTask { await resolve(name.withoutBrackets).0.status == .passed ? nil : name }
      }
      return await group.reduce(into: []) { found, name in if let name { found.insert(name) } }
    }
  }

  func resolve(_ host: String) async -> (ProbeStep, [String]) {
    if HostResolver.isAddress(host) { return (ProbeStep(.dns, .passed, milliseconds: 0, detail: host), []) }
    let start = ContinuousClock.now
    let outcome = await resolver.resolve(host, timeout: settings.dnsTimeout)
    let spent = milliseconds(since: start)
    switch outcome {
    case .addresses(let addresses):
      return (ProbeStep(.dns, .passed, milliseconds: spent, detail: addresses.joined(separator: ", ")), addresses)
    case .failed(let reason):
      return (ProbeStep(.dns, .failed, milliseconds: spent, error: reason, hint: ProbeHint.unresolved), [])
    case .timedOut:
      return (ProbeStep(.dns, .failed, milliseconds: spent, error: "look-up timed out", hint: ProbeHint.unresolved), [])
    }
  }

  /// Tries the addresses in turn until one responds, as nginx does.
  private func connect(_ target: ProbeTarget, _ bare: String, _ addresses: [String]) async -> [ProbeStep] {
    var failures: [TransferError] = []
    for address in addresses.isEmpty ? [bare] : Array(addresses.prefix(Self.maximumAddresses)) {
      do {
        return answered(try await engine.perform(direct(target, address)), target.check)
      } catch let error as TransferError {
        failures.append(error)
      } catch {
        return [ProbeStep(.tcp, .failed, error: "\(error)")]
      }
    }
    // A refused connection means that the service is down; a timeout leaves its state unknown.
    let worst = failures.first { $0.reason != .refused } ?? failures.first
    return worst.map { failed($0, target) } ?? []
  }

  /// A request like that of NPM's nginx: HTTP/1.1, by address so that TLS sends no server name, no certificate check,
  /// and the visitor's domain in `Host`.
  private func direct(_ target: ProbeTarget, _ address: String) throws -> HTTPTransfer {
    var transfer = try transfer(
      URLParts(scheme: target.scheme, host: address, port: target.port), target.path, target.check)
    transfer.verifiesCertificates = false
    transfer.usesHTTP11 = true
    let authority = target.host.contains(":") ? "[\(target.host.withoutBrackets)]" : target.host
    transfer.headers.append(("Host", target.domain ?? "\(authority):\(target.port)"))
    return transfer
  }

  /// What both ways to a service have in common. Throws `TransferError`.
  func transfer(_ place: URLParts, _ path: String, _ check: HealthCheckSpec) throws -> HTTPTransfer {
    var place = place
    place.set(requestPath: path)
    var transfer = HTTPTransfer(method: check.method, url: try place.text())
    transfer.headers = check.headers.map { ($0.name, $0.value.reveal()) }
    let said = Set(transfer.headers.map { $0.name.lowercased() })
    transfer.headers += [("User-Agent", "reconciler-probe"), ("Accept", "*/*")].filter {
      !said.contains($0.0.lowercased())
    }
    transfer.connectTimeout = settings.tcpTimeout
    transfer.totalTimeout = settings.tcpTimeout + (check.timeout ?? settings.httpTimeout)
    transfer.usesFreshConnection = true
    transfer.endsWithHeaders = check.json == nil
    transfer.maximumBody = HealthCheckSpec.readableBytes
    transfer.acceptsTruncatedBody = true
    return transfer
  }

  /// A name, a port and its addresses in libcurl's `resolve` notation.
  static func pin(_ place: String, to addresses: [String]) -> String {
    "\(place):\(addresses.map { $0.contains(":") ? "[\($0)]" : $0 }.joined(separator: ","))"
  }

  func perform(_ transfer: HTTPTransfer) async throws -> TransferResult { try await engine.perform(transfer) }

  private func answered(_ result: TransferResult, _ check: HealthCheckSpec) -> [ProbeStep] {
    let tcp = ProbeStep(.tcp, .passed, milliseconds: rounded(result.timings.connected - result.timings.resolved))
    let spent = rounded(result.timings.firstByte - result.timings.connected)
    if let (problem, hint) = check.problem(with: result) {
      return [tcp, ProbeStep(.http, .failed, milliseconds: spent, error: problem, hint: hint)]
    }
    return [tcp, ProbeStep(.http, .passed, milliseconds: spent, detail: "\(result.status)")]
  }

  private func failed(_ error: TransferError, _ target: ProbeTarget) -> [ProbeStep] {
    // libcurl counts TLS as part of the connection phase.
    let wasSilent = error.reason == .timeout && error.message.hasPrefix("SSL connection timeout")
    let wasConnected = error.timings.connected > 0 || wasSilent || [.tls, .notHTTP, .reset].contains(error.reason)
    guard wasConnected else {
      let (message, hint) = tcpFailure(error, target)
      let spent = rounded(error.timings.total - error.timings.resolved)
      return [ProbeStep(.tcp, .failed, milliseconds: spent, error: message, hint: hint)]
    }
    let tcp = ProbeStep(.tcp, .passed, milliseconds: rounded(error.timings.connected - error.timings.resolved))
    let spent = rounded(error.timings.total - error.timings.connected)
    let (message, hint): (String, String?) =
      switch error.reason {
      case .timeout where wasSilent: ("no TLS handshake in time", ProbeHint.tls)
      case .timeout: ("no answer in time", ProbeHint.httpTimeout)
      case .tls: ("TLS handshake failed", ProbeHint.tls)
      case .notHTTP: ("the answer is not HTTP/1.1", ProbeHint.notHTTP)
      case .reset: ("connection closed without an answer", ProbeHint.notHTTP)
      default: (error.message, nil)
      }
    return [tcp, ProbeStep(.http, .failed, milliseconds: spent, error: message, hint: hint)]
  }

  private func tcpFailure(_ error: TransferError, _ target: ProbeTarget) -> (String, String?) {
    switch error.reason {
    case .timeout: ("connection timed out", ProbeHint.tcpTimeout)
    case .unreachable: ("host unreachable", ProbeHint.unreachable)
    case .refused: (ProbeStep.refused, ProbeHint.refused(target.port))
    default: (error.message, nil)
    }
  }

  private func milliseconds(since start: ContinuousClock.Instant) -> Double {
    rounded((ContinuousClock.now - start) / .seconds(1))
  }

  /// Seconds as milliseconds with one decimal.
  func rounded(_ seconds: Double) -> Double { (max(0, seconds) * 10_000).rounded() / 10 }
}

/// Checks whether a target is well-formed.
enum ProbeSyntax {
  static func problem(with target: ProbeTarget) -> String? {
    let bare = target.host.withoutBrackets
    if !["http", "https"].contains(target.scheme) { return "the scheme '\(target.scheme)' is neither http nor https" }
    if !(1...65535).contains(target.port) { return "the port \(target.port) is not in 1 to 65535" }
    if bare.isEmpty { return "the host is empty" }
    let isName = bare.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
    return isName || HostResolver.isAddress(bare) ? nil : "the host '\(bare)' is neither a name nor an address"
  }
}

extension String {
  var withoutBrackets: String {
    hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
  }
}
