package import Model

extension MemoryStore: DestinationStore {
  package func put(destinations: [String], of key: ResourceKey) {
    destinationsGiven[key] = destinations.isEmpty ? nil : destinations
  }

  package func givenDestinations() -> [ResourceKey: [String]] { destinationsGiven }
}
