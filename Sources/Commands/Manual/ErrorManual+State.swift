import Model

extension ErrorManual {
  static let theStateOnDisk = Section(
    "The state on disk",
    entries: [
      Entry(
        .storeUnreadable,
        #"""
        The state file cannot be opened or written. Check the path and its permissions.
        """#),
      Entry(
        .storeCorrupt,
        #"""
        The state file is damaged. It was not overwritten. Move it away and run once with `--rebuild-ledger`.
        """#),
      Entry(
        .storeNewer,
        #"""
        A newer `reconciler` wrote the state file. Update this one.
        """#),
      Entry(
        .storeOtherNPM,
        #"""
        The state file belongs to another NPM. Use one per NPM; if the same NPM has a new address, run once with
        `--rebind-state`.
        """#),
      Entry(
        .storeFull,
        #"""
        The disk is full. What was written to NPM before is safe; the next run takes it up.
        """#),
      Entry(
        .storeTimeout,
        #"""
        The disk under the store does not answer. Nothing is written to NPM; health checks, status and alerts go on,
        and what they find is stored once it answers. Look at the disk: its mount, its cable, the server that it is
        on.
        """#),
      Entry(
        .lockHeld,
        #"""
        Another run works with this state file. The message says which process. Wait, or give `--lock-timeout`.
        """#),
      Entry(
        .outputFailed,
        #"""
        The result could not be written to `--out` or to stdout. For `--out` this is checked before the first write
        to NPM.
        """#),
      Entry(
        .statusWrite,
        #"""
        A warning: the status files could not be written or read. NPM and the store are not affected.
        """#),
      Entry(
        .suspended,
        #"""
        The host or everything was suspended, or a maintenance window opened, while a run was under way: what was
        not begun is not done. The next run after that looks again. Hosts that an interrupted request to Let's
        Encrypt may have left without TLS and access control wait, too.
        """#),
      Entry(
        .notSuspended,
        #"""
        `resume` names something that no `suspend` on the command line holds back. `reconciler suspend` lists what
        is.
        """#),
      Entry(
        .alertSink,
        #"""
        A sink could not be notified of alerts, or there is no sink or silence of that name. The message has the
        sink's response. `reconciler alerts test SINK` tries one at once.
        """#),
    ])

  static let theRest = Section(
    "The rest",
    entries: [
      Entry(
        .usage,
        #"""
        The command line makes no sense. `reconciler COMMAND --help` explains it.
        """#),
      Entry(
        .listenFailed,
        #"""
        The simulator cannot listen on the address.
        """#),
      Entry(
        .internalError,
        #"""
        A mistake of ours. Please report it with the command and its output.
        """#),
    ])
}
