import Model

extension ErrorManual {
  static let theWayToNpm = Section(
    "The way to NPM",
    introduction:
      #"""
      Messages of this group carry a `call:` (in JSON `correlation_id`), which NPM and proxies see as
      `X-Request-ID`. How calls are made, repeated and given up is in [upstream.md](upstream.md).
      """#,
    entries: [
      Entry(
        .upstreamUnresolved,
        #"""
        The name in `npm.url` does not resolve. Check the spelling and the DNS of this machine.
        """#),
      Entry(
        .upstreamRefused,
        #"""
        Nothing listens there. Check the port, and whether NPM is running.
        """#),
      Entry(
        .upstreamUnreachable,
        #"""
        There is no route to it. Check address, network and firewall.
        """#),
      Entry(
        .upstreamTimeout,
        #"""
        It did not answer within its budget. Writes take seconds when NPM has hundreds of hosts; see
        `npm.write_timeout`.
        """#),
      Entry(
        .upstreamTLS,
        #"""
        The certificate of an `https` address was not accepted. For a private authority set `npm.ca_file`.
        """#),
      Entry(
        .upstreamReset,
        #"""
        The connection broke in the middle. A write that this happened to is read back before anything is believed.
        """#),
      Entry(
        .upstreamTooLarge,
        #"""
        The answer was larger than 256 MiB, which no list of NPM is. Check what `npm.url` points at.
        """#),
      Entry(
        .upstreamNotHTTP,
        #"""
        What answers does not speak HTTP, or TLS answers on a plain address.
        """#),
      Entry(
        .upstreamRedirected,
        #"""
        A write was answered with a redirect, or redirects go round in circles. Set `npm.url` to the address they
        lead to.
        """#),
      Entry(
        .upstreamNotAllowed,
        #"""
        A redirect leads to another host, to another port, or from TLS to clear text. It is not followed: the token
        would go along.
        """#),
      Entry(
        .upstreamRateLimited,
        #"""
        Too many requests, says the server or a proxy before it, and asks for more patience than 30 s.
        """#),
      Entry(
        .upstreamBreakerOpen,
        #"""
        Five calls in a row failed, so that it is left alone for a moment; the message says when the next try is.
        """#),
      Entry(
        .upstreamAuth,
        #"""
        NPM refuses the login. Check the identity and the secret.
        """#),
      Entry(
        .upstreamFailed,
        #"""
        The call failed in a way that has no code of its own; libcurl's words follow.
        """#),
    ])

  static let npm = Section(
    "NPM",
    entries: [
      Entry(
        .npmNotNPM,
        #"""
        What answers is not NPM's API. `npm.url` must be the admin address, usually port 81.
        """#),
      Entry(
        .npmNotSetUp,
        #"""
        NPM waits for its first user. Open it in a browser.
        """#),
      Entry(
        .npmTwoFactor,
        #"""
        The account uses two-factor login, which a program cannot answer. Make an account without it for
        `reconciler`.
        """#),
      Entry(
        .npmForbidden,
        #"""
        The account lacks a permission. NPM 2.13 and later say this as a 404 with a path, so that no host is ever
        taken for gone.
        """#),
      Entry(
        .npmRejected,
        #"""
        NPM refuses the request; its own words follow.
        """#),
      Entry(
        .npmDomainInUse,
        #"""
        NPM says that a domain is in use, by an object that we may not see or that appeared a moment ago. Run `diff`
        again.
        """#),
      Entry(
        .npmNotFound,
        #"""
        The object is gone from NPM.
        """#),
      Entry(
        .npmServerError,
        #"""
        NPM answered 5xx, and reading back did not show that the write was taken by nginx. The next run makes it
        again.
        """#),
      Entry(
        .npmUnclear,
        #"""
        NPM's answer and what it shows afterwards do not fit. The next run looks again.
        """#),
      Entry(
        .nginxRefused,
        #"""
        nginx does not accept the configuration; its words follow. After an update the previous configuration was
        put back.
        """#),
      Entry(
        .nginxUnconfirmed,
        #"""
        NPM stored the host but did not report whether nginx accepted it. The next run writes it again.
        """#),
      Entry(
        .nginxBroken,
        #"""
        NPM answered 500 to a write twice. It tests nginx's whole configuration before it touches anything, and
        something that was there before is wrong: a host that nginx refuses and whose file came back, a certificate
        with another's key, a file in NPM's `custom` folder. The rest of the run is not tried. Where a host's own
        row shows it, it is named; otherwise run `nginx -t` where NPM runs. What was stored is taken up by the next
        run.
        """#),
      Entry(
        .reloadUnproven,
        #"""
        NPM took the change, and nginx did not reload: it serves what it served before, whatever NPM says. Nearly
        always another process holds the port of a stream. Nothing else is written in this run; the next one begins
        with the write that can cure it. As a warning: NPM is reached without its own nginx in between, so that this
        cannot be seen; set `npm.data_plane`. See [what NPM does behind your back](behind-your-back.md).
        """#),
      Entry(
        .hostRefused,
        #"""
        A change would make NPM write the file of a host that is switched on and refused by nginx: NPM would then
        take no configuration at all. Switch the host off in NPM, or correct it.
        """#),
      Entry(
        .objectChanged,
        #"""
        The host was changed in NPM between the plan and the write. It was left alone. Run `diff` again.
        """#),
    ])
}
