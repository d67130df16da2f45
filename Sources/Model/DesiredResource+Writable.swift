extension DesiredResource {
  /// The fields as a desired file may say them, each with the value that is in force; of secrets only that there is one.
  package var writable: [String: JSONValue] {
    var members = spec.masked(beside: spec).json.objectValue ?? [:]
    for (name, value) in members where value == FieldType.auto { members[name] = "auto" }
    return members.merging(metadata.fields) { $1 }
  }
}
