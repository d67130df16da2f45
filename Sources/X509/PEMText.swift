/// The blocks of a PEM text as OpenSSL reads them for nginx. OpenSSL accepts less than GnuTLS: one form for each block;
/// what is doubtful is refused. Source of the rules: `PEM_read_bio_ex` of OpenSSL 3.
package struct PEMText: Sendable {
  package struct Problem: Error, Hashable, Sendable {
    package var message: String
    /// From 1.
    package var line: Int
    package var hint: String?

    package init(message: String, line: Int, hint: String? = nil) {
      self.message = message
      self.line = line
      self.hint = hint
    }
  }

  package struct Block: Hashable, Sendable {
    package var label: String
    /// Its first line, from 1.
    package var line: Int
  }

  package private(set) var blocks: [Block] = []

  private static let start = "-----BEGIN "
  private static let end = "-----END "
  private static let dashes = "-----"
  /// The longest line, in characters, that OpenSSL is certain to decode.
  private static let longestLine = 76

  /// Skips text between blocks, as OpenSSL does.
  ///
  /// - Throws: `Problem`.
  package init(_ bytes: [UInt8]) throws {
    var open: OpenBlock?
    let text = String(decoding: bytes, as: UTF8.self)
    if bytes.contains(0) { throw Problem(message: "it is no text", line: 1) }
    var number = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
      number += 1
      let bare = line.trimmedAtEnd
      if bare.contains("\r") {
        throw Problem(message: "lines end with CR alone", line: number, hint: "write LF, or CR LF")
      }
      if var block = open {
        open = try block.take(bare, number) ? nil : block
        continue
      }
      guard bare.contains(Self.start) || bare.contains(Self.end) else { continue }
      let label = try Self.label(of: bare, behind: Self.start, number)
      blocks.append(Block(label: label, line: number))
      open = OpenBlock(label: label, line: number)
    }
    if let open { throw Problem(message: "the block '\(open.label)' has no end", line: open.line) }
  }

  private static func label(of line: Substring, behind mark: String, _ number: Int) throws -> String {
    if let place = line.firstRange(of: mark), place.lowerBound != line.startIndex {
      throw Problem(
        message: "'\(mark)' is not at the start of its line", line: number, hint: "remove what stands before it")
    }
    guard line.hasPrefix(mark), line.hasSuffix(dashes), line.utf8.count > mark.utf8.count + dashes.utf8.count else {
      throw Problem(message: "a line that is neither '-----BEGIN ...-----' nor '-----END ...-----'", line: number)
    }
    let label = line.dropFirst(mark.count).dropLast(dashes.count)
    // Text that is not a label may be the key itself, on one line with its dashes: the message does not repeat it.
    let isLabel =
      label.utf8.count <= 40
      && label.utf8.allSatisfy { (0x41...0x5a).contains($0) || $0 == 0x20 || (0x30...0x39).contains($0) }
    guard isLabel else {
      throw Problem(
        message: "the whole stands on one line", line: number,
        hint: "write the line ends that it had: after the dashes, and after every 64 characters")
    }
    return String(label)
  }

  /// A block whose end is not reached yet.
  private struct OpenBlock {
    var label: String
    var line: Int
    private var width: Int?
    private var isLast = false

    init(label: String, line: Int) {
      self.label = label
      self.line = line
    }

    /// Reads a line; returns true for the last one.
    mutating func take(_ text: Substring, _ number: Int) throws -> Bool {
      if text.contains(PEMText.end) || text.contains(PEMText.start) {
        if text.contains(PEMText.end) && text.contains(PEMText.start) {
          throw Problem(
            message: "'\(PEMText.start)' stands behind another block on one line", line: number,
            hint: "begin a new line before it")
        }
        guard text.contains(PEMText.end) else {
          throw Problem(message: "the block '\(label)' has no end before the next one", line: number)
        }
        guard try PEMText.label(of: text, behind: PEMText.end, number) == label, width != nil else {
          throw Problem(message: "the end is not that of '\(label)'", line: number)
        }
        return true
      }
      if text.isEmpty {
        throw Problem(message: "an empty line within '\(label)'", line: number, hint: "remove it: OpenSSL ends there")
      }
      if text.contains(":") {
        throw Problem(message: "'\(label)' has headers, as encrypted keys have", line: number, hint: "decrypt it first")
      }
      try check(text, number)
      return false
    }

    /// Requires base64 in lines of equal length; only the last one may be shorter.
    private mutating func check(_ text: Substring, _ number: Int) throws {
      if text.first == " " || text.first == "\t" {
        throw Problem(
          message: "a line within '\(label)' is indented", line: number, hint: "remove the blanks before it")
      }
      let count = text.utf8.count
      if count > PEMText.longestLine {
        throw Problem(
          message: "a line of \(count) characters within '\(label)'", line: number, hint: "break it after 64 characters"
        )
      }
      let padding = text.utf8.reversed().prefix { $0 == UInt8(ascii: "=") }.count
      let isBase64 = text.utf8.dropLast(padding).allSatisfy(PEMText.isBase64) && padding <= 2
      guard isBase64, count % 4 == 0, !isLast, width.map({ count <= $0 }) ?? true else {
        throw Problem(message: "a line within '\(label)' that is not the base64 that belongs there", line: number)
      }
      isLast = padding > 0 || count < width ?? count
      width = width ?? count
    }
  }

  private static func isBase64(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
    default: false
    }
  }
}

extension Substring {
  fileprivate var trimmedAtEnd: Substring {
    var text = self
    while let last = text.unicodeScalars.last, last == " " || last == "\t" { text.unicodeScalars.removeLast() }
    return text
  }
}
