import FoundationEssentials
package import Model

/// Decodes NPM's responses without any request.
package enum NPMDecoder {
  /// A list of proxy hosts; nil: the bytes are not one.
  package static func hosts(_ body: [UInt8]) -> [ObservedResource]? {
    let mapping = RowMapping(kind: .proxyHost, references: NameIndex(), version: NPMVersion(2, 15, 1))
    return try? JSONDecoder().decode([ResourceRow].self, from: Data(body), configuration: mapping).map(\.resource)
  }

  /// The code of an error response; nil: not an error.
  package static func meaning(status: Int, body: [UInt8], isWrite: Bool) -> DiagnosticCode? {
    switch ResponseClass.of(status: status, message: NPMCall.message(in: body), isWrite: isWrite) {
    case .success: nil
    case .tokenRejected(let error), .suspect(let error), .failure(let error): error.code
    }
  }
}
