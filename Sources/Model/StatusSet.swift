/// HTTP status codes: `204`, `200-399`, `200-299,401`.
package struct StatusSet: Hashable, Sendable {
  private var ranges: [ClosedRange<Int>]

  package init(_ range: ClosedRange<Int>) { ranges = [range] }

  /// nil: not a valid set.
  package init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.range)
    guard !parts.contains(nil) else { return nil }
    ranges = parts.compactMap { $0 }
  }

  package func contains(_ status: Int) -> Bool { ranges.contains { $0.contains(status) } }

  private static func range(_ text: Substring) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { end in
      end.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(end) : nil
    }
    guard ends.count <= 2, let low = ends.first ?? nil, let high = ends.last ?? nil, 100 <= low, low <= high,
      high <= 599
    else { return nil }
    return low...high
  }
}
