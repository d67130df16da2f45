package import Model

/// Turns what NPM has into desired files, and proves each host by reading it back.
package struct Exporter {
  package struct File: Sendable, Equatable {
    package var name: String
    package var text: String
  }

  package struct Result: Sendable {
    package var files: [File] = []
    package var exported = 0
    package var warnings: [Diagnostic] = []
  }

  private let observed: ObservedState
  private let owner: String
  /// Where it came from, for the comment at the top.
  private let origin: String

  package init(_ observed: ObservedState, owner: String, origin: String) {
    self.observed = observed
    self.owner = owner
    self.origin = origin
  }

  /// - Parameter splits: one file per host instead of one for all.
  package func export(splits: Bool) -> Result {
    var result = Result()
    var blocks: [(name: String, lines: [String])] = []
    let hosts = (observed.resources[.proxyHost] ?? []).sorted { $0.id < $1.id }
    let mine = hosts.filter { host in
      guard let marker = host.marker, marker.owner != owner else { return true }
      result.warnings.append(
        warning(.markerForeign, host, "belongs to owner '\(marker.owner)' and is left out", "that owner exports it"))
      return false
    }
    for (host, name) in zip(mine, ExportNames.names(mine, owner: owner)) {
      let lines = DesiredWriter.lines(name, host.spec.normalised(), remark: remark(host))
      if let problem = problem(host, lines) {
        result.warnings.append(
          warning(
            .notExportable, host, "cannot be written as YAML that reads back the same: \(problem)",
            "it stands in the file as a comment; correct it in NPM, or there"))
        blocks.append((name, lines.map { "  #" + $0.dropFirst(2) }))
      } else {
        result.exported += 1
        blocks.append((name, secretWarning(host) + lines))
      }
    }
    result.files = files(blocks, splits: splits)
    return result
  }

  private func files(_ blocks: [(name: String, lines: [String])], splits: Bool) -> [File] {
    guard !splits else {
      return blocks.map { name, lines in
        let isComment = lines.allSatisfy { $0.hasPrefix("  #") }
        let section = isComment ? "# proxy_hosts:" : "proxy_hosts:"
        return File(name: "\(name).yaml", text: ([section] + lines).joined(separator: "\n") + "\n")
      }
    }
    let body = blocks.sorted { $0.name < $1.name }.map { $0.lines.joined(separator: "\n") }
    let text = header + "proxy_hosts:\n" + body.joined(separator: "\n\n") + (body.isEmpty ? "" : "\n")
    return [File(name: "proxy_hosts.yaml", text: text)]
  }

  private var header: String {
    var lines = ["# Exported from NPM \(observed.version) at \(origin). Fields at their defaults are left out."]
    let others = Dictionary(grouping: observed.holders, by: \.kind).sorted { $0.key < $1.key }
    if !others.isEmpty {
      let list = others.map { "\($0.value.count) \($0.key.title)\($0.value.count == 1 ? "" : "s")" }
      lines.append("# Not in here, because reconciler does not manage them yet: \(list.joined(separator: ", ")).")
    }
    lines.append("# Next: 'reconciler diff' finds nothing to do; 'reconciler adopt --all' makes these hosts ours.")
    return lines.joined(separator: "\n") + "\n"
  }

  private func remark(_ host: ObservedResource) -> String {
    switch host.nginx {
    case .online: "host \(host.id)"
    case .refused where host.isEnabled: "host \(host.id), nginx refuses it"
    case .unknown where host.isEnabled: "host \(host.id), nginx never confirmed it"
    default: "host \(host.id)"
    }
  }

  /// Why the lines do not say what the host is; nil: they do.
  private func problem(_ host: ObservedResource, _ lines: [String]) -> String? {
    let text = (["proxy_hosts:"] + lines).joined(separator: "\n") + "\n"
    let loaded = DesiredLoader.read(Array(text.utf8), as: "export.yaml")
    if let error = loaded.diagnostics.first(where: { $0.severity == .error }) { return error.message }
    guard let spec = loaded.state.resources.first?.spec.normalised() else { return "nothing was read" }
    let differing = spec.differences(to: host.spec.normalised()).map(\.name)
    return differing.isEmpty ? nil : "\(differing.joined(separator: ", ")) would change"
  }

  /// Files go into git: what looks like a secret is pointed at.
  private func secretWarning(_ host: ObservedResource) -> [String] {
    let configs =
      [host.spec["advanced_config"]] + (host.spec["locations"].arrayValue ?? []).map { $0["advanced_config"] }
    let text = configs.compactMap(\.stringValue).joined(separator: "\n").lowercased()
    let words = ["authorization", "password", "passwd", "api_key", "apikey", "api-key", "token", "secret"]
    guard let word = words.first(where: text.contains) else { return [] }
    return ["  # advanced_config says '\(word)': look whether it holds a secret before you commit this"]
  }

  private func warning(_ code: DiagnosticCode, _ host: ObservedResource, _ what: String, _ hint: String) -> Diagnostic {
    Diagnostic(
      code, "host \(host.id) (\(host.spec.domains.joined(separator: ", "))) \(what)", hint: hint, severity: .warning)
  }
}

/// Names for hosts that had none.
enum ExportNames {
  /// The name in our marker, where it is one and the host the only one with it; else the first label of the first domain
  /// where that is nobody else's, else the domain.
  static func names(_ hosts: [ObservedResource], owner: String) -> [String] {
    let claimed = hosts.map { host in host.marker.flatMap { $0.owner == owner ? $0.name : nil } }
    let counts = Dictionary(claimed.compactMap { $0 }.map { ($0, 1) }, uniquingKeysWith: +)
    // Whoever may write to NPM chooses what a marker says: it becomes the name of a file only when it is a name.
    let marked = claimed.map { name in name.flatMap { counts[$0] == 1 && ResourceName.isRight($0) ? $0 : nil } }
    let short = hosts.map { label($0) }
    var uses: [String: Int] = [:]
    for (own, name) in zip(marked, short) { uses[own ?? name, default: 0] += 1 }
    var taken = Set(marked.compactMap { $0 })
    return hosts.indices.map { index in
      if let own = marked[index] { return own }
      let full = clean(hosts[index].spec.domains.first ?? "")
      let numbered = String("host-\(hosts[index].id)")
      let candidates =
        (uses[short[index]] == 1 ? [short[index]] : []) + [full, "\(full.prefix(80))-\(hosts[index].id)"]
      let name = candidates.first { ResourceName.isRight($0) && !taken.contains($0) } ?? numbered
      taken.insert(name)
      return name
    }
  }

  private static func label(_ host: ObservedResource) -> String {
    let labels = (host.spec.domains.first ?? "").split(separator: ".").map(String.init)
    let first = labels.first { $0 != "*" && $0.lowercased() != "www" } ?? labels.first ?? ""
    return clean(first)
  }

  /// What is left of a text when only what a name may have is kept.
  private static func clean(_ text: String) -> String {
    let kept = text.replacing("*.", with: "").lowercased().map { character -> Character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character)) ? character : "-"
    }
    return String(String(kept).drop { !$0.isLetter && !$0.isNumber }.prefix(100))
  }
}
