import Foundation
import Platform

/// Programs of others that tests talk to; `scripts/test-tools.sh` fetches what is missing.
package enum OutsideProgram {
  /// The path of a program, from the machine or from what was fetched.
  package static func path(_ name: String) throws -> String {
    let folders = ["/usr/bin", "/usr/sbin"]
    let places = (folders + folders.map { "\(Fixtures.project)/.build/test-tools\($0)" }).map { "\($0)/\(name)" }
    guard let found = places.first(where: Files.exists) else {
      throw FileError("find", "\(name), run scripts/test-tools.sh", code: ENOENT)
    }
    return found
  }

  /// A module of nginx, which Debian packs on its own.
  package static func nginxModule(_ name: String) throws -> String {
    let place = "/usr/lib/nginx/modules/ngx_\(name)_module.so"
    guard let found = [place, "\(Fixtures.project)/.build/test-tools\(place)"].first(where: Files.exists) else {
      throw FileError("find", "nginx's module \(name), run scripts/test-tools.sh", code: ENOENT)
    }
    return found
  }

  /// Runs a server; returns it and what stands behind `mark` in the line that says where it listens.
  package static func serve(
    _ arguments: [String], in directory: String, mark: String
  ) async throws -> (program: RunningProgram, place: String) {
    // Some say it on stderr.
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

/// A program of others that ended before it served, with its own last words.
package struct OutsideProgramFailure: Error, CustomStringConvertible {
  package var program: String
  package var lastLine: String

  package var description: String { "\(program) ended before it listened: \(lastLine)" }
}
