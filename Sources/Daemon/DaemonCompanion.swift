/// What runs beside an active daemon and is informed by it, such as its HTTP API.
package protocol DaemonCompanion: Sendable {
  var subscribers: [any DaemonSubscriber] { get }
  /// - Throws: where it cannot begin: the daemon ends then.
  func start(beside service: DaemonService) async throws
  func stop() async
}
