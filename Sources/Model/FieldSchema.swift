/// The values that a field accepts, and their notation.
package indirect enum FieldType: Sendable {
  case bool
  case integer(ClosedRange<Int>)
  case port
  /// A number with or without a fraction.
  case decimal(ClosedRange<Double>)
  /// Text with this number of characters.
  case string(ClosedRange<Int>)
  /// A name, an IPv4 address, or an IPv6 address in brackets.
  case host
  /// The text after `location` in nginx.
  case locationPath
  /// The text after the port in nginx's `proxy_pass`: a path, possibly with variables; may be empty.
  case forwardPath
  case choice([String])
  /// A list of names that NPM accepts as domains.
  case domains
  /// A list of arbitrary texts.
  case texts
  /// The name of another object, or `none`.
  case reference(ResourceKind)
  case object([FieldSchema])
  /// A list of objects, identified by `key`.
  case list([FieldSchema], key: String, shorthands: [ShorthandSchema])
  /// Names of snippets, in the order in which they are prepended to `advanced_config`.
  case snippets
  /// Arbitrary names with text values.
  case labels
  case duration
  case date
  /// Status codes such as `200-299,401`.
  case statuses
  /// The path and query of a request URL: `/status?full=1`.
  case requestPath
  /// Request headers by name: a text, or `{ env: NAME }` or `{ file: path }` if the settings allow it.
  case headers
  case anything
  /// `{ env: NAME }` or `{ file: path }`; its value is a fingerprint, never the text.
  case secret
  /// `{ file: path }`, certificates in PEM form; its value is their fingerprint.
  case pem
  /// `{ file: path }`, a private key in PEM form; it has no value: it must match its certificate.
  case pemKey
}

extension FieldType {
  /// Whether it contains a secret.
  package var holdsSecrets: Bool {
    switch self {
    case .secret, .pem, .pemKey, .headers: true
    case .object(let fields), .list(let fields, _, _): fields.contains { $0.type.holdsSecrets }
    default: false
    }
  }

  /// Selects the best certificate instead of a named one.
  package static let auto: JSONValue = ["auto": true]
}

/// One field of a kind: the source for decoding, comparison, wire mapping, JSON Schema and docs.
package struct FieldSchema: Sendable {
  /// NPM's API name, or the contract's name for operator fields.
  package var name: String
  package var type: FieldType
  /// The value if the field is not written; nil: it is required.
  package var defaultValue: JSONValue?
  /// The first NPM release that has the field.
  package var since: NPMVersion?
  /// One sentence for the docs and for editors.
  package var summary: String
  /// Our values with NPM's API values for them.
  package var wireWords: [String: String]
  /// Its key in `meta`, if NPM keeps it there; for an object, the flag that marks it as present.
  package var metaName: String?
  /// The first NPM release without the field: from there on it is neither sent nor compared.
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

  /// Whether a release has the field.
  package func isKnown(to version: NPMVersion) -> Bool {
    (since.map { version >= $0 } ?? true) && (until.map { version < $0 } ?? true)
  }

  /// Whether NPM receives it as an uploaded file.
  package var isUpload: Bool {
    switch type {
    case .pem, .pemKey: true
    default: false
    }
  }
}

extension FieldSchema {
  /// The field that snippets become a part of.
  package static let snippetTarget = "advanced_config"

  package static let snippets = FieldSchema(
    "snippets", .snippets, defaultValue: [],
    "Names of `snippets:` of any desired file, whose texts come before its own `advanced_config`, in this order.")
}

/// A key that sets several fields: `forward: http://10.0.0.12:8096/path`.
package struct ShorthandSchema: Sendable {
  package var name: String
  package var scheme: String
  package var host: String
  package var port: String
  /// The field for the URL's path; nil: a path is an error.
  package var path: String?
  package var summary: String

  /// The fields that it always sets together.
  package var parts: [String] { [scheme, host, port] }
}

extension [FieldSchema] {
  /// The fields that may be written: with `advanced_config`, also `snippets`.
  package var written: [FieldSchema] {
    contains { $0.name == FieldSchema.snippetTarget } ? self + [.snippets] : self
  }

  /// A list entry with exactly these members; missing ones get their defaults.
  func filled(_ entry: JSONValue) -> JSONValue {
    var members: [String: JSONValue] = [:]
    for field in self {
      let value = entry[field.name]
      members[field.name] = value.isNull ? field.defaultValue ?? .null : value
    }
    return .object(members)
  }
}
