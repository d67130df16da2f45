/// Every diagnostic code of the program. Stable: scripts match on them. `docs/errors.md` explains each one.
package enum DiagnosticCode: String, CaseIterable, Sendable {
  // Desired files: YAML.
  case yamlSyntax = "yaml-syntax"
  case notUTF8 = "not-utf8"
  case duplicateKey = "duplicate-key"
  case yamlAlias = "yaml-alias"
  case yamlTooLarge = "yaml-too-large"
  case yamlTag = "yaml-tag"
  case yamlKey = "yaml-key"

  // Desired files: meaning.
  case unknownKey = "unknown-key"
  case missingKey = "missing-key"
  case wrongType = "wrong-type"
  case badValue = "bad-value"
  case badName = "bad-name"
  case badDomain = "bad-domain"
  case badURL = "bad-url"
  case portRange = "port-range"
  case duplicateDomain = "duplicate-domain"
  case duplicateName = "duplicate-name"
  case duplicatePort = "duplicate-port"
  case duplicatePath = "duplicate-path"
  case secretLiteral = "secret-literal"
  case secretNotAllowed = "secret-not-allowed"
  case badCertificate = "bad-certificate"
  case certificateKey = "certificate-key"
  case certificateExpired = "certificate-expired"
  case certificateNames = "certificate-names"
  case nameUnresolved = "name-unresolved"
  case certificateExpiring = "certificate-expiring"
  case noCertificate = "no-certificate"
  case shadowedDomain = "shadowed-domain"
  case unusedReference = "unused-reference"
  case notYetSupported = "not-yet-supported"
  case noEffect = "no-effect"
  case tooLarge = "too-large"
  case unreadableFile = "unreadable-file"
  case desiredMissing = "desired-missing"
  case desiredEmpty = "desired-empty"
  case desiredInvalid = "desired-invalid"
  case settingsMissing = "settings-missing"
  case unsetVariable = "unset-variable"
  case emptySelection = "empty-selection"
  case unknownName = "unknown-name"
  case notExportable = "not-exportable"
  case unknownFormat = "unknown-format"
  case notTranslated = "not-translated"
  case notAcceptable = "not-acceptable"
  case unknownRun = "unknown-run"

  // Plans and their limits.
  case domainTaken = "domain-taken"
  case portTaken = "port-taken"
  case nameTaken = "name-taken"
  case stillInUse = "still-in-use"
  case unchangeable
  case secretMissing = "secret-missing"
  case requestBudget = "request-budget"
  case takerBlocked = "taker-blocked"
  case domainCycle = "domain-cycle"
  case markerMissing = "marker-missing"
  case markerForeign = "marker-foreign"
  case markerAmbiguous = "marker-ambiguous"
  case notAdoptable = "not-adoptable"
  case protected = "protected"
  case selfLockout = "self-lockout"
  case ledgerMissing = "ledger-missing"
  case unknownReference = "unknown-reference"
  case ambiguousReference = "ambiguous-reference"
  case requestInterrupted = "request-interrupted"
  case unsupportedByNPM = "unsupported-by-npm"
  case destinationFailed = "destination-failed"
  case tooManyDeletes = "too-many-deletes"
  case tooManyUpdates = "too-many-updates"
  case nothingDesired = "nothing-desired"
  case incompleteList = "incomplete-list"
  case planStale = "plan-stale"
  case dependencyFailed = "dependency-failed"
  case interrupted = "interrupted"

  // NPM and the connection to it.
  case upstreamUnresolved = "upstream-unresolved"
  case upstreamRefused = "upstream-refused"
  case upstreamUnreachable = "upstream-unreachable"
  case upstreamTimeout = "upstream-timeout"
  case upstreamTLS = "upstream-tls"
  case upstreamReset = "upstream-reset"
  case upstreamTooLarge = "upstream-too-large"
  case upstreamNotHTTP = "upstream-not-http"
  case upstreamRedirected = "upstream-redirected"
  case upstreamNotAllowed = "upstream-not-allowed"
  case upstreamRateLimited = "upstream-rate-limited"
  case upstreamBreakerOpen = "upstream-breaker-open"
  case upstreamAuth = "upstream-auth"
  case upstreamFailed = "upstream-failed"
  case npmNotNPM = "npm-not-npm"
  case npmNotSetUp = "npm-not-set-up"
  case npmTwoFactor = "npm-two-factor"
  case npmForbidden = "npm-forbidden"
  case npmRejected = "npm-rejected"
  case npmDomainInUse = "npm-domain-in-use"
  case npmNotFound = "npm-not-found"
  case npmServerError = "npm-server-error"
  case npmUnclear = "npm-unclear"
  case nginxRefused = "nginx-refused"
  case nginxUnconfirmed = "nginx-unconfirmed"
  case nginxBroken = "nginx-broken"
  case reloadUnproven = "reload-unproven"
  case hostRefused = "host-refused"
  case objectChanged = "object-changed"

  // The state on disk.
  case storeUnreadable = "store-unreadable"
  case storeCorrupt = "store-corrupt"
  case storeNewer = "store-newer"
  case storeOtherNPM = "store-other-npm"
  case storeFull = "store-full"
  case storeTimeout = "store-timeout"
  case lockHeld = "lock-held"
  case outputFailed = "output-failed"
  case statusWrite = "status-write"
  case alertSink = "alert-sink"
  case notSuspended = "not-suspended"
  case suspended

  // The HTTP API.
  case apiUnauthorized = "api-unauthorized"
  case apiForbidden = "api-forbidden"
  case apiHost = "api-host"
  case apiOrigin = "api-origin"
  case apiRateLimited = "api-rate-limited"
  case apiRequest = "api-request"
  case apiNotFound = "api-not-found"
  case apiMethod = "api-method"
  case apiNotReady = "api-not-ready"
  case apiBusy = "api-busy"
  case apiPrecondition = "api-precondition"
  case sourceReadOnly = "source-read-only"
  case notAsDesired = "not-as-desired"
  case refusedBySafety = "refused-by-safety"
  case destinationNotAllowed = "destination-not-allowed"
  case notEditable = "not-editable"

  // The command line and the rest.
  case usage
  case listenFailed = "listen-failed"
  case internalError = "internal-error"
}

extension DiagnosticCode {
  /// Whether the store itself fails.
  package var isStoreFailure: Bool {
    [.storeUnreadable, .storeCorrupt, .storeNewer, .storeFull, .storeTimeout].contains(self)
  }

  /// Whether the next call would fail in the same way.
  package var isUpstreamAway: Bool {
    switch self {
    case .upstreamUnresolved, .upstreamRefused, .upstreamUnreachable, .upstreamTimeout, .upstreamTLS, .upstreamReset,
      .upstreamNotHTTP, .upstreamRedirected, .upstreamNotAllowed, .upstreamRateLimited, .upstreamBreakerOpen,
      .upstreamFailed, .upstreamAuth:
      true
    default: false
    }
  }

  /// Whether the request was right, so that another attempt may succeed, and NPM may have stored it.
  package var isTransient: Bool {
    isUpstreamAway || [.npmServerError, .npmUnclear, .nginxUnconfirmed, .reloadUnproven].contains(self)
  }
}
