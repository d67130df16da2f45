/// What `status -o json` prints: `status.json` with the entries of `drift.json` and all of `health.json`.
package struct StatusOutput: Encodable, Sendable {
  private let document: StatusDocument

  package init(_ document: StatusDocument) { self.document = document }

  private enum CodingKeys: String, CodingKey { case drift, health }

  package func encode(to encoder: any Encoder) throws {
    try document.status.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(document.drift?.drift, forKey: .drift)
    try container.encode(document.health, forKey: .health)
  }
}
