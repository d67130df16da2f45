package import Model
package import Planning

/// A value before and after, shown so that the difference is visible.
package enum ValueText {
  /// A field and its values as text; what is no field of NPM has a readable name.
  package static func shown(_ field: FieldChange) -> (path: String, values: String) {
    if field.path == "meta.nginx_online" {
      return ("served by nginx", field.before.isNull ? "never confirmed -> yes" : "no -> yes")
    }
    if field.path == FieldDiff.guardField {
      return ("guarded", field.before == false ? "no, its access list is not enforced -> yes" : "unknown -> yes")
    }
    if field.path == FieldDiff.currentField { return ("nginx has these values", "unknown -> yes") }
    if field.path == "meta.reconciler" {
      return ("our marker", "\(field.before.isNull ? "gone" : field.before.summary) -> \(field.after.summary)")
    }
    return (field.path, change(field.before, field.after))
  }

  /// `80 -> 81`; for multi-line texts the first line that differs.
  package static func change(_ before: JSONValue, _ after: JSONValue) -> String {
    guard let old = before.stringValue, let new = after.stringValue, !old.isEmpty, !new.isEmpty,
      old.contains("\n") || new.contains("\n")
    else {
      return "\(before.summary) -> \(after.summary)"
    }
    // The end of the last line is not a line of its own, unless it is the only difference.
    let ends = [old, new].map { $0.hasSuffix("\n") ? $0.dropLast() : $0[...] }
    let lines = (ends[0] == ends[1] ? [old[...], new[...]] : ends).map {
      $0.split(separator: "\n", omittingEmptySubsequences: false)
    }
    let count = max(lines[0].count, lines[1].count)
    func line(_ side: Int, _ index: Int) -> Substring? {
      lines[side].indices.contains(index) ? lines[side][index] : nil
    }
    guard let index = (0..<count).first(where: { line(0, $0) != line(1, $0) }) else {
      return "\(before.summary) -> \(after.summary)"
    }
    let shown = [0, 1].map { side in line(side, index).map { $0.isEmpty ? "\"\"" : short($0) } ?? "none" }
    let others = (index + 1..<max(index + 1, count)).count { line(0, $0) != line(1, $0) }
    return "line \(index + 1): \(shown[0]) -> \(shown[1])" + (others > 0 ? ", and \(others) more" : "")
  }

  private static func short(_ line: Substring) -> String { line.count > 60 ? "\(line.prefix(60)) ..." : String(line) }
}
