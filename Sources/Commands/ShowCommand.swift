import Configuration
import DesiredFiles
import Model
import Planning
import Platform
import Reports
import Store

/// `reconciler show`: everything known of one object.
enum ShowCommand {
  static let definition = CommandDefinition(
    name: "show", summary: "Show one object: what the files say, what NPM has, how it is, and why",
    discussion: """
      Takes a name, with its kind where several have it (access_list/lan), a domain, a port such as tcp/2222, or NPM's number
      (#12, stream#3). Nothing is changed; health is what the daemon found.
      """,
    arguments: [ArgumentDefinition(name: "NAME|DOMAIN|#ID", summary: "What to show")], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    let inventory = try await context.inventory()
    let item = try ObjectArgument.item(invocation.arguments.positional[0], in: inventory)
    let stores = try context.stores(createsIt: false)
    let holder = item.change?.blockReason?.holder.flatMap { id in
      inventory.items.lazy.compactMap(\.object).first { $0.kind == item.report.kind && $0.id == id }
    }
    let report = ObjectDetailReport(
      item, holder: holder, suspension: try await context.suspension(of: item),
      history: try await stores.runs.history(after: 0),
      runs: try await stores.runs.runs(limit: 100_000))
    if invocation.console.format == .json {
      try invocation.console.result(report: report)
      return .success
    }
    var authors: [String: GitCommit] = [:]
    for hash in Set(report.history.prefix(ShowText.shownSteps).compactMap(\.commit)) {
      for place in [context.settings.desired, "\(context.settings.state).source/repository"] where authors[hash] == nil
      {
        authors[hash] = await GitHistory.commit(hash, at: place)
      }
    }
    let text = ShowText(console: invocation.console, report: report, commits: authors)
    try invocation.console.result(text.text)
    return .success
  }
}

/// An object as the command line names it.
enum ObjectArgument {
  /// - Throws: `CommandFailure` with exit code 3 if there is none, or several.
  static func item(_ word: String, in inventory: Inventory) throws -> Inventory.Item {
    let found = inventory.items.filter { matches($0.report, word) }
    // A name in the files wins over the same one in NPM, as of the host that is in its way.
    let named = found.filter { $0.resource != nil }
    if let item = found.count == 1 ? found[0] : named.count == 1 ? named[0] : nil { return item }
    let names = inventory.items.flatMap { [$0.report.name] + $0.report.domainNames }
    let ways = found.map { $0.resource?.key.path ?? "\($0.report.kind.rawValue)#\($0.report.id ?? 0)" }
    let hint =
      found.isEmpty
      ? Suggestion.nearest(to: word, among: names).map { "did you mean '\($0)'?" } ?? "see 'reconciler list'"
      : "write \(ways.sorted().joined(separator: " or "))"
    let message = found.isEmpty ? "there is no '\(word)', in the files or in NPM" : "there are several '\(word)'"
    throw CommandFailure(.invalid, [Diagnostic(.unknownName, message, hint: hint)])
  }

  private static func matches(_ report: ObjectReport, _ word: String) -> Bool {
    if let sign = word.firstIndex(of: "#"), let id = Int(word[word.index(after: sign)...]) {
      let kind = word[..<sign]
      // Without a kind, a host: that is what people call by its number.
      return report.id == id && (kind.isEmpty ? report.kind == .proxyHost : report.kind.rawValue == kind)
    }
    return report.name == word || "\(report.kind.rawValue)/\(report.name)" == word
      || report.domainNames.contains { $0.lowercased() == word.lowercased() }
  }
}
