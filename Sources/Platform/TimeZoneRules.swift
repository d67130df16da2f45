/// The UTC offsets of a time zone, in seconds east of UTC, from the system's time zone database (RFC 8536).
package struct TimeZoneRules: Hashable, Sendable {
  /// Seconds since 1970 at which an offset begins, in order.
  private var transitions: [(at: Int, offset: Int)] = []
  /// The offset before the first transition.
  private var firstOffset = 0
  /// The rule after the last transition.
  private var rule = PosixRule(standard: 0)

  package static let utc = TimeZoneRules()

  private init() {}

  package static func == (left: TimeZoneRules, right: TimeZoneRules) -> Bool {
    left.firstOffset == right.firstOffset && left.rule == right.rule
      && left.transitions.elementsEqual(right.transitions) { $0.at == $1.at && $0.offset == $1.offset }
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(transitions.count) }

  /// A zone by name, such as `Europe/Berlin`; nil if the system does not know it.
  package init?(_ name: String, database: String = "/usr/share/zoneinfo") {
    if name == "UTC" {
      self.init()
      return
    }
    let isName =
      name.first?.isLetter == true
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "/_+-".utf8.contains(byte)
        }
      }
    guard isName, let bytes = try? Files.read("\(database)/\(name)") else { return nil }
    self.init(file: bytes)
  }

  package init?(file bytes: [UInt8]) {
    var reader = Reader(bytes: bytes)
    guard let first = Header(&reader), first.version >= UInt8(ascii: "2") else { return nil }
    reader.skip(first.size(timeWidth: 4))
    guard let header = Header(&reader), header.types > 0 else { return nil }
    guard reader.left >= header.size(timeWidth: 8) else { return nil }
    let times = (0..<header.times).map { _ in reader.integer(8) }
    let kinds = (0..<header.times).map { _ in reader.integer(1) & 0xff }
    let offsets = (0..<header.types).map { _ -> Int in
      let offset = reader.integer(4)
      reader.skip(2)
      return offset
    }
    reader.skip(header.size(timeWidth: 8) - header.times * 9 - header.types * 6)
    guard kinds.allSatisfy(offsets.indices.contains) else { return nil }
    firstOffset = offsets[0]
    transitions = zip(times, kinds).map { ($0, offsets[$1]) }
    let last = transitions.last?.offset ?? firstOffset
    rule = PosixRule(reader.line) ?? PosixRule(standard: last)
  }

  /// Seconds east of UTC.
  package func offset(at seconds: Int) -> Int {
    guard let last = transitions.last, seconds < last.at else { return rule.offset(at: seconds) }
    var low = 0
    var high = transitions.count
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle].at <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? firstOffset : transitions[low - 1].offset
  }

  private struct Header {
    var version: UInt8
    var counts: [Int]
    var times: Int { counts[3] }
    var types: Int { counts[4] }

    init?(_ reader: inout Reader) {
      guard reader.left >= 44, reader.text(4) == "TZif" else { return nil }
      version = UInt8(truncatingIfNeeded: reader.integer(1))
      reader.skip(15)
      counts = (0..<6).map { _ in reader.integer(4) }
      guard counts.allSatisfy({ (0...1_000_000).contains($0) }) else { return nil }
    }

    /// Bytes of the data block after this header.
    func size(timeWidth: Int) -> Int {
      counts[0] + counts[1] + counts[2] * (timeWidth + 4) + times * (timeWidth + 1) + types * 6 + counts[5]
    }
  }

  /// Reads big-endian numbers; zero beyond the end.
  private struct Reader {
    var bytes: [UInt8]
    var place = 0
    var left: Int { bytes.count - place }

    mutating func skip(_ count: Int) { place += count }

    mutating func integer(_ width: Int) -> Int {
      var value: Int64 = 0
      for index in place..<place + width { value = value << 8 | (index < bytes.count ? Int64(bytes[index]) : 0) }
      place += width
      let unused = 64 - 8 * width
      return Int((value << unused) >> unused)
    }

    mutating func text(_ width: Int) -> String {
      defer { place += width }
      return String(decoding: bytes[place..<place + width], as: UTF8.self)
    }

    /// The text between two line ends.
    var line: String {
      guard left > 1 else { return "" }
      return String(decoding: bytes[(place + 1)...].prefix { $0 != 0x0a }, as: UTF8.self)
    }
  }
}
