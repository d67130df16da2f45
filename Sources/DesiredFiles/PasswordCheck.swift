import Model

/// Checks for passwords that NPM cannot process: it passes them to `openssl passwd` as an argument.
enum PasswordCheck {
  static func run(_ items: DecodedValue?, _ decoder: inout ValueDecoder) {
    for (index, item) in (items?.value.arrayValue ?? []).enumerated() {
      let name = item["username"].stringValue ?? ""
      guard let items, let password = items.secrets[SecretFingerprint.path(name, "password")],
        let problem = problem(with: password.reveal())
      else { continue }
      let place = items.parts["[\(index)].password"]?.location ?? items.location
      decoder.report(.badValue, "the password of '\(name)' \(problem)", at: place, hint: "choose another")
    }
  }

  private static func problem(with text: String) -> String? {
    if text.hasPrefix("-") { return "begins with '-', which NPM's openssl takes for an option" }
    if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      return "holds a line end or control character"
    }
    return text.utf8.count > 256 ? "has more than the 256 bytes that openssl takes" : nil
  }
}
