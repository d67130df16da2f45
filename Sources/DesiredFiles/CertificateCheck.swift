import Model
import Platform
import X509
import YAML

extension ValueDecoder {
  /// Decodes `{ file: path }` with certificates or a key in PEM form.
  mutating func pem(_ node: YAMLNode, _ type: FieldType, name: String) -> DecodedValue? {
    if case .scalar(let text, true) = node.content, YAMLScalar.isNull(text) {
      return DecodedValue(value: .null, source: source(node))
    }
    guard var decoded = secret(node, name: name), let text = decoded.secrets[""]?.reveal() else { return nil }
    decoded.value = .null
    // PEM requires a final line end.
    decoded.secrets = ["": Secret(text + "\n")]
    do {
      try PEMCheck.run(PEMText(Array(text.utf8)), isKey: type.isKey)
      if type.isKey {
        decoded.key = try PrivateKey(pem: Array(text.utf8))
      } else {
        let chain = try CertificateChain(pem: Array(text.utf8))
        decoded.chain = chain
        decoded.value = .string("sha256:\(chain.fingerprint)")
      }
      return decoded
    } catch let problem as PEMText.Problem {
      report(
        .badCertificate, "line \(problem.line) of the file of '\(name)': \(problem.message)", at: location(node),
        hint: problem.hint)
    } catch let error as X509Error {
      let hint = error.reason == .encrypted ? "decrypt it first: nginx would ask for the password" : nil
      report(.badCertificate, "the file of '\(name)' is not usable: \(error)", at: location(node), hint: hint)
    } catch {
      report(.badCertificate, "\(error)", at: location(node))
    }
    return nil
  }
}

/// The PEM blocks that nginx reads, by kind.
enum PEMCheck {
  private static let keys = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]

  /// - Throws: `PEMText.Problem`.
  static func run(_ text: PEMText, isKey: Bool) throws {
    // A file may contain both: nginx reads the blocks it needs and skips the others.
    for block in text.blocks where !(keys + ["CERTIFICATE", "EC PARAMETERS", "DH PARAMETERS"]).contains(block.label) {
      let isEncrypted = block.label.contains("ENCRYPTED")
      throw PEMText.Problem(
        message: isEncrypted ? "the key is encrypted" : "nginx may not take a block '\(block.label)'", line: block.line,
        hint: isEncrypted
          ? "decrypt it first: nginx would ask for the password" : "convert it with 'openssl pkey' or 'openssl x509'")
    }
    let wanted = text.blocks.filter { isKey ? keys.contains($0.label) : $0.label == "CERTIFICATE" }
    if wanted.isEmpty {
      throw PEMText.Problem(
        message: isKey ? "there is no private key in it" : "there is no certificate in it", line: 1)
    }
    if isKey, wanted.count > 1 {
      throw PEMText.Problem(message: "there is more than one key in it", line: wanted[1].line, hint: "keep one")
    }
  }
}

extension FieldType {
  fileprivate var isKey: Bool { if case .pemKey = self { true } else { false } }
}

/// Checks that NPM does not make: a mismatched pair that it accepts breaks every later write.
enum CertificateCheck {
  static func facts(_ decoded: DecodedFields, _ spec: Spec) -> CertificateInfo? {
    // Its expiry is known only after NPM has requested it.
    if ResourceSchema.isRequested(spec) {
      return CertificateInfo(names: spec.normalised().requestedNames, expires: "")
    }
    return decoded["certificate"]?.chain.map {
      CertificateInfo(names: $0.names, expires: Timestamp(seconds: $0.notAfter).sqlText)
    }
  }

