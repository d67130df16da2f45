import Curl
import Foundation
package import Model
import Platform

/// Debian's nginx with a configuration made from the served state of the simulated NPM: visitors get real nginx
/// responses, including TLS and passwords.
package final class RealNginx: Sendable {
  package let port: Int
  package let tlsPort: Int
  private let directory: String
  private let program: NginxProgram
  /// Certificates by the simulator's digest.
  private let certificates = Lock<[String: TestCertificate]>([:])

  /// Starts it with only its default site.
  package init(in directory: String) async throws {
    self.directory = directory
    port = try reservedPort()
    tlsPort = try reservedPort()
    let made = try TestCertificate.make(names: ["default.test"], days: 9999)
    try Self.write(made, "\(directory)/default")
    try Files.replace("\(directory)/users", with: Array("u:{PLAIN}never\n".utf8), mode: 0o600)
    program = try await NginxProgram(
      Self.configuration([], directory, port, tlsPort), in: directory, answersOn: port)
  }

  /// Registers a certificate that the simulator will serve, by the digest of its files.
  package func know(_ certificate: TestCertificate, as digest: String) throws {
    try Self.write(certificate, "\(directory)/\(digest)")
    certificates.withLock { $0[digest] = certificate }
  }

  /// Loads the simulator's served state.
  package func reload(_ served: JSONValue) {
    let known = certificates.withLock { Set($0.keys) }
    let hosts = (served["hosts"].arrayValue ?? []).filter { host in
      host["certificate_fingerprint"].stringValue.map(known.contains) ?? true
    }
    guard let configuration = try? Self.configuration(hosts, directory, port, tlsPort) else { return }
    program.reload(configuration, in: directory)
  }

  package func stop() async { await program.stop() }

  private static func write(_ certificate: TestCertificate, _ path: String) throws {
    try write(certificate.certificate, "\(path).pem")
    try write(certificate.key, "\(path).key")
  }

  private static func write(_ text: String, _ path: String) throws {
    try Files.replace(path, with: Array(text.utf8), mode: 0o600)
  }

  private static func configuration(
    _ hosts: [JSONValue], _ directory: String, _ port: Int, _ tlsPort: Int
  ) throws -> String {
    let servers = hosts.filter { $0["incoming_port"].isNull }.map { server($0, directory, port, tlsPort) }
    let http = """
      server {
        listen 127.0.0.1:\(port) default_server;
        listen 127.0.0.1:\(tlsPort) ssl default_server;
        ssl_certificate \(directory)/default.pem;
        ssl_certificate_key \(directory)/default.key;
        location / { default_type text/html; return 200 "Congratulations!"; }
      }
      \(servers.joined(separator: "\n  "))
      """
    return try NginxProgram.configuration(http, in: directory)
  }

  private static func server(_ host: JSONValue, _ directory: String, _ port: Int, _ tlsPort: Int) -> String {
    var listen = ["listen 127.0.0.1:\(port);"]
    if let digest = host["certificate_fingerprint"].stringValue {
      listen += ["listen 127.0.0.1:\(tlsPort) ssl;"]
      listen += ["ssl_certificate \(directory)/\(digest).pem;", "ssl_certificate_key \(directory)/\(digest).key;"]
    }
    let isGuarded = host["access_list_id"].intValue.map { $0 > 0 } ?? false
    let access =
      isGuarded ? ["auth_basic \"Authorization required\";", "auth_basic_user_file \(directory)/users;"] : []
    let folder = host["configuration"].stringValue?.split(separator: "/").first.map(String.init) ?? ""
    return NPMTemplate.server(ResourceKind(rawValue: folder), host, listen: listen, access: access)
  }
}
