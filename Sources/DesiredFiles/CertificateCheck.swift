import Model
import Platform
import X509
import YAML

extension ValueDecoder {
  /// `{ file: path }` with certificates or a key in PEM form.
  mutating func pem(_ node: YAMLNode, _ type: FieldType, name: String) -> DecodedValue? {
    if case .scalar(let text, true) = node.content, YAMLScalar.isNull(text) {
      return DecodedValue(value: .null, source: source(node))
    }
    guard var decoded = secret(node, name: name), let text = decoded.secrets[""]?.reveal() else { return nil }
    decoded.value = .null
    // PEM ends with a line end.
    decoded.secrets = ["": Secret(text + "\n")]
    do {
      if case .pemKey = type {
        decoded.key = try PrivateKey(pem: Array(text.utf8))
      } else {
        let chain = try CertificateChain(pem: Array(text.utf8))
        decoded.chain = chain
        decoded.value = .string("sha256:\(chain.fingerprint)")
      }
      return decoded
    } catch let error as X509Error {
      let hint = error.reason == .encrypted ? "decrypt it first: nginx would ask for the password" : nil
      report(.badCertificate, "the file of '\(name)' is not usable: \(error)", at: location(node), hint: hint)
    } catch {
      report(.badCertificate, "\(error)", at: location(node))
    }
    return nil
  }
}

/// What NPM does not check: a wrong pair that it takes breaks every later write.
enum CertificateCheck {
  static func facts(_ decoded: DecodedFields, _ spec: Spec) -> CertificateFacts? {
    // Its end is known when NPM has it.
    if KindDescription.isRequested(spec) {
      return CertificateFacts(names: spec.normalised().requestedNames, expires: "")
    }
    return decoded["certificate"]?.chain.map {
      CertificateFacts(names: $0.names, expires: Timestamp(seconds: $0.notAfter).sqlText)
    }
  }

  /// What is wrong with one certificate of the YAML.
  static func run(
    _ decoded: DecodedFields, owner: String, at place: SourceLocation, now: Timestamp, _ decoder: inout ValueDecoder
  ) {
    guard let certificate = decoded["certificate"], let chain = certificate.chain else {
      return decoder.report(
        .missingKey, "\(owner) lacks 'certificate'", at: place, hint: "add 'certificate: { file: path }'")
    }
    if let key = decoded["certificate_key"] {
      if let id = key.key?.keyID, id != chain.keyID {
        decoder.report(
          .certificateKey, "the key does not belong to the certificate", at: key.location,
          hint: "NPM would take the pair, and nginx would refuse everything from then on",
          note: Diagnostic.Note("the certificate", at: certificate.location))
      }
    } else {
      decoder.report(
        .missingKey, "\(owner) lacks 'certificate_key'", at: place, hint: "add 'certificate_key: { file: path }'")
    }
    if chain.notAfter < now.seconds {
      let end = Timestamp(seconds: chain.notAfter).day
      decoder.report(
        .certificateExpired, "the certificate for \(chain.names.joined(separator: ", ")) expired on \(end)",
        at: certificate.location, hint: "renew it first")
    } else if chain.notBefore > now.seconds {
      let begin = Timestamp(seconds: chain.notBefore).day
      decoder.report(.certificateExpired, "the certificate is not valid before \(begin)", at: certificate.location)
    }
    if !chain.isInOrder {
      decoder.report(
        .badCertificate, "the certificates in the file are not in order, each followed by the one that issued it",
        at: certificate.location, hint: "browsers that need them will complain", severity: .warning)
    }
  }

  /// Hosts whose names their certificate is not good for.
  static func coverage(_ resources: [LocatedResource]) -> [Diagnostic] {
    let known = Dictionary(
      resources.compactMap { entry in entry.resource.certificate.map { (entry.resource.key.name, $0) } }
    ) { first, _ in first }
    return resources.flatMap { entry -> [Diagnostic] in
      // The value of `auto` is no name: what is chosen then is good for all of them.
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
