import Model
import NPMClient

/// Repeats writes until the answer is reliable.
extension ObjectWriter {
  /// Repetitions of a PUT whose answer was unclear.
  private static let repeats = 2
  /// Repetitions where nginx blamed another host's file: another client is writing and leaves it incomplete for a
  /// moment.
  private static let blameRepeats = 8

  /// Repeats a write that is already stored until NPM answers without error: only then does nginx's state belong to it.
  ///
  /// - Parameter first: the result of the previous write.
  func rewrite(
    _ host: ObservedResource, _ spec: Spec, after first: NPMError?, _ put: (ObservedResource) async -> NPMError?
  ) async -> Verifier.Verdict {
    var verdict = Verifier.Verdict.unconfirmed(host)
    var current = host
    var unclear = 0, isOver = first?.isOver == true
    for round in 1...Self.blameRepeats where unclear < Self.repeats {
      let error = await put(current)
      let seen = await verifier.confirm(host.id, spec, Verifier.Progress(error))
      if let host = seen.host { current = host }
      guard let error else {
        verdict = seen
        if !seen.blamesAnother { return verdict }
        await verifier.pause(0.05 * Double(round))
        continue
      }
      // Twice is no accident: NPM tests the configuration before it changes anything, and the cause is elsewhere.
      if error.isOver && isOver { return .unreadable(await NginxErrorSource.error(gateway)) }
      // A failed answer proves nothing about nginx, whatever the host's meta contains.
      verdict = .unreadable(error)
      isOver = error.isOver
      unclear += 1
    }
    return verdict
  }
}
