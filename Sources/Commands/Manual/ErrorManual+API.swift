import Model

extension ErrorManual {
  static let theAPI = Section(
    "The HTTP API",
    introduction: #"""
      Each refusal is `application/problem+json` with one of these codes, and with the `correlation_id` that the request has in the
      event log.
      """#,
    entries: [
      Entry(
        .apiUnauthorized,
        #"""
        The request needs a token, or its token is not known, was revoked or has expired. `reconciler token create NAME` makes one; it is
        sent as `Authorization: Bearer TOKEN`. Without a token only requests of this machine are answered, and of those only reads; a
        request that a proxy passed on is none of this machine.
        """#),
      Entry(
        .apiForbidden,
        #"""
        The token's role is too small: `read`, `write` and `admin` each include those before. A token in `Authorization: Basic` can only
        read.
        """#),
      Entry(
        .apiHost,
        #"""
        The name in `Host` is neither an address nor localhost, and not in `api.allowed_hosts`. Any page in a browser could otherwise
        read the API by a name that points to this machine (DNS rebinding).
        """#),
      Entry(
        .apiOrigin,
        #"""
        A browser asked for a page of another site. Other sites cannot use the API.
        """#),
      Entry(
        .apiRateLimited,
        #"""
        More requests a second than `api.rate_limit`, of this token or address. `Retry-After` says when to come back.
        """#),
      Entry(
        .apiRequest,
        #"""
        The request cannot be read, or has a parameter that its path does not take. Requests that two programs could read differently,
        such as one with two lengths, are refused as well.
        """#),
      Entry(
        .apiNotFound,
        #"""
        There is nothing at that path. `GET /api/openapi.json` describes what there is.
        """#),
      Entry(
        .apiMethod,
        #"""
        The path is right, its method is not: `Allow` names those that are.
        """#),
      Entry(
        .apiNotReady,
        #"""
        The daemon has not finished a reconciliation yet, or `reconciler healthcheck` found that it does not work. `GET /readyz` says when
        it is ready.
        """#),
    ])
}
