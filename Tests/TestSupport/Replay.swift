import Curl
import Foundation
import Model
import NPMSimulator
import Platform

/// One recording, replayed in order against a simulator of its own.
package final class Replay {
  package private(set) var agreed = 0
  package private(set) var scored = 0
  package private(set) var differences: [String] = []
  private let name: String
  private let recording: JSONValue
  private let npm: SimulatedNPM
  private let clock = Lock(Timestamp(seconds: 1_795_000_000))
  private var tokens: [String: String] = [:]
  private var nginx = "ok"

  /// The server of the replay, in its final state.
  package var server: SimulatedNPM { npm }

  package init(_ file: String, version: String) throws {
    name = String(file.split(separator: "/").last ?? "")
    recording = try JSONDecoder().decode(JSONValue.self, from: Data(Files.read(file)))
    let clock = clock
    let start = recording["start"] == "unconfigured" ? "unconfigured" : "fresh-admin"
    npm = try SimulatedNPM(version: version, start: start, now: { clock.withLock { $0 } })
  }

  package func run() async throws {
    for (index, exchange) in (recording["exchanges"].arrayValue ?? []).enumerated() {
      let wanted = exchange["nginx"].stringValue ?? "ok"
      if wanted != nginx {
        nginx = wanted
        _ = try await send("PUT", "/simulator/nginx", [], Array("{\"state\":\"\(wanted)\"}".utf8))
      }
      try await replay(exchange, index)
    }
  }

  private func replay(_ exchange: JSONValue, _ index: Int) async throws {
    let want = exchange["response"]
    let recorded = want["json"].isNull ? want["body"] : want["json"]
    if "\(recorded)".contains("Token has expired") { clock.withLock { $0.seconds += 3 } }
    let request = exchange["request"]
    let path = fill(request["path"].stringValue ?? "")
    let headers = (request["headers"].objectValue ?? [:]).map {
      (name: $0.key, value: fill($0.value.stringValue ?? ""))
    }
    let answer = try await send(request["method"].stringValue ?? "", path, headers, try body(of: request))
    let got = try? JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
    if let mark = recorded["token"].stringValue, mark.hasPrefix("$TOKEN") { tokens[mark] = got?["token"].stringValue }
    guard exchange["unscored"] != true else { return }
    scored += 1
    var problems: [String] = []
    if want["status"].intValue != answer.status { problems.append("status \(want["status"].summary)/\(answer.status)") }
    let kinds = [want["headers"]["content-type"].stringValue, answer.headers["content-type"]]
    let bare = kinds.map { $0?.split(separator: ";").first.map(String.init) ?? "" }
    if bare[0] != bare[1] { problems.append("content type \(bare)") }
    if !want["json"].isNull { problems += Comparison.differences(recorded, got ?? .null) }
    if problems.isEmpty { agreed += 1 } else { differences.append("\(name)#\(index) \(problems.prefix(3))") }
  }

  private func fill(_ text: String) -> String {
    // Longest first, so that $TOKEN1 does not match the start of $TOKEN12.
    tokens.sorted { $0.key.count > $1.key.count }.reduce(text) { $0.replacing($1.key, with: $1.value) }
  }

  private func body(of request: JSONValue) throws -> [UInt8]? {
    if !request["json"].isNull { return Array(try JSONEncoder().encode(request["json"])) }
    if let text = request["body"].stringValue { return Array(fill(text).utf8) }
    if let text = request["body_base64"].stringValue { return Data(base64Encoded: text).map { Array($0) } }
    guard let size = request["body_size"].intValue else { return nil }
    return Array("{\"advanced_config\":\"\(String(repeating: "#", count: size))\"}".utf8)
  }

  private func send(
    _ method: String, _ path: String, _ headers: [(name: String, value: String)], _ body: [UInt8]?
  ) async throws -> TransferResult {
    var transfer = HTTPTransfer(method: method, url: npm.url + path)
    transfer.usesFreshConnection = true
    transfer.headers = headers
    // libcurl adds a content type to a body without one.
    if body != nil, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
      transfer.headers.append(("Content-Type", ""))
    }
    transfer.body = body
    return try await npm.engine.perform(transfer)
  }
}

/// Compares field by field, including ids; members that change between runs are omitted.
private enum Comparison {
  private static let volatile: Set<String> = [
    "created_on", "modified_on", "expires", "expires_on", "expiredAt", "avatar", "debug", "token", "challenge_token",
    "last_modified",
  ]

  static func differences(_ want: JSONValue, _ got: JSONValue, _ path: String = "$") -> [String] {
    if want.objectValue?["$omitted"] != nil { return [] }
    if want.stringValue?.hasPrefix("$") == true { return [] }
    if let left = want.objectValue, let right = got.objectValue {
      return Set(left.keys).union(right.keys).sorted().flatMap { member(left, right, $0, path) }
    }
    if let left = want.arrayValue, let right = got.arrayValue {
      guard left.count == right.count else { return ["\(path): \(left.count) items recorded, \(right.count) received"] }
      return zip(left, right).enumerated().flatMap { differences($1.0, $1.1, "\(path)[\($0)]") }
    }
    if let left = want.stringValue, let right = got.stringValue, withoutFiles(left) == withoutFiles(right) { return [] }
    return want == got ? [] : ["\(path): recorded \(want.summary), got \(got.summary)"]
  }

  /// Replaces the random names of temporary files.
  private static func withoutFiles(_ text: String) -> String { text.replacing(/\/tmp\/[-0-9a-f\/]+/, with: "/tmp/") }

  private static func member(
    _ want: [String: JSONValue], _ got: [String: JSONValue], _ key: String, _ path: String
  ) -> [String] {
    let place = "\(path).\(key)"
    if volatile.contains(key) {
      return want[key] != nil && got[key] == nil && key != "debug" ? ["\(place): missing"] : []
    }
    guard let left = want[key] else { return ["\(place): not recorded"] }
    guard let right = got[key] else { return ["\(place): missing"] }
    if key == "nginx_err" { return left.isNull == right.isNull ? [] : ["\(place): \(left.summary) / \(right.summary)"] }
    return differences(left, right, place)
  }
}
