extension KindDescription {
  /// Access lists. Field names are those of NPM's published API schema. NPM accepts no `meta` for them, and shows
  /// passwords as a hint only.
  package static let accessList = KindDescription(
    kind: .accessList, section: "access_lists", route: "access-lists", witness: .name(field: "name"), isServed: false,
    fields: [
      FieldDescription("name", .string(1...255), standard: "", "What NPM calls it; without it, its name here."),
      FieldDescription("satisfy_any", .bool, standard: false, "A user or an address is enough; else both are needed."),
      FieldDescription("pass_auth", .bool, standard: true, "Pass the Authorization header on."),
      FieldDescription(
        "items", .list(itemFields, key: "username", shorthands: []), standard: [], "Users who may log in."),
      FieldDescription(
        "clients", .list(clientFields, key: "address", shorthands: []), standard: [],
        "Addresses that are let in or kept out; the first that fits counts."),
    ],
    operatorFields: OperatorFields.forOthers,
    summary: { spec in
      let (users, clients) = (spec["items"].arrayValue?.count ?? 0, spec["clients"].arrayValue?.count ?? 0)
      return "\(users) user\(users == 1 ? "" : "s"), \(clients) address\(clients == 1 ? "" : "es")"
    }, check: problems,
    normalise: { spec in
      // NPM gives users in the order of its own numbers.
      let items = (spec["items"].arrayValue ?? []).map { itemFields.filled($0) }
      spec["items"] = .array(items.sorted { ($0["username"].stringValue ?? "") < ($1["username"].stringValue ?? "") })
      spec["clients"] = .array((spec["clients"].arrayValue ?? []).map { clientFields.filled($0) })
    })

  @Sendable private static func problems(_ spec: Spec) -> [SpecProblem] { userProblems(spec) + clientProblems(spec) }

  /// NPM takes any name, and writes it before a colon into a file in which `#` begins a comment.
  private static func userProblems(_ spec: Spec) -> [SpecProblem] {
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
      return problem.isEmpty ? nil : SpecProblem(.badValue, at: "items[\(index)].username", problem)
    }
  }

  /// NPM takes any address, and nginx then refuses every host that uses the list.
  private static func clientProblems(_ spec: Spec) -> [SpecProblem] {
    (spec["clients"].arrayValue ?? []).enumerated().compactMap { index, client in
      let address = client["address"].stringValue ?? ""
      guard !NetworkAddress.isRight(address) else { return nil }
      return SpecProblem(
        .badValue, at: "clients[\(index)].address", "'\(address)' is neither an address, nor a network, nor all",
        hint: "write 10.0.0.7, 10.0.0.0/8, fd00::/8 or all")
    }
  }

  private static let itemFields: [FieldDescription] = [
    FieldDescription("username", .string(1...255), "Who logs in."),
    FieldDescription("password", .secret, "{ env: NAME } or { file: path }; never the password itself."),
  ]

  private static let clientFields: [FieldDescription] = [
    FieldDescription("address", .string(1...255), "An address, a network such as 10.0.0.0/8, or all."),
    FieldDescription("directive", .choice(["allow", "deny"]), "What becomes of requests from there."),
  ]
}
