package import Model

/// Desired files that are to be written, and what to say about them.
package struct DesiredFileSet: Sendable {
  package struct File: Sendable, Equatable {
    package var name: String
    package var text: String
  }

  /// A file that only its owner can read.
  package struct SecretFile: Sendable {
    package var name: String
    package var text: Secret
  }

  package var files: [File] = []
  package var secretFiles: [SecretFile] = []
  /// Objects that are more than a comment.
  package var objectCount = 0
  package var warnings: [Diagnostic] = []
  /// Names of objects whose values look as if they held a secret: not to be committed unseen.
  package var suspects: [String] = []

  package init() {}

  /// Variables that the files name, and that must be set before they are read.
  package var variables: [String] {
    let names = files.flatMap { file in
      file.text.matches(of: /\{ env: ([A-Z0-9_]+) \}/).map { String($0.output.1) }
    }
    return Set(names).sorted()
  }

  /// Adds the objects of a kind: one file for all of them, or one for each.
  ///
  /// - Parameter header: comments at the top of a file for all.
  package mutating func add(_ blocks: [DesiredBlock], of kind: ResourceSchema, splits: Bool, header: String) {
    guard !splits else {
      files += blocks.map { block in
        let section = block.isComment ? "# \(kind.section):" : "\(kind.section):"
        let text = ([section] + block.lines).joined(separator: "\n") + "\n"
        return File(name: "\(kind.section)/\(block.name).yaml", text: text)
      }
      return
    }
    let bodies = blocks.sorted { $0.name < $1.name }.map { $0.lines.joined(separator: "\n") + "\n" }
    let text = header + "\(kind.section):\n" + bodies.joined(separator: "\n")
    files.append(File(name: "\(kind.section).yaml", text: text))
  }
}

/// One object as it stands in a desired file.
package struct DesiredBlock: Sendable {
  package var name: String
  package var lines: [String]
  /// It cannot be expressed, and stands there for people only.
  package var isComment: Bool

  package init(name: String, lines: [String], isComment: Bool = false) {
    self.name = name
    self.lines = isComment ? lines.map { "  #" + $0.dropFirst(2) } : lines
    self.isComment = isComment
  }

  /// Comments above it, if one of its texts looks like a secret: files are committed to git.
  package static func secretWarning(_ spec: Spec) -> [String] {
    let configs = [spec["advanced_config"]] + (spec["locations"].arrayValue ?? []).map { $0["advanced_config"] }
    let text = configs.compactMap(\.stringValue).joined(separator: "\n").lowercased()
    let names = [
      "authorization", "auth_basic", "basic ", "bearer", "cookie", "password", "passwd", "api_key", "apikey", "api-key",
      "x-key", "token", "secret",
    ]
    guard let word = names.first(where: text.contains) else { return [] }
    return ["  # advanced_config says '\(word)': look whether it holds a secret before you commit this"]
  }

  /// Why lines do not describe an object correctly; nil: they do.
  ///
  /// - Parameters:
  ///   - name: of the object in the YAML.
  ///   - uploads: the texts of files that the lines refer to, by field.
  package static func problem(
    _ lines: [String], describing wanted: Spec, name: String, uploads: [String: Secret] = [:]
  ) -> String? {
    let text = ([wanted.schema.section + ":"] + lines).joined(separator: "\n") + "\n"
    var secrets = SecretSource.any
    secrets.contents = { path in
      let file = uploads.first { path.hasSuffix("/" + DesiredWriter.fileName(name, $0.key)) }
      return Array((file?.value.reveal() ?? "any").utf8)
    }
    let loaded = DesiredLoader.read(Array(text.utf8), as: "export.yaml", secrets: secrets)
    if let error = loaded.diagnostics.first(where: { $0.severity == .error }) { return error.message }
    guard let spec = loaded.state.resources.first?.spec.normalised() else { return "nothing was read" }
    var wanted = wanted
    if let host = wanted["forward_host"].stringValue, let right = try? HostName.normalised(host) {
      wanted["forward_host"] = .string(right)
    }
    // The secrets are not known here.
    let differing = spec.mapFingerprints { _, _ in "" }.differences(to: wanted.mapFingerprints { _, _ in "" }).map(
      \.name)
    return differing.isEmpty ? nil : "\(differing.joined(separator: ", ")) would change"
  }
}
