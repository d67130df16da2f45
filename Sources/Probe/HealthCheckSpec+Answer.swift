import Curl
import FoundationEssentials
import Model

extension HealthCheckSpec {
  /// Bytes of an answer that are read where its JSON matters.
  static let readableBytes = 4 << 20

  /// The first unmet expectation, and a hint; nil: the response is as expected.
  func problem(with result: TransferResult) -> (message: String, hint: String)? {
    guard statuses.contains(result.status) else {
      return ("HTTP \(result.status)", ProbeHint.status(result.status))
    }
    guard let json else { return nil }
    if result.isTruncated {
      return (
        "the answer has more than \(Self.readableBytes >> 20) MiB", ProbeHint.tooLong
      )
    }
    guard let answer = try? JSONDecoder().decode(JSONValue.self, from: Data(result.body)) else {
      return ("the answer is no JSON", ProbeHint.unexpectedJSON)
    }
    return json.difference(to: answer, at: "").map { ($0, ProbeHint.unexpectedJSON) }
  }
}

extension JSONValue {
  /// In JSON notation, which distinguishes a number from a string.
  private var shown: String {
    let text = JSONOutput.line(self)
    return text.count > 80 ? "\(text.prefix(80))..." : text
  }

  /// The path at which `answer` lacks an expected value; additional members are ignored.
  fileprivate func difference(to answer: JSONValue, at path: String) -> String? {
    guard case .object(let members) = self else {
      return self == answer ? nil : "'\(path)' is \(answer.shown), not \(shown)"
    }
    for (name, wanted) in members.sorted(by: { $0.key < $1.key }) {
      let place = path.isEmpty ? name : "\(path).\(name)"
      guard let found = answer.objectValue?[name] else { return "'\(place)' is missing" }
      if let difference = wanted.difference(to: found, at: place) { return difference }
    }
    return nil
  }
}
