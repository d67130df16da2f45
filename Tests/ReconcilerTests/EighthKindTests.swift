import DesiredFiles
import Model
import NPMClient
import Planning
import Platform
import Reconciler
import Store
import TestSupport
import Testing

/// A kind is one description: a new kind needs no other code.
@Suite struct EighthKindTests {
  /// Made up: domains that are parked, which NPM keeps as 404 hosts.
  private static let parking = ResourceSchema(
    kind: ResourceKind(rawValue: "parking_place"), section: "parking_places", route: "dead-hosts",
    ownershipProof: .markerFromCreation,
    fields: [
      FieldSchema("domain_names", .domains, "Domains that are parked."),
      FieldSchema("advanced_config", .string(0...100), defaultValue: "", "What nginx does with them."),
      FieldSchema("enabled", .bool, defaultValue: true, "Whether they are parked at all."),
    ],
    operatorFields: [], claimField: "domain_names",
    claims: { $0["domain_names"].arrayValue?.compactMap(\.stringValue) ?? [] }, effect: { _ in "parked" },
    staleSince: NPMVersion(2, 13, 0))

  @Test func `a kind that nobody heard of is read, planned, made, changed, exported and taken away`() async throws {
    let kinds = [Self.parking]
    try await withSimulator { npm in
      let scratch = try Scratch()
      let stores = StoreSet(MemoryStore())
      func apply(_ text: String) async throws -> [String] {
        try scratch.write("d/a.yaml", text)
        let loaded = DesiredLoader.load("\(scratch.path)/d", kinds: kinds)
        #expect(loaded.diagnostics.isEmpty)
        let run = Reconciliation(
          gateway: npm.gateway(kinds: kinds), stores: stores, prober: nil,
          settings: ReconcileOptions(npmURL: npm.url, owner: "me", policy: .sync))
        let report = try await run.apply(run.plan(loaded.state), stop: ShutdownSignal())
        return report.outcomes.map { "\($0.change.action.kind.rawValue) \($0.change.key.path) \($0.status.rawValue)" }
      }
      let text = "parking_places:\n  lot: { domain_names: [lot.test], advanced_config: 'deny all;' }\n"
      #expect(try await apply(text) == ["create parking_place/lot applied"])
      #expect(try await apply(text).isEmpty)
      #expect(try await npm.served()["lot.test"]?["advanced_config"] == "deny all;")
      #expect(try await apply(text.replacing("deny", with: "allow")) == ["update parking_place/lot applied"])
      let observed = try await npm.gateway(kinds: kinds).observe()
      let lines = DesiredWriter.lines(
        "lot", try #require(observed.resources[Self.parking.kind]?.first).normalised)
      #expect(lines == ["  lot:", "    domain_names: [lot.test]", "    advanced_config: \"allow all;\""])
      #expect(try await apply(text.replacing("lot:", with: "place:")).first == "update parking_place/place applied")
      #expect(try await apply(text.replacing("lot", with: "other")).contains("delete parking_place/place applied"))
      #expect(try await npm.served().keys.sorted() == ["other.test"])
    }
  }
}
