import Model
import Planning
import TestSupport
import Testing

@Suite struct SafetyLimitsTests {
  private func plan(deletes: Int = 0, updates: Int = 0, owned: Int) -> Plan {
    var plan = Plan(owner: "homelab", policy: .sync)
    plan.ownedCount = owned
    plan.changes = (0..<deletes).map {
      Change(key: ResourceKey(.proxyHost, "d\($0)"), action: .delete, cause: .removed)
    }
    plan.changes += (0..<updates).map {
      Change(key: ResourceKey(.proxyHost, "u\($0)"), action: .update, cause: .drifted)
    }
    return plan
  }

  private func codes(_ plan: Plan, _ limits: SafetyLimits = SafetyLimits(), desired: Int = 1) -> [DiagnosticCode] {
    limits.refusals(of: plan, desiredCount: desired).map(\.code)
  }

  @Test func `more deletes than the limit are refused, with the flag that allows them`() {
    let refusals = SafetyLimits().refusals(of: plan(deletes: 6, owned: 100), desiredCount: 1)
    #expect(refusals.map(\.code) == [.tooManyDeletes])
    #expect(refusals[0].hint?.contains("--max-deletes 6") == true)
    #expect(codes(plan(deletes: 5, owned: 100)).isEmpty)
  }

  @Test func `percentages count from ten owned hosts up`() {
    #expect(codes(plan(deletes: 3, owned: 10)) == [.tooManyDeletes])
    #expect(codes(plan(deletes: 3, owned: 9)).isEmpty)
    #expect(codes(plan(updates: 6, owned: 10)) == [.tooManyUpdates])
    #expect(codes(plan(updates: 9, owned: 9)).isEmpty)
  }

  @Test func `an empty desired state deletes nothing, whatever the flags`() {
    let limits = SafetyLimits(maxDeletes: 100, maxDeletePercent: 100, allowsDeletes: true)
    #expect(codes(plan(deletes: 1, owned: 1), limits, desired: 0) == [.nothingDesired])
  }

  @Test func `no percentage is too large to be compared`() {
    #expect(codes(plan(updates: 11, owned: 11), SafetyLimits(maxUpdatePercent: Int.max)).isEmpty)
  }

  @Test func `allowing deletes lifts their limits only`() {
    let limits = SafetyLimits(allowsDeletes: true)
    #expect(codes(plan(deletes: 50, owned: 60), limits).isEmpty)
    #expect(codes(plan(updates: 50, owned: 60), limits) == [.tooManyUpdates])
  }
}
