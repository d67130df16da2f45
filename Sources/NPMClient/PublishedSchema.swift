import Model

/// NPM's own OpenAPI description, `GET /api/schema`: which fields the body of a create may have.
///
/// Read of releases whose fields nobody here has seen. Of those that were observed, the descriptions of the kinds know
/// more: what is published there leaves out what NPM takes all the same.
struct PublishedSchema {
  let document: JSONValue

  /// The fields of a kind that this NPM does not take. None where it publishes nothing about the kind.
  func unsupportedFields(_ mapping: RowMapping) -> Set<String> {
    let path = String(mapping.path.dropFirst("/api".count))
    let body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    guard !mapping.kind.isSingleton, let taken = body["properties"].objectValue, body["additionalProperties"] == false
    else { return [] }
    let sent = mapping.kind.fields.filter { $0.metaName == nil && !$0.isUpload && $0.name != "enabled" }
    return Set(sent.filter { taken[mapping.wireName($0)] == nil }.map(\.name))
  }
}
