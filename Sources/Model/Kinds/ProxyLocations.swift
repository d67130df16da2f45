/// Problems of a proxy host's locations that no single field shows. NPM writes them into nginx unquoted, and one that
/// nginx refuses takes the whole host offline.
enum ProxyLocations {
  static func problems(_ spec: Spec) -> [ValidationIssue] {
    var first: [String: Int] = [:]
    let names = definedNames(spec)
    return (spec["locations"].arrayValue ?? []).enumerated().flatMap { index, location -> [ValidationIssue] in
      let path = location["path"].stringValue ?? ""
      guard let match = try? LocationMatch(path) else { return [] }
      let own = ownLocation(match, path, index)
      let target = forwardPath(location["forward_path"].stringValue ?? "", match, index, names)
      return [own, target, duplicate(match, path, index, &first)].compactMap { $0 }
    }
  }

  /// Variables that the host defines: groups of patterns and targets of `set`. nginx accepts them in all its locations.
  private static func definedNames(_ spec: Spec) -> [String] {
    let locations = spec["locations"].arrayValue ?? []
    guard locations.contains(where: { $0["forward_path"].stringValue.map(NginxVariables.isUsed) == true }) else {
      return []
    }
    let patterns = locations.compactMap { $0["path"].stringValue.flatMap { try? LocationMatch($0) } }.filter(
      \.isPattern)
    let texts = [spec["advanced_config"]] + locations.map { $0["advanced_config"] }
    return patterns.flatMap { NginxVariables.groups(in: $0.text) }
      + texts.compactMap(\.stringValue).flatMap(NginxVariables.defined)
  }

  /// NPM omits its own location `/` only for a path of exactly that text.
  private static func ownLocation(_ match: LocationMatch, _ path: String, _ index: Int) -> ValidationIssue? {
    guard !match.isPattern, match.way != .exact else { return nil }
    if match.text == "/" && path != "/" {
      return ValidationIssue(
        .duplicatePath, at: "locations[\(index)].path",
        "'\(path)' is there twice: NPM writes a location '/' of its own",
        hint: "write '/'")
    }
    guard match.text == "/.well-known/acme-challenge/" else { return nil }
    return ValidationIssue(
      .duplicatePath, at: "locations[\(index)].path",
      "'\(path)' is NPM's own where a certificate is of Let's Encrypt", hint: "leave it to NPM")
  }

  private static func forwardPath(
    _ text: String, _ match: LocationMatch, _ index: Int, _ names: [String]
  ) -> ValidationIssue? {
    guard !text.isEmpty, !NginxVariables.isUsed(in: text) else {
      return NginxVariables.unknown(in: text, groups: names).map { name in
        ValidationIssue(.badValue, at: "locations[\(index)].forward_path", "nginx knows no variable '\(name)'")
      }
    }
    guard match.isPattern || match.way == .named else { return nil }
    return ValidationIssue(
      .badValue, at: "locations[\(index)].forward_path",
      "nginx takes no path at the destination of \(match.isPattern ? "a pattern" : "a named location")",
      hint: match.isPattern
        ? "leave it away, or build it of groups: path '~ ^/a/(.*)$', forward_path '/b/$1'" : "leave it away")
  }

  /// nginx treats `=/a` and `= /a` as one location, `^~ /a` and `/a` too.
  private static func duplicate(
    _ match: LocationMatch, _ path: String, _ index: Int, _ first: inout [String: Int]
  ) -> ValidationIssue? {
    guard !match.isPattern else { return nil }
    let key = (match.way == .exact ? "=" : "") + match.text
    guard first.updateValue(index, forKey: key) != nil else { return nil }
    return ValidationIssue(
      .duplicatePath, at: "locations[\(index)].path", "'\(path)' is the same location to nginx as one before it")
  }
}
