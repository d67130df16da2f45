package import Model

extension MemoryStore: TokenStore {
  package func add(_ token: AccessToken) -> Bool {
    guard accessTokens[token.name] == nil else { return false }
    accessTokens[token.name] = token
    return true
  }

  package func revoke(_ name: String) -> Bool { accessTokens.removeValue(forKey: name) != nil }

  package func tokens() -> [AccessToken] { accessTokens.values.sorted { $0.name < $1.name } }
}
