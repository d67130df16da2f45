import DesiredFiles
import Model

/// Resources of the Terraform provider `Sander0542/nginxproxymanager`: the JSON of `terraform show -json`, or the file
/// `terraform.tfstate` (format 4) itself.
enum TerraformState {
  private static let prefix = "nginxproxymanager_"

  static func isOne(_ document: ImportNode) -> Bool {
    document["terraform_version"] != nil || document["format_version"] != nil && document["values"] != nil
  }

  private struct Resource {
    let address: String
    let type: String
    let name: String
    let isData: Bool
    let values: ImportNode
  }

  static func read(_ document: ImportNode, into draft: inout ImportDraft) {
    let resources = (document["values"]?["root_module"]).map(shown) ?? kept(document)
    let ours = resources.filter { $0.type.hasPrefix(prefix) }
    for resource in ours where resource.isData { explain(resource, &draft) }
    for resource in ours where !resource.isData { read(resource, &draft) }
    if ours.isEmpty {
      draft.note(
        "this state has no resource of the provider 'nginxproxymanager'", at: document.place,
        hint: "run 'terraform show -json' in the folder of these resources, after an apply")
    }
  }

  /// Of `terraform show -json`: modules contain modules.
  private static func shown(_ module: ImportNode) -> [Resource] {
    let own = (module["resources"]?.items ?? []).compactMap { node -> Resource? in
      // What is about to be destroyed is not in force.
      guard let type = node["type"]?.text, let values = node["values"], node["deposed_key"]?.text == nil else {
        return nil
      }
      return Resource(
        address: node["address"]?.text ?? type, type: type, name: name(node["name"]?.text ?? "", node["index"]),
        isData: node["mode"]?.text == "data", values: values)
    }
    return own + (module["child_modules"]?.items ?? []).flatMap(shown)
  }

  /// Of `terraform.tfstate`.
  private static func kept(_ document: ImportNode) -> [Resource] {
    (document["resources"]?.items ?? []).flatMap { node -> [Resource] in
      guard let type = node["type"]?.text else { return [] }
      let path = [node["module"]?.text, type, node["name"]?.text].compactMap { $0 }.joined(separator: ".")
      return (node["instances"]?.items ?? []).compactMap { instance in
        guard let values = instance["attributes"], instance["deposed"]?.text == nil else { return nil }
        let index = instance["index_key"]?.text
        return Resource(
          address: index.map { "\(path)[\($0)]" } ?? path, type: type,
          name: name(node["name"]?.text ?? "", instance["index_key"]), isData: node["mode"]?.text == "data",
          values: values)
      }
    }
  }

  /// `host["grafana"]` is grafana, `host[2]` is host-2.
  private static func name(_ name: String, _ index: ImportNode?) -> String {
    guard let index, let key = index.text else { return name }
    return index.number == nil ? key : "\(name)-\(key)"
  }

  private static let kinds: [String: ResourceSchema] = [
    "proxy_host": .proxyHost, "redirection_host": .redirectionHost, "dead_host": .deadHost, "stream": .stream,
    "access_list": .accessList,
  ]

  private static func read(_ resource: Resource, _ draft: inout ImportDraft) {
    let type = String(resource.type.dropFirst(prefix.count))
    let number = resource.values["id"]?.number
    func made(_ kind: ResourceSchema, _ names: [String]) -> ImportedObject {
      var object = ImportedObject(kind, resource.address, at: resource.values.place, names: names)
      object.number = number.map { ResourceID($0) }
      return object
    }
    switch type {
    case "certificate_letsencrypt":
      var object = made(.certificate, [resource.name, resource.address])
      RequestedCertificate.read([resource.values], into: &object)
      draft.objects.append(object)
    case "certificate_custom":
      explain(resource, &draft)
      draft.note(
        "\(resource.address) left out: private keys stay in NPM", at: resource.values.place,
        hint: "hosts refer to it by its name in NPM")
    case "settings":
      guard let site = resource.values["default_site"], !site.isNull else { return }
      var object = made(.setting, ["default_site"])
      object.number = nil
      object.fields["value"] = site["page"]?.text.map { .string($0) }
      for field in ["redirect", "html"] { object.fields[field] = site[field]?.text.map { .string($0) } }
      draft.objects.append(object)
    default:
      guard let kind = kinds[type] else {
        draft.note("\(resource.address) left out: NPM's \(type)s are not managed here", at: resource.values.place)
        return
      }
      var object = made(kind, [resource.name, resource.address])
      APIFields(
        kind: kind, renames: ["location": "locations", "access": "clients", "authorizations": "items"]
      ).read(resource.values, into: &object, &draft)
      draft.objects.append(object)
    }
  }

  /// What is only looked up, or has no place in the files, has a name in NPM by which hosts refer to it.
  private static func explain(_ resource: Resource, _ draft: inout ImportDraft) {
    let type = resource.type.dropFirst(prefix.count)
    let kind: ResourceKind? =
      type.hasPrefix("certificate") ? .certificate : type.hasPrefix("access_list") ? .accessList : nil
    guard let kind else { return }
    let lists = (resource.values["certificates"] ?? resource.values["access_lists"])?.items
    for node in lists ?? [resource.values] {
      guard let number = node["id"]?.number, let name = (node["nice_name"] ?? node["name"])?.text else { continue }
      draft.namesInNPM[ObjectRef(kind, ResourceID(number))] = name
    }
  }
}
