import FoundationEssentials
package import Model

/// Bytes of NPM's answers to values; nothing is asked of anyone.
package enum NPMDecoder {
  /// A list of proxy hosts; nil where the bytes are none.
  package static func hosts(_ body: [UInt8]) -> [ObservedResource]? {
    let mapping = RowMapping(kind: .proxyHost, references: NameIndex(), version: NPMVersion(2, 15, 1))
    return try? JSONDecoder().decode([ResourceRow].self, from: Data(body), configuration: mapping).map(\.resource)
  }

  /// The code of an answer that is an error; nil: it is none.
  package static func meaning(status: Int, body: [UInt8], isWrite: Bool) -> DiagnosticCode? {
    switch ResponseClass.of(status: status, message: NPMCall.message(in: body), isWrite: isWrite) {
    case .success: nil
    case .tokenRejected(let error), .suspect(let error), .failure(let error): error.code
    }
  }
}
