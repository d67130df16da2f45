/// What may stand in a field and how people write it.
package indirect enum FieldType: Sendable {
  case bool
  case integer(ClosedRange<Int>)
  case port
  /// A number with or without a fraction.
  case decimal(ClosedRange<Double>)
  /// Text of so many characters.
  case string(ClosedRange<Int>)
  /// A name, an IPv4 address, or an IPv6 address in brackets.
  case host
  /// What nginx has behind `location`.
  case locationPath
  /// What stands behind the port in nginx's `proxy_pass`: a path, perhaps with variables; may be empty.
  case forwardPath
  case choice([String])
  /// A list of names that NPM accepts as domains.
  case domains
  /// A list of any texts.
  case texts
  /// The name of another object, or `none`.
  case reference(ResourceKind)
  case object([FieldSchema])
  /// A list of objects that `key` tells apart.
  case list([FieldSchema], key: String, shorthands: [ShorthandSchema])
  /// Names of snippets, in the order in which they are put before `advanced_config`.
  case snippets
  /// Any names with text values.
  case labels
  case duration
  case date
  /// Status codes such as `200-299,401`.
  case statuses
  /// What is asked for behind the host of a URL: `/status?full=1`.
  case requestPath
  /// Headers of a request by name: a text, or `{ env: NAME }` or `{ file: path }` where the settings allow it.
  case headers
  case anything
  /// `{ env: NAME }` or `{ file: path }`; its value is a seal, never the text.
  case secret
  /// `{ file: path }`, certificates in PEM form; its value is their fingerprint.
  case pem
  /// `{ file: path }`, a private key in PEM form; it has no value: it belongs to its certificate or is refused.
  case pemKey
}

extension FieldType {
  /// Whether a secret is a part of it.
  package var holdsSecrets: Bool {
    switch self {
    case .secret, .pem, .pemKey, .headers: true
    case .object(let fields), .list(let fields, _, _): fields.contains { $0.type.holdsSecrets }
    default: false
    }
  }

  /// In place of the name of a certificate: whichever is best.
  package static let auto: JSONValue = ["auto": true]
}

/// One field of a kind: decoding, comparison, wire mapping, JSON Schema and docs all read it here.
package struct FieldSchema: Sendable {
  /// NPM's API name, or the contract's for what only the operator knows.
  package var name: String
  package var type: FieldType
  /// What holds where the field is not written; nil: it must be written.
  package var defaultValue: JSONValue?
  /// The first NPM release that has the field.
  package var since: NPMVersion?
  /// One sentence for the docs and for editors.
  package var summary: String
  /// Phrases that NPM's API has for ours.
  package var wireWords: [String: String]
  /// Where NPM keeps it in `meta`, if it does; of an object, the flag that says that there is one.
  package var metaName: String?
  /// The first NPM release that no longer has the field: there it is neither sent nor compared.
  package var until: NPMVersion?

  package init(
    _ name: String, _ type: FieldType, defaultValue: JSONValue? = nil, since: NPMVersion? = nil,
    _ summary: String, wireWords: [String: String] = [:], metaName: String? = nil, until: NPMVersion? = nil
  ) {
    self.name = name
    self.type = type
    self.defaultValue = defaultValue
    self.since = since
    self.summary = summary
    self.wireWords = wireWords
    self.metaName = metaName
    self.until = until
  }

  /// Whether a release has it.
  package func isKnown(to version: NPMVersion) -> Bool {
    (since.map { version >= $0 } ?? true) && (until.map { version < $0 } ?? true)
  }

  /// Whether NPM takes it as an uploaded file.
  package var isUpload: Bool {
    switch type {
    case .pem, .pemKey: true
    default: false
    }
  }
}

extension FieldSchema {
  /// The field that snippets are a part of.
  package static let snippetTarget = "advanced_config"

  package static let snippets = FieldSchema(
    "snippets", .snippets, defaultValue: [],
    "Names of `snippets:` of any desired file, whose texts come before its own `advanced_config`, in this order.")
}

/// A key that stands for several fields: `forward: http://10.0.0.12:8096/path`.
package struct ShorthandSchema: Sendable {
  package var name: String
  package var scheme: String
  package var host: String
  package var port: String
  /// The field that takes the URL's path; nil: a path is an error.
  package var path: String?
  package var summary: String

  /// The fields that it must give together.
  package var parts: [String] { [scheme, host, port] }
}

extension [FieldSchema] {
  /// What may be written for these: where there is an `advanced_config`, also what is put before it.
  package var written: [FieldSchema] {
    contains { $0.name == FieldSchema.snippetTarget } ? self + [.snippets] : self
  }

  /// An entry of a list with just these members, those that are absent at their defaults.
  func filled(_ entry: JSONValue) -> JSONValue {
    var members: [String: JSONValue] = [:]
    for field in self {
      let value = entry[field.name]
      members[field.name] = value.isNull ? field.defaultValue ?? .null : value
    }
    return .object(members)
  }
}
