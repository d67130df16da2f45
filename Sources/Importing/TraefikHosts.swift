import Model

/// Proxy hosts that are put together from routers, found by their domains.
struct TraefikHosts {
  struct Host {
    var object: ImportedObject
    let domains: Set<String>
    var hasTLS = false
    /// Plain http is served, too.
    var isPlain = false
    var redirects = false
    /// The length of the longest rule for all of the domain: Traefik prefers longer ones.
    var ruleLength = 0
    var routers = 0
    var hasPriority = false
    var locations: [JSONValue] = []
    /// Paths that only TLS serves.
    var guardedPaths: [String] = []
  }

  private(set) var all: [Host] = []
  private var byDomains: [Set<String>: Int] = [:]
  private var byDomain: [String: [Int]] = [:]

  func has(_ domains: Set<String>) -> Bool { byDomains[domains] != nil }

  /// Those that have one of these domains, and not the same set of them.
  func others(than domains: Set<String>) -> Set<Int> {
    Set(domains.flatMap { byDomain[$0] ?? [] }).filter { all[$0].domains != domains }
  }

  mutating func lack(_ reason: String, at indices: some Sequence<Int>) {
    for index in indices { all[index].object.lack(reason) }
  }

  /// Changes the host of these domains, or a new one.
  mutating func change(
    _ domains: Set<String>, made object: @autoclosure () -> ImportedObject, _ body: (inout Host) -> Void
  ) {
    let index = byDomains[domains] ?? all.count
    if index == all.count {
      all.append(Host(object: object(), domains: domains))
      byDomains[domains] = index
      for domain in domains { byDomain[domain, default: []].append(index) }
    }
    body(&all[index])
  }

  /// Notes what only shows once all routers are known.
  mutating func finish(_ remainder: TraefikRouters.Remainder) {
    for index in all.indices {
      all[index].redirects = all[index].redirects || remainder.redirectsAll
      if all[index].hasPriority && all[index].routers > 1 {
        all[index].object.lack("the priorities of its routers have no counterpart in NPM")
      }
      for (domains, reason) in remainder.spoiled where domains.map({ !$0.isDisjoint(with: all[index].domains) }) ?? true
      {
        all[index].object.lack(reason)
      }
      if let shared = all[index].domains.filter({ byDomain[$0]?.count ?? 0 > 1 }).min() {
        all[index].object.lack("'\(shared)' is in several routers with different domains")
      }
    }
  }
}
