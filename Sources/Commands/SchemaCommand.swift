import Configuration
import DesiredFiles
import Model

/// `reconciler schema`: JSON Schema of the desired files or of the settings, for editors.
enum SchemaCommand {
  private static let settings = FlagDefinition("settings", "The schema of reconciler.yaml instead")

  static let definition = CommandDefinition(
    name: "schema", summary: "Print the JSON Schema of the desired files, or of the settings",
    discussion:
      "Editors complete and check with it: '# yaml-language-server: $schema=desired.schema.json' as first line.",
    flags: [settings],
    run: { invocation in
      let isSettings = invocation.arguments.has(settings)
      try invocation.console.result(json: isSettings ? SettingsSchema.document : DesiredSchema.document)
      return .success
    })
}

/// JSON Schema of the settings, generated from their descriptions.
enum SettingsSchema {
  static var document: JSONValue {
    [
      "$schema": JSONSchema.dialect, "title": "reconciler settings", "type": "object",
      "properties": .object(JSONSchema.fields(SettingCatalog.fields)), "patternProperties": ["^x-": true],
      "additionalProperties": false,
    ]
  }
}

/// JSON Schema of the desired files, generated from the schemas of their kinds.
enum DesiredSchema {
  static var document: JSONValue {
    var properties: [String: JSONValue] = [:]
    var defaults: [String: JSONValue] = [:]
    for kind in ResourceSchema.all {
      properties[kind.section] = [
        "type": "object", "additionalProperties": resource(kind, isDefaults: false),
        "description": .string("Each \(kind.kind.title) by name."),
      ]
      defaults[kind.section] = resource(kind, isDefaults: true)
    }
    properties["snippets"] = [
      "type": "object", "additionalProperties": ["type": "string", "minLength": 1],
      "description": "Texts for advanced_config, by name.",
    ]
    properties["defaults"] = JSONSchema.object(defaults, "Fields for all resources of a kind.")
    return [
      "$schema": JSONSchema.dialect, "title": "reconciler desired state",
      "type": "object", "properties": .object(properties), "patternProperties": ["^x-": true],
      "additionalProperties": false,
    ]
  }

  private static func resource(_ kind: ResourceSchema, isDefaults: Bool) -> JSONValue {
    var members = JSONSchema.fields(kind.writtenFields, kind.shorthands)
    for field in [kind.claimField, kind.nameField] where isDefaults { field.map { members[$0] = nil } }
    return JSONSchema.object(members, "A \(kind.kind.title).")
  }
}
