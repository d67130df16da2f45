import Model
import NPMClient

/// Writing again until the answer can be believed.
extension ObjectWriter {
  /// How often a PUT is repeated when its answer was unclear.
  private static let repeats = 2
  /// How often where nginx blamed another host's file: another client is at work, and leaves it in pieces for a moment.
  private static let blameRepeats = 8

  /// Writes again what is there already, until NPM answers cleanly: only then is nginx's state of this write.
  ///
  /// - Parameter first: what the write before said.
  func rewrite(
    _ host: ObservedResource, _ spec: Spec, after first: NPMError?, _ put: (ObservedResource) async -> NPMError?
  ) async -> Verifier.Verdict {
    var verdict = Verifier.Verdict.unconfirmed(host)
    var current = host
    var unclear = 0, isOver = first?.isOver == true
    for round in 1...Self.blameRepeats where unclear < Self.repeats {
      let error = await put(current)
      let seen = await verifier.settle(host.id, spec, Verifier.Progress(error))
      if let host = seen.host { current = host }
      guard let error else {
        verdict = seen
        if !seen.blamesAnother { return verdict }
        await verifier.pause(0.05 * Double(round))
        continue
      }
      // Twice is no accident: NPM tests everything before it touches anything, and something else is wrong.
      if error.isOver && isOver { return .unreadable(await NginxErrorSource.error(gateway)) }
      // An answer that failed proves nothing about nginx, whatever the host's meta says.
      verdict = .unreadable(error)
      isOver = error.isOver
      unclear += 1
    }
    return verdict
  }
}
