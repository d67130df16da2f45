package import Model

extension MemoryStore: RunStore {
  package func beginRun(digest: String, commit: String?, at: Timestamp) -> Int {
    let number = (runList.last?.number ?? 0) + 1
    runList.append(
      RunRecord(
        number: number, startedAt: at, finishedAt: nil, digest: digest, applied: 0, failed: 0, commit: commit))
    return number
  }

  package func finishRun(_ number: Int, applied: Int, failed: Int, at: Timestamp) {
    guard let index = runList.firstIndex(where: { $0.number == number }) else { return }
    runList[index].finishedAt = at
    runList[index].applied = applied
    runList[index].failed = failed
  }

  package func runs(before number: Int?, limit: Int) -> [RunRecord] {
    Array(runList.reversed().filter { run in number.map { run.number < $0 } ?? true }.prefix(limit))
  }

  package func history(after run: Int) -> [HistoryEntry] {
    journal.reversed().filter { $0.intent.run > max(run, droppedRun) }
  }

  package func dropHistory(before time: Timestamp) {
    let old = runList.dropLast().filter { $0.startedAt < time }.map(\.number)
    runList.removeAll { old.contains($0.number) }
    droppedRun = max(droppedRun, old.max() ?? 0)
  }
}
