import Model

/// NPM's own OpenAPI description, `GET /api/schema`: the fields that the body of a create may have.
///
/// It is used only for releases that this project has not observed. For observed ones the kinds' own descriptions are
/// more complete: NPM accepts fields that it does not publish.
struct PublishedSchema {
  let document: JSONValue

  /// The fields of a kind that this NPM does not accept. Empty if it publishes nothing about the kind.
  func unsupportedFields(_ mapping: RowMapping) -> Set<String> {
    let path = String(mapping.path.dropFirst("/api".count))
    let body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    guard !mapping.kind.isSingleton, let taken = body["properties"].objectValue, body["additionalProperties"] == false
    else { return [] }
    let sent = mapping.kind.fields.filter { $0.metaName == nil && !$0.isUpload && $0.name != "enabled" }
    return Set(sent.filter { taken[mapping.wireName($0)] == nil }.map(\.name))
  }
}
