import Model

extension ErrorManual {
  static let whatPeopleWriteYaml = Section(
    "What people write: YAML",
    entries: [
      Entry(
        .yamlSyntax,
        #"""
        The text is not YAML. The place is where the parser noticed, which may be a line after the mistake: look for
        an unclosed bracket or quote, a missing colon, or a tab used for indentation.
        """#),
      Entry(
        .notUTF8,
        #"""
        A file holds bytes that are not UTF-8. Save it as UTF-8 in your editor.
        """#),
      Entry(
        .duplicateKey,
        #"""
        One mapping has the same key twice. YAML parsers would silently keep one of them; we refuse. The note shows
        the first.
        """#),
      Entry(
        .yamlAlias,
        #"""
        An alias (`*name`) refers to no anchor (`&name`) that is complete before it, or `<<` merges something that
        is no mapping.
        """#),
      Entry(
        .yamlTooLarge,
        #"""
        Aliases expand to more than 100,000 nodes, or the nesting is deeper than 64 levels. Such a file is a mistake
        or an attack.
        """#),
      Entry(
        .yamlTag,
        #"""
        A tag such as `!include` has no meaning here. Write the value itself.
        """#),
      Entry(
        .yamlKey,
        #"""
        A key is a list or a mapping. Keys are words.
        """#),
    ])

  static let whatPeopleWriteMeaning = Section(
    "What people write: meaning",
    entries: [
      Entry(
        .unknownKey,
        #"""
        No field has this name. If one is near, it is named. Keys that begin with `x-` are ignored and may hold
        anything.
        """#),
      Entry(
        .missingKey,
        #"""
        A required field is not written. A proxy host needs `domain_names` and a destination.
        """#),
      Entry(
        .wrongType,
        #"""
        The value has the wrong shape, for example a text where a list must be. `yes`, `no`, `on` and `off` are
        texts: write `true` or `false`.
        """#),
      Entry(
        .badValue,
        #"""
        The value is of the right shape but not allowed; the message says what is.
        """#),
      Entry(
        .badName,
        #"""
        A name may have 100 letters, digits, `-`, `_` and `.`, and begins with a letter or digit. A host whose name
        begins with `x-` would be passed over, because such keys are for anchors; and a `_defaults.yaml` counts only
        directly below the desired directory.
        """#),
      Entry(
        .badDomain,
        #"""
        NPM or nginx would refuse the domain. A domain has no scheme, no port, no path, no spaces and no empty part;
        `*` may be its whole first or last part. As a warning: NPM takes it, but no browser asks for it in this form
        (umlauts instead of Punycode, a dot at the end).
        """#),
      Entry(
        .badURL,
        #"""
        A destination must be `http://host:port` or `https://host:port`. In a location a path may follow, as nginx
        takes it unquoted. The target of a redirection is a domain, perhaps with port and path, but without a
        scheme, and not the host itself. The path of a health check begins with a slash and is written as it goes
        over the wire.
        """#),
      Entry(
        .portRange,
        #"""
        A port is 1 to 65535.
        """#),
      Entry(
        .duplicateDomain,
        #"""
        Two hosts, or one host twice, claim the same domain; letter case does not matter. The note shows the first
        place.
        """#),
      Entry(
        .duplicateName,
        #"""
        Two files, or two documents, define the same name. A name is an identity: rename one of them.
        """#),
      Entry(
        .duplicatePort,
        #"""
        Two streams listen on one port. Both places are shown.
        """#),
      Entry(
        .shadowedDomain,
        #"""
        A warning: a host with a wildcard does not get the requests for names that hosts of another kind have
        themselves.
        """#),
      Entry(
        .unusedReference,
        #"""
        A warning: nothing in the YAML uses the access list, the certificate or the snippet.
        """#),
      Entry(
        .secretLiteral,
        #"""
        A secret stands in the file itself. Write `{ env: NAME }` or `{ file: path }`: desired files go into git.
        """#),
      Entry(
        .secretNotAllowed,
        #"""
        A header of a health check asks for a secret that checks may not send. Who may change the desired files
        chooses where it is sent to, and could learn it that way. List it in `secrets.allow` of the settings, as
        `env:NAME` or `file:/path`, if that is fine.
        """#),
      Entry(
        .badCertificate,
        #"""
        A file of a certificate is not usable: it is not PEM as OpenSSL reads it for nginx (the line is named: an
        empty line within a block, an indented one, two blocks on one line, one long line), the key is encrypted
        (decrypt it: nginx would ask for the password), or its keys and signatures are too weak for nginx. NPM
        checks less, and would write what keeps nginx from starting. As a warning: the certificates in it are not in
        order.
        """#),
      Entry(
        .certificateKey,
        #"""
        The private key is not that of the certificate. NPM takes such a pair, and from then on nginx refuses every
        change of any host; so it is refused before.
        """#),
      Entry(
        .certificateExpired,
        #"""
        The certificate's life is over, or has not begun.
        """#),
      Entry(
        .certificateNames,
        #"""
        A host uses a certificate that is not good for one of its domains. A wildcard is good for one label:
        `*.example.com` for `a.example.com`, not for `example.com` or `a.b.example.com`.
        """#),
      Entry(
        .nameUnresolved,
        #"""
        A warning of `validate --probe`, `diff` and `apply`: the name of a location or a stream does not resolve.
        nginx looks such names up when it starts, and does not start without them. Use an address where the name may
        vanish.
        """#),
      Entry(
        .certificateExpiring,
        #"""
        A certificate that something uses ends soon: a warning from 21 days before its end on, an error from 7 days
        on (`certificates.warn_days`, `certificates.error_days`). It blocks nothing. `reconciler certificates` lists
        all.
        """#),
      Entry(
        .noCertificate,
        #"""
        A host asks for `certificate: auto`, and no certificate is good for all of its domains.
        """#),
      Entry(
        .duplicatePath,
        #"""
        A host has two locations with one path. nginx would refuse the host.
        """#),
      Entry(
        .notYetSupported,
        #"""
        The key is part of the contract, but this release does nothing with it. Rather than ignore it in silence we
        refuse it.
        """#),
      Entry(
        .noEffect,
        #"""
        A warning: NPM drops a TLS flag that has nothing to stand on, such as `ssl_forced` without a certificate; or
        a file holds `defaults:` and nothing that they could hold for.
        """#),
      Entry(
        .tooLarge,
        #"""
        An object has more bytes, as the JSON that NPM gets, than NPM takes: 100 KiB in all. Line ends and quotes
        count twice. Move the greater part of `advanced_config` into a file that nginx can read, and `include` it.
        """#),
      Entry(
        .unreadableFile,
        #"""
        A file or directory cannot be read. The system's reason is in the message.
        """#),
      Entry(
        .desiredMissing,
        #"""
        The directory of desired files does not exist. Create it, or name another with `--desired`.
        """#),
      Entry(
        .desiredEmpty,
        #"""
        The directory holds no `.yaml` file, or one of the files is empty, as an editor or a full disk leaves it:
        the hosts in it would look removed. Nothing is ever deleted because of that. A file that is meant to hold
        nothing needs a comment in it.
        """#),
      Entry(
        .desiredInvalid,
        #"""
        The desired files have mistakes, so that the daemon goes on with the last ones that had none. Orders and writes through the API
        are refused until they are mended: `reconciler validate` shows all of them.
        """#),
      Entry(
        .settingsMissing,
        #"""
        `--config` names a file that does not exist, or NPM's address or login is set nowhere.
        """#),
      Entry(
        .unsetVariable,
        #"""
        A setting refers to an environment variable or a file that is not there.
        """#),
      Entry(
        .emptySelection,
        #"""
        No resource carries the labels that `--select` asks for.
        """#),
      Entry(
        .unknownName,
        #"""
        The YAML has nothing of that name. If one is near, it is named.
        """#),
      Entry(
        .unknownRun,
        #"""
        The store does not remember that run, or there is nothing to go back to. `reconciler rollback --list` shows
        the runs; `history.keep` says how long they are remembered.
        """#),
      Entry(
        .notExportable,
        #"""
        A warning of `export`: a host has a value that the YAML cannot express, so that reading it back would change
        it. It stands in the file as a comment.
        """#),
      Entry(
        .unknownFormat,
        #"""
        `import` was given a file that it does not know. It reads desired state of wyrmctl and npmctl, the JSON of
        `terraform show -json` (or `terraform.tfstate`) with resources of the provider `nginxproxymanager`, and
        docker-compose files with labels of npm-docker-sync or Traefik.
        """#),
      Entry(
        .notTranslated,
        #"""
        A warning of `import`: something of the other tool has no counterpart here, or its file does not say all that is
        needed. A whole object that is not translated stands in the file as a comment: a host without the access list
        that its tool gave it would be open.
        """#),
      Entry(
        .notAcceptable,
        #"""
        `diff --accept` found no drift to take over, or the value is written in a way that a program should not
        edit: behind an alias, in a list of mappings, among comments. The hint has the values to write by hand.
        """#),
    ])
}
