import Daemon
import DesiredFiles
import Model
import Platform
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct DirectorySourceTests {
  @Test(.timeLimit(.minutes(5))) func `a disk that hangs leaves the last good state in force, and is read again`()
    async throws
  {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let reading = ends[0]
    let scratch = try Scratch()
    func write(_ port: Int) throws {
      try scratch.write(
        "desired/app.yaml",
        "proxy_hosts: { app: { domain_names: [app.test], forward: 'http://10.0.0.1:\(port)' } }\n")
    }
    try write(81)
    let loads = Lock(0)
    let directory = "\(scratch.path)/desired"
    let source = DirectorySource(directory, ignoring: "status", budget: 0.5) {
      let number = loads.withLock { count in
        count += 1
        return count
      }
      // A double of a disk: the second load hangs.
      if number == 2 {
        var byte: UInt8 = 0
        _ = read(reading, &byte, 1)
      }
      return DesiredLoader.load(directory)
    }
    func port(_ reading: SourceReading) -> JSONValue? { reading.desired?.resources.first?.spec["forward_port"] }
    #expect(port(await source.read()) == 81)
    try write(82)
    for _ in 0..<2 {
      let during = await source.read()
      #expect(port(during) == 81 && during.problem == SourceProblem.silent(seconds: 0.5))
    }
    try write(83)
    close(ends[1])
    var after = await source.read()
    while after.problem != nil { after = await source.read() }
    #expect(port(after) == 83)
    close(reading)
  }

  @Test(.timeLimit(.minutes(5))) func `a wait for a task ends with its caller`() async {
    let never = Task { await withTaskCancellationHandler(operation: { await Pause.wait(1e6) }, onCancel: {}) }
    let wait = Task { await never.value(within: 1e6) == nil }
    wait.cancel()
    #expect(await wait.value)
    never.cancel()
  }
}
