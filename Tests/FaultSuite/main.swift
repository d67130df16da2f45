import Foundation
import Platform

// Arguments: a seed; --short for a few runs of each scenario; --disk for disk scenarios only; --lies for those in which
// NPM's reports differ from what it serves; --daemon for those around a running daemon.
// Prints one line per scenario; exits with 1 if any run failed.
CurrentProcess.ignoreFailedWrites()
let arguments = CommandLine.arguments.dropFirst()
let seed = arguments.compactMap { UInt64($0) }.first ?? 20_261_121
let suite = Suite(isShort: arguments.contains("--short"), seed: seed)
func say(_ line: String) { Terminal.write(line + "\n", to: Terminal.output) }

let world = try World()
say("fault suite, \(suite.isShort ? "short form, " : "")seed \(seed)")
say(Table.header)
var isWhole = true
do {
  let only = arguments.first { ["--disk", "--lies", "--daemon"].contains($0) }
  if only == nil {
    try await suite.networkFaults(world)
    try await suite.kills(world)
  }
  if only == nil || only == "--lies" { try await suite.lies() }
  if only == nil || only == "--disk" { try await suite.diskFaults(world) }
  if only == nil || only == "--daemon" { try await suite.daemonFaults(world) }
} catch {
  say("the suite itself failed: \(error)")
  isWhole = false
}
try await world.stop()
say("\n\(suite.table.summary)")
for failure in suite.table.failures { say("- \(failure)") }
exit(isWhole && suite.table.failures.isEmpty ? 0 : 1)
