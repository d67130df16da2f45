extension [String] {
  /// The first ten, and how many more.
  package var shortened: String {
    prefix(10).joined(separator: ", ") + (count > 10 ? " and \(count - 10) more" : "")
  }
}
