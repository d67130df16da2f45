#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

import Platform

/// Reports our state to a service manager, by systemd's protocol (sd_notify(3)): datagrams to the socket in
/// `NOTIFY_SOCKET`. Without one nothing happens.
package struct SystemdNotifier: Sendable {
  private let path: String?
  /// The watchdog interval in seconds; nil: no watchdog.
  package let watchdog: Double?

  package init() {
    path = CurrentProcess.environment("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
    watchdog = CurrentProcess.environment("WATCHDOG_USEC").flatMap { Double($0) }.map { $0 / 1_000_000 }
  }

  package func ready() { send("READY=1") }
  package func stopping() { send("STOPPING=1") }
  package func alive() { send("WATCHDOG=1") }
  /// A status line for `systemctl status`.
  package func status(_ text: String) { send("STATUS=\(text.replacing("\n", with: " "))") }

  private func send(_ message: String) {
    guard let path else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    // The name of an abstract socket is written with a leading @.
    if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    #if canImport(Glibc)
      let kind = Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC
    #else
      let kind = SOCK_DGRAM
    #endif
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let text = Array(message.utf8)
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(descriptor, text, text.count, 0, $0, length) }
    }
  }
}