  /// Checks one certificate of the YAML.
  ///
  /// - Parameter written: its keys, including those with unusable files, which are not reported as missing too.
  static func run(
    _ decoded: DecodedFields, written: [String], owner: String, at place: SourceLocation, now: Timestamp,
    _ decoder: inout ValueDecoder
  ) {
    guard let certificate = decoded["certificate"], let chain = certificate.chain else {
      guard !written.contains("certificate") || decoded["certificate"] != nil else { return }
      return decoder.report(
        .missingKey, "\(owner) lacks 'certificate'", at: place, hint: "add 'certificate: { file: path }'")
    }
    if let key = decoded["certificate_key"] {
      if let id = key.key?.keyID, id != chain.keyID {
        let place = chain.members.firstIndex { $0.keyID == id }
        decoder.report(
          .certificateKey, "the key does not belong to the certificate", at: key.location,
          hint: place.map { "it belongs to certificate \($0 + 1) in the file, which must come first" }
            ?? "NPM would take the pair, and nginx would refuse everything from then on",
          note: Diagnostic.Note("the certificate", at: certificate.location))
      }
    } else if !written.contains("certificate_key") {
      decoder.report(
        .missingKey, "\(owner) lacks 'certificate_key'", at: place, hint: "add 'certificate_key: { file: path }'")
    }
    checkLife(chain, at: certificate.location, now, &decoder)
    checkMembers(chain.members[...], isOwnFirst: true, at: certificate.location, now, &decoder)
    if let above = decoded["intermediate_certificate"], let members = above.chain?.members {
      checkMembers(members[...], isOwnFirst: false, at: above.location, now, &decoder)
    }
    let texts = ["certificate", "intermediate_certificate"].compactMap { decoded[$0]?.secrets[""]?.reveal() }
    let whole = texts.count > 1 ? try? CertificateChain(pem: Array(texts.joined(separator: "\n").utf8)) : nil
    if !(whole ?? chain).isInOrder {
      decoder.report(
        .badCertificate, "the certificates are not in order, each followed by the one that issued it",
        at: certificate.location, hint: "browsers that need them will complain", severity: .warning)
    }
  }

  private static func checkLife(
    _ chain: CertificateChain, at place: SourceLocation, _ now: Timestamp, _ decoder: inout ValueDecoder
  ) {
    if chain.notAfter < now.seconds {
      let end = Timestamp(seconds: chain.notAfter).day
      decoder.report(
        .certificateExpired, "the certificate for \(chain.names.joined(separator: ", ")) expired on \(end)", at: place,
        hint: "renew it first")
    } else if chain.notBefore > now.seconds {
      let begin = Timestamp(seconds: chain.notBefore).day
      decoder.report(.certificateExpired, "the certificate is not valid before \(begin)", at: place)
    }
  }

  /// Checks each certificate of a file for properties that nginx may refuse, and issuer certificates for expiry.
  private static func checkMembers(
    _ members: ArraySlice<CertificateChain.Member>, isOwnFirst: Bool, at place: SourceLocation, _ now: Timestamp,
    _ decoder: inout ValueDecoder
  ) {
    // Clients ignore a root that is sent along.
    for member in members.dropFirst(isOwnFirst ? 1 : 0) where member.notAfter < now.seconds && !member.isRoot {
      decoder.report(
        .certificateExpired,
        "the certificate of '\(member.commonName)' above it expired on \(Timestamp(seconds: member.notAfter).day)",
        at: place, hint: "take the chain that your authority hands out now")
    }
    for member in members {
      guard let weakness = weakness(of: member) else { continue }
      decoder.report(
        .badCertificate, "nginx may refuse the certificate of '\(member.commonName)': \(weakness)", at: place,
        hint: "have it issued anew")
    }
  }

  /// The property that OpenSSL's security level no longer accepts.
  private static func weakness(of member: CertificateChain.Member) -> String? {
    if member.keyBits < (member.isRSA ? 2048 : 224) { return "its key has \(member.keyBits) bits" }
    return member.hasWeakDigest ? "it is signed with MD5 or SHA-1" : nil
  }

  /// Reports hosts with names that their certificate does not cover.
  static func coverage(_ resources: [LocatedResource]) -> [Diagnostic] {
    let known = Dictionary(
      firstOf: resources.compactMap { entry in entry.resource.certificate.map { (entry.resource.key.name, $0) } })
    return resources.flatMap { entry -> [Diagnostic] in
      // `auto` has no name: the certificate that it selects covers all of them.
      guard let name = entry.resource.spec["certificate"].stringValue, let facts = known[name],
        entry.resource.spec["domain_names"] != .null
      else { return [] }
      return entry.claims.filter { !facts.covers($0.name) }.map { claim in
        Diagnostic(
          .certificateNames, "certificate '\(name)' is not good for '\(claim.name)'", at: claim.location,
          hint: "it has \(facts.names.joined(separator: ", "))")
      }
    }
  }
}
