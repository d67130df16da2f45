package import Model

extension MemoryStore: CertificateRequestStore {
  package func recordRequest(_ names: [String], at: Timestamp) -> Int {
    requested.append((names, at))
    open.append(CertificateRequest(number: requested.count, names: Set(names), at: at))
    return requested.count
  }

  package func closeRequest(_ number: Int) { open.removeAll { $0.number == number } }
  package func openRequests() -> [CertificateRequest] { open }
  package func requests(since: Timestamp) -> [[String]] { requested.filter { $0.at >= since }.map(\.names) }
}
