import Model

/// All differences between NPM releases. They were observed on real servers of 2.12.6, 2.13.7, 2.14.0 and 2.15.1; a
/// release in between behaves like the next observed one.
struct ReleaseProfile: Sendable {
  /// `/api/` returns `setup`; older releases create a user at their first start.
  var hasSetup: Bool
  /// Refused logins and tokens give 400 with a translation key; older releases return 401.
  var saysAuthAs400: Bool
  /// What is not allowed gives 404 with the route, or 500; older releases return 403.
  var hidesDenials: Bool
  /// Messages of 404 begin with `Item `.
  var namesItems: Bool
  /// A 500 has a code in its body.
  var hasCodeOn500: Bool
  /// A missing body is a separate error, not an empty body.
  var missesPayload: Bool
  var hasTrustForwardedProto: Bool
  /// `expand=access_list.items` works on lists.
  var expandsNestedLists: Bool
  /// Certificates can be expanded with their streams.
  var expandsStreams: Bool
  /// A Let's Encrypt request requires an e-mail address in `meta` and has no key type.
  var wantsLetsEncryptEmail: Bool
  var hasDNSProviders: Bool
  /// The reachability test is a POST; older releases read the domains from the query of a GET.
  var testsHTTPByPost: Bool
  var hasVersionCheck: Bool
  /// Access lists accept `meta`.
  var hasAccessListMeta: Bool
  /// nginx refuses a second stream on one port.
  var refusesSharedPorts: Bool
  /// A write to a 404 host configures nginx from the previous row, without its certificate.
  var configuresDeadHostsStale: Bool
  /// Disabling a 404 host returns an object instead of true.
  var disablesDeadHostsOddly: Bool

  init(_ version: NPMVersion) {
    let isBefore13 = version < NPMVersion(2, 13, 0), isBefore14 = version < NPMVersion(2, 14, 0)
    let isBefore15 = version < NPMVersion(2, 15, 0)
    hasSetup = !isBefore13
    saysAuthAs400 = !isBefore13
    hidesDenials = !isBefore13
    namesItems = isBefore13
    hasCodeOn500 = !isBefore15
    missesPayload = version >= NPMVersion(2, 13, 7)
    hasTrustForwardedProto = !isBefore14
    expandsNestedLists = !isBefore15
    expandsStreams = !isBefore13
    wantsLetsEncryptEmail = isBefore13
    hasDNSProviders = !isBefore13
    testsHTTPByPost = !isBefore13
    hasVersionCheck = version >= NPMVersion(2, 13, 6)
    hasAccessListMeta = isBefore13
    refusesSharedPorts = !isBefore15
    disablesDeadHostsOddly = !isBefore13
    configuresDeadHostsStale = !isBefore13
  }

  /// A fault in the form of this release.
  func fault(_ fault: NPMFault, path: String, isHostCreate: Bool) -> NPMFault {
    var said = fault
    if fault.status == NPMFault.denied.status {
      said = denial(path, isHostCreate)
    } else if fault.isAuth, !saysAuthAs400 {
      said.status = 401
      said.translation = nil
    }
    if namesItems, said.status == 404 {
      said.message = said.message == "Not Found" ? "Item Not Found - NaN" : "Item \(said.message)"
    }
    return said
  }

  private func denial(_ path: String, _ isHostCreate: Bool) -> NPMFault {
    if !hidesDenials || path == "/nginx/certificates/dns-providers" { return NPMFault(403, "Permission Denied") }
    return isHostCreate ? .internalError : NPMFault(404, "Not Found - \(path)")
  }
}
