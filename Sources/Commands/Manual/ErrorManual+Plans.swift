import Model

extension ErrorManual {
  static let plansAndTheirLimits = Section(
    "Plans and their limits",
    entries: [
      Entry(
        .domainTaken,
        #"""
        Another host in NPM serves the domain. If it is ours, its change is blocked, held back or not selected, and
        it keeps the domain for now. If it has no owner, `reconciler adopt NAME` takes it over; else take the domain
        off that host in NPM, or remove it from the YAML.
        """#),
      Entry(
        .portTaken,
        #"""
        Another stream in NPM has the port, or NPM itself does (80, 81, 443): nginx would not start. Take another
        port, or adopt the stream when it has no owner.
        """#),
      Entry(
        .nameTaken,
        #"""
        NPM has an access list of that name, which is not ours and differs, or several. `reconciler adopt NAME`
        takes one over; of several, rename all but one in NPM.
        """#),
      Entry(
        .stillInUse,
        #"""
        Something that hosts still refer to is to be deleted, whoever owns those hosts: NPM would delete it and
        leave them open to the world. Give the hosts another one, or none, first; in the same plan they go first by
        themselves.
        """#),
      Entry(
        .unchangeable,
        #"""
        NPM takes other files for a certificate, but cannot change anything else of one, such as the domains of a
        request. Write the new one under another name, give it to its hosts, and remove the old one; all in one
        apply.
        """#),
      Entry(
        .secretMissing,
        #"""
        A change needs a password or a file that neither NPM nor the store gives away: one of a rollback, or a user
        with `keep: true` whom NPM does not know. Name it in the YAML, as `{ env: NAME }` or `{ file: path }`, and
        apply; the rest goes on.
        """#),
      Entry(
        .requestBudget,
        #"""
        Let's Encrypt issues five certificates a week for one set of names, and counts requests that fail, too.
        After four within a week no more is asked. Look why they failed, then wait or request it in NPM.
        """#),
      Entry(
        .takerBlocked,
        #"""
        A host is to be deleted or to give up a domain, but the host that is to take the domain over waits, is
        blocked or is not selected. It stays as it is, so that the site stays up. Clear what holds the other one
        back first, or run without `--select`.
        """#),
      Entry(
        .domainCycle,
        #"""
        Objects wait for each other in a circle that is no exchange. Two hosts that want each other's domains, or
        two streams that want each other's ports, are no error: one of them gives way for a moment. What is left
        over is applied in two steps: take the domain or the port off one of them first.
        """#),
      Entry(
        .markerMissing,
        #"""
        The store says that a host is ours, but the marker in NPM's `meta` was cleared, and its number, creation
        time or domains are not those that the store remembers. It is not touched. Where all three agree, the marker
        is put back instead. When the name is gone from the YAML, the host is left to NPM and forgotten.
        """#),
      Entry(
        .markerForeign,
        #"""
        The host carries the marker of another owner or name. It is not touched. If `owner` was changed in the
        settings, change it back: to hand hosts over, give them up with `on_delete: orphan` first, then adopt them
        with the new owner.
        """#),
      Entry(
        .markerAmbiguous,
        #"""
        Several hosts in NPM carry our marker with one name, and the store does not say which is meant. Remove the
        wrong one in NPM.
        """#),
      Entry(
        .notAdoptable,
        #"""
        A host that is to be adopted has other values than the YAML: write its values into the YAML, or let the YAML
        win with `adopt --accept-changes`. Or nginx does not serve it as it is, or NPM has no host with its domains.
        """#),
      Entry(
        .protected,
        #"""
        The name is gone from the YAML, but its host has `protect: true`. Put it back with `protect: false`, apply,
        then remove it.
        """#),
      Entry(
        .selfLockout,
        #"""
        The plan would delete, disable or redirect the host through which NPM's own address is reached, so that it
        could not be undone. Reach NPM by its own port, or run with `--allow-self-lockout`.
        """#),
      Entry(
        .ledgerMissing,
        #"""
        A host carries our marker, but the store does not know it: the store was lost or belongs to another
        directory. Bring the state file back, or run once with `--rebuild-ledger`. As a warning: such a host is not
        in the YAML either, or is a copy of one that is, and it is not managed.
        """#),
      Entry(
        .unknownReference,
        #"""
        NPM has no certificate or access list of that name. Create it in NPM, or correct the name.
        """#),
      Entry(
        .ambiguousReference,
        #"""
        NPM has several objects of that name; it does not keep names unique. Rename all but one.
        """#),
      Entry(
        .requestInterrupted,
        #"""
        A request to Let's Encrypt was not seen through: the run was killed, NPM did not answer, or a host could not
        be written again. NPM takes TLS and access control off hosts that share a name with a request until their
        next write, also when it fails. The store remembers it; every `apply` writes those hosts again, unchanged,
        until NPM is done with the request, and `diff` and `status` are not in sync before.
        """#),
      Entry(
        .unsupportedByNPM,
        #"""
        This NPM release lacks the field: remove it, or update NPM. Of a release that is newer than `reconciler`
        knows, NPM's published schema says it.
        """#),
      Entry(
        .destinationFailed,
        #"""
        The destination did not answer its check, and the host has `validate: enforce`. Only this host is blocked.
        Start the service, correct the address, or set `validate: warn`.
        """#),
      Entry(
        .tooManyDeletes,
        #"""
        The plan deletes or disables more than `safety.max_deletes` or `safety.max_delete_percent` allow. Nothing
        was written. The hint names the flag that allows it once.
        """#),
      Entry(
        .tooManyUpdates,
        #"""
        The plan changes more than `safety.max_update_percent` of the owned hosts. Nothing was written.
        """#),
      Entry(
        .nothingDesired,
        #"""
        The YAML names nothing, but something would be deleted. An empty desired state never deletes.
        """#),
      Entry(
        .incompleteList,
        #"""
        NPM lists less than half of the hosts that the store knows to be ours: the account may no longer see them
        all, or NPM was emptied. Nothing is written. If NPM really lost them, run once with `--rebuild-ledger`, and
        they are made again.
        """#),
      Entry(
        .planStale,
        #"""
        The plan is no longer the one whose digest was given to `--plan`. Nothing was written. Look at `reconciler
        diff` again.
        """#),
      Entry(
        .dependencyFailed,
        #"""
        Another change has to come first, and failed or is blocked. Both are tried again by the next run.
        """#),
      Entry(
        .interrupted,
        #"""
        The run was stopped before this change. The next run makes it.
        """#),
    ])
}
