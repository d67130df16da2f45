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
      Entry(
        .apiBusy,
        #"""
        A hundred workflows or writes wait already. `Retry-After` says when to come back; what waits is done in its order.
        """#),
      Entry(
        .apiPrecondition,
        #"""
        `If-Match` names an `ETag` that the host no longer has: it was changed since it was read. Read it again, make the
        change to what it is now, and send the new `ETag`. Nothing was written.
        """#),
      Entry(
        .sourceReadOnly,
        #"""
        The desired files come from a repository, and `source.push` is off. The answer has the change as `patch`, for `git am --keep-non-patch` or
        `git apply`. With `source.push: true` the daemon commits and pushes it itself.
        """#),
      Entry(
        .refusedBySafety,
        #"""
        The plan with this change would be refused, or would never do it: limits, `protect`, the policy, or an object that is not ours.
        `diagnostics` says which. The files are as they were.
        """#),
      Entry(
        .destinationNotAllowed,
        #"""
        A destination that came through the API leads to an address outside `api.allowed_destinations`, which without a setting are
        private networks, and what the files lead to already. Link-local addresses and those at which clouds tell secrets are never led
        to. What counts is the address that is connected to, at each check, whatever a name says.
        """#),
      Entry(
        .notEditable,
        #"""
        The host is written in a way that a program should not edit: behind an alias, in a merged mapping, or with comments inside
        braces. Change it in the file.
        """#),
      Entry(
        .notAsDesired,
        #"""
        `verify` read NPM again, and it is not as the files say. `plan` in its result says what differs.
        """#),
    ])
}
