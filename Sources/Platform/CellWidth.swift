#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many cells of a terminal a text takes, by the C library's tables (POSIX `wcwidth`).
package enum CellWidth {
  private typealias Width = @convention(c) (wchar_t) -> Int32

  /// The Glibc module lacks the header that declares it.
  private static let width: Width? = dlsym(nil, "wcwidth").map { unsafeBitCast($0, to: Width.self) }
  /// A locale in which every character is known. It is never changed or freed, and may be used on any thread.
  nonisolated(unsafe) private static let locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)

  package static func of(_ text: some StringProtocol) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    // Without the tables each character takes one cell.
    guard let width, let locale else { return text.count }
    let before = uselocale(locale)
    defer { uselocale(before) }
    return text.unicodeScalars.reduce(0) { $0 + max(0, Int(width(wchar_t($1.value)))) }
  }
}
