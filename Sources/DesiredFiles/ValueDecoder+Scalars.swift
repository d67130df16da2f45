package import Model
import PCRE
import YAML

extension ValueDecoder {
  mutating func scalar(_ node: YAMLNode, _ type: FieldType, name: String) -> JSONValue? {
    switch type {
    case .bool: return bool(node, name: name)
    case .integer(let range): return integer(node, range, code: .badValue, name: name)
    case .decimal(let range): return decimal(node, range, name: name)
    case .port: return integer(node, 1...65535, code: .portRange, name: name)
    case .string(let lengths): return string(node, lengths, name: name)
    case .host: return host(node, name: name)
    case .locationPath: return locationPath(node, name: name)
    case .forwardPath: return forwardPath(node, name: name)
    case .choice(let choices): return choice(node, choices, name: name)
    case .reference(let kind): return reference(node, kind, name: name)
    case .duration:
      return pattern(node, DurationFormat.isWellFormed, "a duration such as 30s, 5m, 1h30m or 7d", name: name)
    case .date: return pattern(node, { DurationFormat.day($0) != nil }, "a day such as 2026-12-31", name: name)
    case .statuses: return statuses(node, name: name)
    case .requestPath: return requestPath(node, name: name)
    default: return nil
    }
  }

  /// The text of a non-empty scalar, also of a number or a word such as `true`.
  mutating func text(_ node: YAMLNode, name: String) -> String? {
    if case .scalar(let text, let isPlain) = node.content, !(isPlain && YAMLScalar.isNull(text)) { return text }
    report(.wrongType, "'\(name)' must be a text, this is \(node.shape)", at: location(node))
    return nil
  }

  private mutating func bool(_ node: YAMLNode, name: String) -> JSONValue? {
    if case .scalar(let text, true) = node.content, let flag = YAMLScalar.bool(text) { return .bool(flag) }
    var hint: String?
    if case .scalar(let text, _) = node.content {
      let word = text.lowercased()
      if ["yes", "on", "1", "true"].contains(word) { hint = "write true" }
      if ["no", "off", "0", "false"].contains(word) { hint = "write false" }
    }
    report(.wrongType, "'\(name)' must be true or false, this is \(node.shape)", at: location(node), hint: hint)
    return nil
  }

  private mutating func integer(
    _ node: YAMLNode, _ range: ClosedRange<Int>, code: DiagnosticCode, name: String
  ) -> JSONValue? {
    guard case .scalar(let text, true) = node.content, let number = Int(text) else {
      report(
        .wrongType, "'\(name)' must be a whole number, this is \(node.shape)", at: location(node),
        hint: unquoted(node) { Int($0) != nil })
      return nil
    }
    guard range.contains(number) else {
      let message = "'\(name)' must be \(range.lowerBound) to \(range.upperBound), this is \(number)"
      report(code, message, at: location(node))
      return nil
    }
    return .int(number)
  }

  /// A hint for templates, which quote inserted values.
  private func unquoted(_ node: YAMLNode, _ isRight: (String) -> Bool) -> String? {
    guard case .scalar(let text, false) = node.content, isRight(text) else { return nil }
    return "write \(text) without quotes"
  }

  private mutating func decimal(_ node: YAMLNode, _ range: ClosedRange<Double>, name: String) -> JSONValue? {
    guard case .scalar(let text, true) = node.content, let number = Double(text), number.isFinite else {
      report(
        .wrongType, "'\(name)' must be a number, this is \(node.shape)", at: location(node),
        hint: unquoted(node) { Double($0) != nil })
      return nil
    }
    guard range.contains(number) else {
      report(
        .badValue, "'\(name)' must be \(range.lowerBound) to \(range.upperBound), this is \(number)",
        at: location(node))
      return nil
    }
    return .double(number)
  }

  private mutating func string(_ node: YAMLNode, _ lengths: ClosedRange<Int>, name: String) -> JSONValue? {
    if lengths.lowerBound == 0, case .scalar(let text, true) = node.content, YAMLScalar.isNull(text) { return "" }
    guard let text = text(node, name: name) else { return nil }
    guard lengths.contains(text.count) else {
      let message =
        "'\(name)' must have \(lengths.lowerBound) to \(lengths.upperBound) characters, this has \(text.count)"
      report(.badValue, message, at: location(node))
      return nil
    }
    return .string(text)
  }

  mutating func texts(_ node: YAMLNode, name: String) -> JSONValue? {
    guard case .sequence(let items) = node.content else {
      report(
        .wrongType, "'\(name)' must be a list of texts, this is \(node.shape)", at: location(node),
        hint: "write it as [one, two]")
      return nil
    }
    return .array(items.compactMap { text($0, name: name).map { .string($0) } })
  }

  private mutating func host(_ node: YAMLNode, name: String) -> JSONValue? {
    guard let text = text(node, name: name) else { return nil }
    do {
      return .string(try HostName.normalised(text))
    } catch {
      let port = name.replacing("_host", with: "_port")
      let hint =
        name == "forward_host" && text.contains("/")
        ? "write a URL as 'forward: \(text)'"
        : error.holdsPort ? "the port goes into '\(port)'" : error.hint
      report(.badValue, "'\(name)': \(error.message)", at: location(node), hint: hint)
      return nil
    }
  }

