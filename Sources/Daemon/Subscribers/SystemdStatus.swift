import Model

/// Shows the headline in the service manager's status line.
package struct SystemdStatus: DaemonSubscriber {
  private let manager: SystemdNotifier

  package init(_ manager: SystemdNotifier) { self.manager = manager }

  package func receive(_ update: DaemonUpdate) {
    if let headline = update.newHeadline { manager.status(TerminalText(headline.message).raw) }
  }
}
