/// The request target of a check: a path with an optional query.
enum RequestPath {
  static func problem(with text: String) -> (message: String, hint: String?)? {
    if !text.hasPrefix("/") { return ("must begin with a slash", "write /health") }
    if let bad = text.unicodeScalars.first(where: {
      $0.value <= 0x20 || $0.value >= 0x7f || "@#\\\"<>^`{|}".unicodeScalars.contains($0)
    }) {
      let what = bad.value <= 0x20 || bad.value == 0x7f ? "a blank or control character" : "'\(bad)'"
      return ("contains \(what)", "write it percent-encoded, as it goes over the wire")
    }
    let path = text.prefix { $0 != "?" }
    let climbs = path.split(separator: "/").contains { part in
      [".", ".."].contains(part.lowercased().replacing("%2e", with: "."))
    }
    return climbs ? ("contains '.' or '..' as a part", "write the path that they lead to") : nil
  }
}