  private mutating func locationPath(_ node: YAMLNode, name: String) -> JSONValue? {
    guard let text = string(node, 1...1024, name: name)?.stringValue else { return nil }
    do {
      let match = try LocationMatch(text)
      if match.isPattern { try checkPattern(match) }
      if let doubt = match.doubt {
        report(.badValue, "'\(name)' \(doubt.message)", at: location(node), hint: doubt.hint, severity: .warning)
      }
      return .string(text)
    } catch let problem as LocationMatch.Problem {
      report(.badValue, "'\(name)' \(problem.message)", at: location(node), hint: problem.hint)
    } catch let problem as Pattern.Problem {
      report(.badValue, "'\(name)' is no pattern that nginx takes: \(problem.message)", at: location(node))
    } catch {
      report(.badValue, "'\(name)': \(error)", at: location(node))
    }
    return nil
  }

  private func checkPattern(_ match: LocationMatch) throws {
    let pattern = try Pattern(match.text, ignoresCase: match.way == .patternIgnoringCase)
    // Groups define variables, which must not have a predefined name.
    guard let taken = pattern.names.first(where: NginxVariables.isTaken) else { return }
    throw LocationMatch.Problem(message: "has a group with the name of nginx's own variable '$\(taken)'")
  }

  /// The text after the port, which nginx reads unquoted.
  private mutating func forwardPath(_ node: YAMLNode, name: String) -> JSONValue? {
    guard let text = string(node, 0...1024, name: name)?.stringValue else { return nil }
    guard let problem = ForwardURL.problem(withPath: text) else { return .string(text) }
    report(.badURL, "'\(name)': \(problem.message)", at: location(node), hint: problem.hint)
    return nil
  }

  private mutating func choice(_ node: YAMLNode, _ choices: [String], name: String) -> JSONValue? {
    guard let text = text(node, name: name) else { return nil }
    if choices.contains(text) { return .string(text) }
    let hint = Suggestion.nearest(to: text, among: choices).map { "did you mean '\($0)'?" }
    let message = "'\(name)' must be \(choices.joined(separator: " or ")), this is '\(text)'"
    report(.badValue, message, at: location(node), hint: hint)
    return nil
  }

  private mutating func reference(_ node: YAMLNode, _ kind: ResourceKind, name: String) -> JSONValue? {
    if case .scalar(let text, true) = node.content, text == "none" || YAMLScalar.isNull(text) { return .null }
    guard let text = text(node, name: name) else { return nil }
    if kind == .certificate, case .scalar("auto", isPlain: true) = node.content { return FieldType.auto }
    return .string(text)
  }

  private mutating func pattern(
    _ node: YAMLNode, _ isRight: (String) -> Bool, _ what: String, name: String
  ) -> JSONValue? {
    guard let text = text(node, name: name) else { return nil }
    if isRight(text) { return .string(text) }
    report(.badValue, "'\(name)' must be \(what), this is '\(text)'", at: location(node))
    return nil
  }

  /// `200-299,401`, or a list of such.
  private mutating func statuses(_ node: YAMLNode, name: String) -> JSONValue? {
    guard case .sequence(let items) = node.content else {
      return pattern(node, { StatusSet($0) != nil }, "status codes such as 204, 200-399 or 200-299,401", name: name)
    }
    let parts = items.compactMap { statuses($0, name: name)?.stringValue }
    if items.isEmpty { report(.badValue, "'\(name)' names no status code", at: location(node)) }
    return .string(parts.joined(separator: ","))
  }

  private mutating func requestPath(_ node: YAMLNode, name: String) -> JSONValue? {
    guard let text = string(node, 1...1024, name: name)?.stringValue else { return nil }
    guard let problem = RequestPath.problem(with: text) else { return .string(text) }
    report(.badURL, "'\(name)' \(problem.message)", at: location(node), hint: problem.hint)
    return nil
  }

  /// Any node as JSON, typed by YAML's core schema.
  func anything(_ node: YAMLNode) -> JSONValue {
    switch node.content {
    case .scalar(let text, let isPlain):
      guard isPlain else { return .string(text) }
      if YAMLScalar.isNull(text) { return .null }
      if let flag = YAMLScalar.bool(text) { return .bool(flag) }
      if let number = Int(text) { return .int(number) }
      return Double(text).map { .double($0) } ?? .string(text)
    case .sequence(let items): return .array(items.map(anything))
    case .mapping(let entries):
      return .object(Dictionary(firstOf: entries.map { ($0.key, anything($0.value)) }))
    }
  }
}

extension ValueDecoder {
  /// Decodes a text that is not of a file, such as a variable of the environment, by the rules for files.
  package mutating func value(of text: String, _ type: FieldType, name: String) -> JSONValue? {
    let isPlain: Bool
    switch type {
    case .bool, .integer, .decimal, .port: isPlain = true
    default: isPlain = false
    }
    return scalar(YAMLNode(scalar: text, isPlain: isPlain), type, name: name)
  }
}
