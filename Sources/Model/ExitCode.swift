/// Exit codes. The same for every output format.
package enum ExitCode: Int32, Sendable {
  case success = 0
  case failure = 1
  case changesPending = 2
  case invalid = 3
  case refused = 4
  case incomplete = 5
  case locked = 6
  case stale = 7
  case usage = 64
  case interrupted = 130

  /// As the documentation gives them.
  package static let meanings: [(code: ExitCode, meaning: String)] = [
    (.success, "Success; for diff --exit-code: nothing to do."), (.failure, "An error: network, login, internal."),
    (.changesPending, "diff --exit-code: changes are pending."),
    (.invalid, "The desired files or the settings are invalid; validate --probe: a destination failed."),
    (.refused, "Refused by a safety rule: limits, ownership, protected objects."),
    (.incomplete, "Not everything was applied."), (.locked, "Another run holds the lock."),
    (.stale, "The plan is not the one that was reviewed."), (.usage, "The command line makes no sense."),
    (.interrupted, "Interrupted."),
  ]
}
