import CLibFuzzer
import Commands
import Configuration
import DesiredFiles
import Model
import NPMClient
import Upstream

// Usage: Fuzz TARGET [arguments of libFuzzer]. A crash, a trap or a failed precondition ends the run.

/// Desired files: the loader returns for any bytes; what it accepts can be written and read again.
func desired(_ bytes: [UInt8]) {
  let loaded = DesiredLoader.read(bytes, as: "fuzz.yaml")
  guard !loaded.diagnostics.hasErrors else { return }
  // Fields that come from files are not written as text.
  let written = loaded.state.resources.filter { !$0.spec.schema.fields.contains(where: \.isUpload) }
  for resource in written.prefix(3) {
    let lines = ["\(resource.spec.schema.section):"] + DesiredWriter.lines(resource.key.name, resource.spec)
    let text = lines.joined(separator: "\n") + "\n"
    let again = DesiredLoader.read(Array(text.utf8), as: "again.yaml").state.resources.first?.spec
    // Secrets are written as references, not as text.
    precondition(
      again?.mapFingerprints { _, _ in "" } == resource.spec.mapFingerprints { _, _ in "" },
      "it reads back as something else:\n\(text)")
  }
}

/// Settings: for any bytes, every problem is a diagnostic.
func settings(_ bytes: [UInt8]) { _ = SettingsLoader.check(bytes, file: "reconciler.yaml") }

/// NPM's responses: any bytes are either decoded or refused.
func wire(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  for host in NPMDecoder.hosts(bytes) ?? [] {
    let spec = host.normalised
    precondition(spec.normalised() == spec, "its normal form is none")
    _ = OwnershipMarker(meta: host.meta)
  }
  for status in [200, 400, 401, 404, 500] { _ = NPMDecoder.meaning(status: status, body: bytes, isWrite: true) }
  _ = RetryPolicy.retryAfter(["retry-after": text, "date": text])
}

/// Addresses and domains: accepted ones have the expected parts.
func names(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  if DomainName.problem(with: text) == nil { precondition(!text.utf8.contains(UInt8(ascii: ";"))) }
  if case .success(let url) = ForwardURL.parse(text, allowsPath: true) {
    precondition((1...65535).contains(url.port) && !url.host.isEmpty && !url.host.contains("/"))
    precondition(url.path.isEmpty || url.path.utf8.first == UInt8(ascii: "/"))
    precondition(!url.path.utf8.contains(UInt8(ascii: ";")), "it would end nginx's directive")
  }
  if let origin = UpstreamOrigin(text) {
    precondition(!origin.host.contains("@") && (1...65535).contains(origin.port))
    precondition(UpstreamOrigin("\(origin)") == origin, "an origin is not itself")
  }
  let header = HeaderField.value(text)
  precondition(!header.utf8.contains(10) && !header.utf8.contains(13) && !header.utf8.contains(0))
  _ = DurationFormat.seconds(text)
}

let targets: [String: @Sendable ([UInt8]) -> Void] = [
  "api": api, "desired": desired, "settings": settings, "wire": wire, "names": names,
]
let target = CommandLine.arguments.dropFirst().first.flatMap { targets[$0] }

if target != nil {
  var count = CommandLine.argc - 1
  var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
  // A C function pointer cannot capture: the target is global.
  _ = LLVMFuzzerRunDriver(&count, &arguments) { bytes, size in
    target?(Array(UnsafeBufferPointer(start: bytes, count: size)))
    return 0
  }
} else {
  print("usage: Fuzz \(targets.keys.sorted().joined(separator: "|")) [arguments of libFuzzer]")
}
