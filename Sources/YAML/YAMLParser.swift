import CLibYAML

/// Parses YAML text into node trees and keeps no state between calls.
package enum YAMLParser {
  /// Bounds on hostile or broken input.
  package struct Limits: Sendable {
    /// Maximum number of nodes to which all aliases of a text may expand.
    package var expandedNodes = 100_000
    /// Maximum nesting depth.
    package var depth = 64
    package init() {}
  }

  /// Returns the documents of `bytes` and all problems. After a syntax error there are no documents.
  package static func parse(_ bytes: [UInt8], limits: Limits = Limits()) -> (
    documents: [YAMLNode], problems: [YAMLProblem]
  ) {
    if let mark = UTF8Check.firstInvalid(in: bytes) {
      let problem = YAMLProblem(kind: .encoding, message: "this file is not UTF-8 text", mark: mark)
      return ([], [problem])
    }
    var builder = TreeBuilder(limits: limits)
    if let syntax = EventReader.read(bytes, { builder.consume($0) }) {
      return ([], builder.problems + [syntax])
    }
    return (builder.documents, builder.problems)
  }
}

/// One parser event, copied from libyaml's memory.
enum ParserEvent {
  case documentStart
  case scalar(text: String, isPlain: Bool, isBlock: Bool, anchor: String?, tag: String?, YAMLMark, YAMLMark)
  case alias(String, YAMLMark, YAMLMark)
  case sequenceStart(anchor: String?, tag: String?, YAMLMark)
  case mappingStart(anchor: String?, tag: String?, YAMLMark)
  case collectionEnd(YAMLMark)
}

/// Drives libyaml; no libyaml pointer leaves this type.
private enum EventReader {
  /// Passes each event to `consume` until it returns false. Returns the syntax error that ended the text early.
  static func read(_ bytes: [UInt8], _ consume: (ParserEvent) -> Bool) -> YAMLProblem? {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    let event = UnsafeMutablePointer<yaml_event_t>.allocate(capacity: 1)
    defer {
      parser.deallocate()
      event.deallocate()
    }
    guard yaml_parser_initialize(parser) == 1 else {
      return YAMLProblem(kind: .syntax, message: "out of memory", mark: YAMLMark(line: 1, column: 1))
    }
    defer { yaml_parser_delete(parser) }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    return bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      var flat = shim_yaml_event()
      while true {
        guard shim_yaml_next(parser, event, &flat) == 1 else { return syntaxProblem(parser.pointee, bytes) }
        defer { yaml_event_delete(event) }
        if flat.type == Int32(YAML_STREAM_END_EVENT.rawValue) { return nil }
        if let copied = copy(flat), !consume(copied) { return nil }
      }
    }
  }

  private static func copy(_ event: shim_yaml_event) -> ParserEvent? {
    let start = YAMLMark(line: event.line + 1, column: event.column + 1)
    let end = YAMLMark(line: event.end_line + 1, column: event.end_column + 1)
    let anchor = event.anchor.map { String(cString: $0) }
    let tag = event.tag.map { String(cString: $0) }
    switch yaml_event_type_t(UInt32(event.type)) {
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_SCALAR_EVENT:
      let raw = UnsafeRawBufferPointer(start: event.value, count: event.length)
      let text = String(decoding: raw, as: UTF8.self)
      return .scalar(
        text: text, isPlain: event.plain == 1, isBlock: event.literal == 1, anchor: anchor, tag: tag, start, end)
    case YAML_ALIAS_EVENT: return .alias(anchor ?? "", start, end)
    case YAML_SEQUENCE_START_EVENT: return .sequenceStart(anchor: anchor, tag: tag, start)
    case YAML_MAPPING_START_EVENT: return .mappingStart(anchor: anchor, tag: tag, start)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .collectionEnd(end)
    default: return nil
    }
  }

  private static func syntaxProblem(_ parser: yaml_parser_t, _ bytes: [UInt8]) -> YAMLProblem {
    var message = parser.problem.map { String(cString: $0) } ?? "unreadable YAML"
    // libyaml reports an unfinished key a line later; the useful position is the start of the key.
    let isLateNotice = parser.context != nil && message.hasPrefix("could not find expected ':'")
    var mark = isLateNotice ? parser.context_mark : parser.problem_mark
    if let context = parser.context.map({ String(cString: $0) }) { message += " \(context)" }
    if parser.error == YAML_READER_ERROR {
      message = "a character that YAML does not allow: \(message)"
      // libyaml's reader reports only a byte offset.
      let before = bytes.prefix(parser.problem_offset)
      let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      mark.line = before.count { $0 == UInt8(ascii: "\n") }
      mark.column = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count
    }
    let place = YAMLMark(line: mark.line + 1, column: mark.column + 1)
    return YAMLProblem(kind: .syntax, message: message, mark: place)
  }
}

/// Finds the first byte that is not UTF-8.
private enum UTF8Check {
  static func firstInvalid(in bytes: [UInt8]) -> YAMLMark? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var mark = YAMLMark(line: 1, column: 1)
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while true {
      switch decoder.decode(&iterator) {
      case .emptyInput: return nil
      case .error: return mark
      case .scalarValue("\n"): mark = YAMLMark(line: mark.line + 1, column: 1)
      case .scalarValue: mark.column += 1
      }
    }
  }
}
