import Foundation
import Platform

/// External programs for tests; `scripts/test-tools.sh` fetches missing ones.
package enum OutsideProgram {
  /// The path of a program, installed or fetched.
  package static func path(_ name: String) throws -> String {
    let folders = ["/usr/bin", "/usr/sbin"]
    let places = (folders + folders.map { "\(Fixtures.project)/.build/test-tools\($0)" }).map { "\($0)/\(name)" }
    guard let found = places.first(where: Files.exists) else {
      throw FileError("find", "\(name), run scripts/test-tools.sh", code: ENOENT)
    }
    return found
  }

  /// A module of nginx, which Debian packages separately.
  package static func nginxModule(_ name: String) throws -> String {
    let place = "/usr/lib/nginx/modules/ngx_\(name)_module.so"
    guard let found = [place, "\(Fixtures.project)/.build/test-tools\(place)"].first(where: Files.exists) else {
      throw FileError("find", "nginx's module \(name), run scripts/test-tools.sh", code: ENOENT)
    }
    return found
  }

  /// Runs a server; returns it and the text after `mark` in the line that reports its address.
  package static func serve(
    _ arguments: [String], in directory: String, mark: String
  ) async throws -> (program: RunningProgram, place: String) {
    // Some print it on stderr.
    let program = try RunningProgram(
      ["-c", "exec \"$0\" \"$@\" 2>&1"] + arguments, in: directory, program: "/bin/sh")
    var last = ""
    while true {
      let line = await program.firstLine()
      if let found = line.firstRange(of: mark) {
        return (program, String(line[found.upperBound...].prefix { !$0.isWhitespace }))
      }
      if line.isEmpty { throw OutsideProgramFailure(program: arguments[0], lastLine: last) }
      last = line
    }
  }
}

/// An external program that ended before it served, with its last output.
package struct OutsideProgramFailure: Error, CustomStringConvertible {
  package var program: String
  package var lastLine: String

  package var description: String { "\(program) ended before it listened: \(lastLine)" }
}
