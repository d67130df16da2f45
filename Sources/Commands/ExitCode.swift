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
}
