// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// `make fuzz` builds the modules instrumented for the fuzzer, in a folder of its own.
let isFuzzing = ProcessInfo.processInfo.environment["FUZZ"] != nil

/// Every module builds with the same strictness: Swift 6, no implicit exports, warnings are errors.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]
let instrumented = isFuzzing ? strict + [.unsafeFlags(["-sanitize=fuzzer"])] : strict

/// The commit that `make release` builds from, and its day: a debug build does not follow each commit.
let buildInfo: [CSetting] = ["COMMIT", "DATE"].compactMap { name in
  ProcessInfo.processInfo.environment["RECONCILER_BUILD_\(name)"].map { .define("BUILD_\(name)", to: "\"\($0)\"") }
}

func seam(_ name: String, _ pkgConfig: String, apt: String, brew: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

/// A module: its name and the modules that it may import. `make lint` checks that nothing else is imported.
func module(_ name: String, _ imports: [String]) -> Target {
  .target(name: name, dependencies: imports.map { .byName(name: $0) }, swiftSettings: instrumented)
}

func tests(_ name: String, _ imports: [String]) -> Target {
  .testTarget(name: name, dependencies: imports.map { .byName(name: $0) }, swiftSettings: strict)
}

let package = Package(
  name: "reconciler",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "reconciler", targets: ["Entry"])],
  targets: [
    // C bindings.
    seam("CLibYAML", "yaml-0.1", apt: "libyaml-dev", brew: "libyaml"),
    seam("CLibSQLite", "sqlite3", apt: "libsqlite3-dev", brew: "sqlite"),
    seam("CLibCurl", "libcurl", apt: "libcurl4-openssl-dev", brew: "curl"),
    seam("CLibMicroHTTPD", "libmicrohttpd", apt: "libmicrohttpd-dev", brew: "libmicrohttpd"),
    seam("CLibGnuTLS", "gnutls", apt: "libgnutls28-dev", brew: "gnutls"),
    seam("CLibPCRE2", "libpcre2-8", apt: "libpcre2-dev", brew: "pcre2"),

    .target(name: "CBuildInfo", cSettings: buildInfo),

    // Foundations.
    module("Platform", []),
    module("Hashing", ["CLibGnuTLS"]),
    module("X509", ["CLibGnuTLS", "Hashing"]),
    module("PCRE", ["CLibPCRE2"]),
    module("YAML", ["CLibYAML"]),
    module("SQLite", ["CLibSQLite", "Platform"]),
    module("Curl", ["CLibCurl", "Platform"]),
    module("HTTPServer", ["CLibMicroHTTPD", "Platform"]),
    module("Metrics", ["Platform"]),

    // Core, without I/O.
    module("Model", []),
    module("Planning", ["Model", "Hashing"]),
    module("Alerting", ["Model", "Platform"]),

    // Adapters.
    module("DesiredFiles", ["Model", "YAML", "PCRE", "Platform", "X509"]),
    module("Importing", ["Model", "YAML", "DesiredFiles"]),
    module("Upstream", ["Model", "Curl", "Platform"]),
    module("NPMClient", ["Model", "Upstream", "Platform", "X509"]),
    module("Probe", ["Model", "Curl", "Platform", "X509"]),
    module("Store", ["Model", "Alerting", "SQLite", "Platform"]),
    module("Publishing", ["Model", "Alerting", "Store", "Upstream", "Curl", "Platform"]),

    module(
      "Configuration",
      [
        "Model", "Planning", "Alerting", "YAML", "DesiredFiles", "Upstream", "Curl", "Probe", "Publishing", "Platform",
      ]),

    // Engine.
    module(
      "Reconciler",
      ["Model", "Planning", "DesiredFiles", "NPMClient", "Probe", "Store", "Platform", "Hashing"]),
    module(
      "Reports",
      [
        "Model", "Planning", "Alerting", "DesiredFiles", "NPMClient", "Probe", "Store", "Reconciler", "Metrics",
        "Platform",
      ]),
    module(
      "Daemon",
      [
        "Model", "Planning", "Alerting", "DesiredFiles", "NPMClient", "Probe", "Store", "Publishing", "Reconciler",
        "Reports", "Configuration",
        "Platform",
        "Hashing",
      ]),

    module(
      "API",
      [
        "Model", "Planning", "Alerting", "DesiredFiles", "Store", "Probe", "Reconciler", "Reports", "Daemon",
        "HTTPServer", "Metrics",
        "Upstream",
        "Hashing", "Platform",
      ]),

    // A double of NPM: knows nothing of NPMClient.
    module("NPMSimulator", ["Model", "HTTPServer", "Platform", "X509", "Curl"]),

    // Entry points.
    module(
      "Commands",
      [
        "Model", "Planning", "Alerting", "DesiredFiles", "Importing", "YAML", "Upstream", "NPMClient", "Probe", "Store",
        "Publishing", "SQLite", "Curl", "Reconciler", "Reports", "Configuration", "Daemon",
        "API", "NPMSimulator", "HTTPServer", "Metrics", "Platform",
        "Hashing", "CBuildInfo",
      ]),
    .executableTarget(name: "Entry", dependencies: ["Commands", "Model", "Platform"], swiftSettings: strict),

    // Tests.
    .target(
      name: "TestSupport",
      dependencies: [
        "Model", "Planning", "NPMClient", "NPMSimulator", "HTTPServer", "Platform", "Curl", "Upstream",
        "CLibGnuTLS",
      ], path: "Tests/TestSupport", swiftSettings: strict),
    .executableTarget(
      name: "FaultSuite", dependencies: ["TestSupport", "Model", "Platform", "SQLite", "HTTPServer"],
      path: "Tests/FaultSuite",
      swiftSettings: strict),
    tests("PlatformTests", ["Model", "Platform", "TestSupport"]),
    tests("YAMLTests", ["YAML"]),
    tests("X509Tests", ["X509", "TestSupport"]),
    tests("ModelTests", ["Model", "Hashing", "Platform", "TestSupport"]),
    tests("PlanningTests", ["Planning", "Model", "TestSupport"]),
    tests("AlertingTests", ["Alerting", "Model", "Platform"]),
    tests(
      "PublishingTests",
      ["Publishing", "Alerting", "Curl", "HTTPServer", "Model", "Platform", "TestSupport"]),
    tests("DesiredFilesTests", ["DesiredFiles", "Model", "TestSupport"]),
    tests("ImportingTests", ["Importing", "DesiredFiles", "Model", "Platform", "TestSupport"]),
    tests("CurlTests", ["Curl", "HTTPServer", "TestSupport"]),
    tests("APITests", ["API", "HTTPServer", "Model", "Platform", "Probe", "Store", "TestSupport"]),
    tests("HTTPServerTests", ["HTTPServer", "Curl", "Platform", "TestSupport"]),
    tests("UpstreamTests", ["Upstream", "Curl", "HTTPServer", "Model", "Platform", "TestSupport"]),
    tests("NPMClientTests", ["NPMClient", "Upstream", "Curl", "Model", "Platform", "TestSupport"]),
    tests("ProbeTests", ["Probe", "Curl", "HTTPServer", "Platform", "TestSupport"]),
    tests("StoreTests", ["Store", "Alerting", "Model", "SQLite", "Platform", "TestSupport"]),
    tests("NPMSimulatorTests", ["NPMSimulator", "Model", "Curl", "Platform", "TestSupport"]),
    tests(
      "ConfigurationTests", ["Configuration", "Planning", "Probe", "Upstream", "Model", "Platform", "TestSupport"]),
    tests(
      "DaemonTests",
      [
        "Daemon", "Configuration", "Reconciler", "Reports", "Planning", "Alerting", "Publishing", "DesiredFiles",
        "NPMClient",
        "Probe", "Store",
        "Model", "Platform", "TestSupport", "Upstream", "Curl", "NPMSimulator", "HTTPServer",
      ]),
    tests(
      "ReconcilerTests",
      [
        "Reconciler", "Planning", "Alerting", "Publishing", "DesiredFiles", "NPMClient", "Probe", "Store", "Model",
        "Platform", "TestSupport", "Upstream", "Curl",
      ]),
    tests(
      "CommandsTests",
      [
        "Commands", "Reports", "Model", "Planning", "DesiredFiles", "NPMClient", "Probe", "Reconciler", "Platform",
        "TestSupport",
      ]),
    tests("IntegrationTests", ["Entry", "Commands", "TestSupport", "Curl", "HTTPServer", "Model", "Platform", "X509"]),
  ],
  swiftLanguageModes: [.v6]
)

if isFuzzing, let toolchain = ProcessInfo.processInfo.environment["FUZZ_RUNTIME"] {
  package.targets += [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/CLibFuzzer"),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "API", "CLibFuzzer", "Commands", "Configuration", "Daemon", "DesiredFiles", "HTTPServer", "Model", "NPMClient",
        "Platform", "Reconciler", "Reports", "Store", "Upstream",
      ],
      path: "Tests/Fuzz", exclude: ["Corpus"], swiftSettings: strict,
      linkerSettings: [
        .unsafeFlags(["-L\(toolchain)"]), .linkedLibrary("clang_rt.fuzzer_no_main-x86_64"), .linkedLibrary("stdc++"),
      ]),
  ]
}
