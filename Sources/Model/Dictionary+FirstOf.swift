extension Dictionary {
  /// Of pairs with one key the first one counts.
  package init(firstOf pairs: some Sequence<(Key, Value)>) { self.init(pairs) { first, _ in first } }
}
