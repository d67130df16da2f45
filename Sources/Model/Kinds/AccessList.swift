extension ResourceSchema {
  /// Access lists. Field names are those of NPM's published API schema. NPM accepts no `meta` for them, and shows
  /// passwords as a hint only.
  package static let accessList = ResourceSchema(
    kind: .accessList, section: "access_lists", route: "access-lists", ownershipProof: .name(field: "name"),
    hasNginxState: false,
    fields: [
      FieldSchema("name", .string(1...255), defaultValue: "", "What NPM calls it; without it, its name here."),
      FieldSchema("satisfy_any", .bool, defaultValue: false, "A user or an address is enough; else both are needed."),
      FieldSchema("pass_auth", .bool, defaultValue: true, "Pass the Authorization header on."),
      FieldSchema(
        "items", .list(itemFields, key: "username", shorthands: []), defaultValue: [], "Users who may log in."),
      FieldSchema(
        "clients", .list(clientFields, key: "address", shorthands: []), defaultValue: [],
        "Addresses that are let in or kept out; the first that fits counts."),
    ],
    operatorFields: MetadataFields.forOthers,
    effect: { spec in
      let (users, clients) = (spec["items"].arrayValue?.count ?? 0, spec["clients"].arrayValue?.count ?? 0)
      return "\(users) user\(users == 1 ? "" : "s"), \(clients) address\(clients == 1 ? "" : "es")"
    }, check: problems,
    normalise: { spec in
      // NPM returns users in the order of its ids.
      let items = (spec["items"].arrayValue ?? []).map { itemFields.filled($0) }
      spec["items"] = .array(items.sorted { ($0["username"].stringValue ?? "") < ($1["username"].stringValue ?? "") })
      spec["clients"] = .array((spec["clients"].arrayValue ?? []).map { clientFields.filled($0) })
    })

  @Sendable private static func problems(_ spec: Spec) -> [ValidationIssue] {
    userProblems(spec) + clientProblems(spec)
  }

  /// NPM accepts any name and writes it, followed by a colon, into a file where `#` begins a comment.
  private static func userProblems(_ spec: Spec) -> [ValidationIssue] {
    (spec["items"].arrayValue ?? []).enumerated().compactMap { index, item in
      let name = item["username"].stringValue ?? ""
      let problem =
        if name.contains(":") {
          "'\(name)' could never log in: the name ends at the colon"
        } else if name.hasPrefix("#") {
          "'\(name)' could never log in: its line would be a comment"
        } else if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
          "a user name with a line end or control character breaks the file of passwords"
        } else {
          ""
        }
      return problem.isEmpty ? nil : ValidationIssue(.badValue, at: "items[\(index)].username", problem)
    }
  }

  /// NPM accepts any address; nginx then refuses every host that uses the list.
  private static func clientProblems(_ spec: Spec) -> [ValidationIssue] {
    (spec["clients"].arrayValue ?? []).enumerated().compactMap { index, client in
      let address = client["address"].stringValue ?? ""
      guard !NetworkAddress.isRight(address) else { return nil }
      return ValidationIssue(
        .badValue, at: "clients[\(index)].address", "'\(address)' is neither an address, nor a network, nor all",
        hint: "write 10.0.0.7, 10.0.0.0/8, fd00::/8 or all")
    }
  }

  private static let itemFields: [FieldSchema] = [
    FieldSchema("username", .string(1...255), "Who logs in."),
    FieldSchema(
      "password", .secret, "{ env: NAME }, { file: path }, or { keep: true }: as NPM has it. Never the password itself."
    ),
  ]

  private static let clientFields: [FieldSchema] = [
    FieldSchema("address", .string(1...255), "An address, a network such as 10.0.0.0/8, or all."),
    FieldSchema("directive", .choice(["allow", "deny"]), "What becomes of requests from there."),
  ]
}
