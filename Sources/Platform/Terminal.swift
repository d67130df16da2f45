#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The standard streams, their terminal, and the exit of the process.
package enum Terminal {
  package static let input: Int32 = 0
  package static let output: Int32 = 1
  package static let error: Int32 = 2

  package static func isTerminal(_ fd: Int32) -> Bool { isatty(fd) == 1 }

  /// Cells in a line of it: what `COLUMNS` says, else the terminal itself; nil: it is no terminal.
  package static func columns(_ fd: Int32) -> Int? {
    if let named = CurrentProcess.environment("COLUMNS").flatMap({ Int($0) }), named > 0 { return named }
    var size = winsize()
    guard isTerminal(fd), ioctl(fd, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Whether it can move the cursor.
  package static var isDumb: Bool { CurrentProcess.environment("TERM") == "dumb" }

  /// Reads a line that is not shown; nil: the input ended.
  package static func readHiddenLine() -> String? {
    var before = termios()
    guard tcgetattr(input, &before) == 0 else { return readLine() }
    var hidden = before
    hidden.c_lflag &= ~tcflag_t(ECHO)
    // Whoever leaves here with Ctrl-C gets a terminal that shows what is typed.
    hiddenSince.withLock { $0 = before }
    atexit { Terminal.showInput() }
    tcsetattr(input, TCSAFLUSH, &hidden)
    defer { showInput() }
    return readLine()
  }

  private static let hiddenSince = Lock<termios?>(nil)

  private static func showInput() {
    hiddenSince.withLock { before in
      guard var modes = before else { return }
      tcsetattr(input, TCSAFLUSH, &modes)
      before = nil
    }
  }

  private static let errors = Lock<BoundedWriter?>(nil)

  /// From now on nothing waits for whatever reads standard error.
  package static func bufferErrors() { errors.withLock { $0 = $0 ?? BoundedWriter(error) } }

  /// Writes to a descriptor; a reader that closed its end is not an error.
  package static func write(_ text: String, to fd: Int32) {
    if fd == error, let writer = errors.withLock({ $0 }) { return writer.write(text) }
    try? Files.writeAll(fd, Array(text.utf8), path: "output")
  }

  /// Ends the process at once, or as soon as its last lines were read.
  package static func exit(_ code: Int32) -> Never {
    errors.withLock { $0 }?.flush(within: 1)
    #if canImport(Glibc)
      Glibc.exit(code)
    #else
      Darwin.exit(code)
    #endif
  }
}

/// The process and the machine it runs on.
package enum CurrentProcess {
  package static var identifier: Int32 { getpid() }

  /// Takes as many open files as the system gives, up to `wanted`.
  ///
  /// - Returns: how many it has.
  @discardableResult
  package static func raiseFileLimit(to wanted: Int) -> Int {
    #if canImport(Glibc)
      let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let kind = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard getrlimit(kind, &limit) == 0 else { return 256 }
    if limit.rlim_cur < wanted {
      limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
      _ = setrlimit(kind, &limit)
      _ = getrlimit(kind, &limit)
    }
    return Int(min(limit.rlim_cur, rlim_t(Int32.max)))
  }

  /// Bytes of memory that it has; nil: the system does not say.
  package static var residentMemory: Int? {
    #if os(Linux)
      guard let bytes = try? Files.read("/proc/self/statm") else { return nil }
      let pages = String(decoding: bytes, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) }
      return pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
    #else
      return nil
    #endif
  }

  package static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    return buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }  // the last byte is always zero
  }

  /// The value of an environment variable, nil where it is unset.
  package static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// Returns free memory to the system: glibc keeps it until the process ends, and a daemon does not end.
  package static func trimHeap() {
    // The Glibc module lacks the header that declares it; on a system without this call nothing happens.
    guard let call = dlsym(nil, "malloc_trim") else { return }
    typealias Trim = @convention(c) (Int) -> Int32
    _ = unsafeBitCast(call, to: Trim.self)(0)
  }

  /// Limits glibc to one heap: it gives each thread its own, and the many threads of a daemon leave unused memory in
  /// theirs. Call it before any thread starts.
  package static func limitArenas() {
    guard let call = dlsym(nil, "mallopt") else { return }
    typealias Option = @convention(c) (Int32, Int32) -> Int32
    let maximumArenas: Int32 = -8  // M_ARENA_MAX, which only glibc has
    _ = unsafeBitCast(call, to: Option.self)(maximumArenas, 1)
  }

  /// Opens closed standard descriptors on /dev/null: otherwise the next opened file gets their number and our output.
  package static func openStandardDescriptors() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
  }

  /// A write to a closed socket or pipe, or beyond a file size limit, returns an error instead of ending the process.
  package static func ignoreFailedWrites() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }
}
