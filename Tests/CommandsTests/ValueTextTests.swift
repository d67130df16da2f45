import Model
import Planning
import Testing

@testable import Commands
import Reports

/// The difference between two values.
@Suite struct ValueTextTests {
  @Test(
    arguments: [
      (80, 81, "80 -> 81"), ("", "a;\nb;\n", "\"\" -> a; ..."), ("a;\nb;\n", "a;\nc;\n", "line 2: b; -> c;"),
      ("a;\nb;", "a;\nc;\nd;\n", "line 2: b; -> c;, and 1 more"), ("a;\n", "a;\nb;\n", "line 2: none -> b;"),
      ("a;", "a;\n", "line 2: none -> \"\""), (nil, "x", "none -> x"), (true, false, "true -> false"),
    ] as [(JSONValue, JSONValue, String)])
  func `the first line that differs is shown`(before: JSONValue, after: JSONValue, words: String) {
    #expect(ValueText.change(before, after) == words)
  }
}
