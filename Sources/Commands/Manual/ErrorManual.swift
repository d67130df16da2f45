import Model

/// What each code means, and what to do: the page of error codes, and `explain`.
enum ErrorManual {
  struct Section: Sendable {
    var title: String
    /// Markdown; empty: there is none.
    var introduction: String
    var entries: [Entry]

    init(_ title: String, introduction: String = "", entries: [Entry]) {
      self.title = title
      self.introduction = introduction
      self.entries = entries
    }
  }

  struct Entry: Sendable {
    var code: DiagnosticCode
    /// Markdown; a blank line between paragraphs.
    var text: String

    init(_ code: DiagnosticCode, _ text: String) {
      self.code = code
      self.text = text
    }
  }

  /// In the order of the page.
  static let sections: [Section] = [
    whatPeopleWriteYaml, whatPeopleWriteMeaning, plansAndTheirLimits, theWayToNpm, npm, theStateOnDisk, theAPI, theRest,
  ]

  static func entry(_ code: DiagnosticCode) -> Entry? { sections.lazy.flatMap(\.entries).first { $0.code == code } }
}
