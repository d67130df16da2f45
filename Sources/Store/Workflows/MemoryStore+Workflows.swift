package import Model

extension MemoryStore: WorkflowStore {
  package func enqueue(_ record: WorkflowRecord, capacity: Int) -> WorkflowAdmission {
    if let key = record.idempotencyKey,
      let known = workflowList.first(where: { $0.idempotencyKey == key && $0.startedBy == record.startedBy })
    {
      return .known(known)
    }
    guard workflowList.count(where: { $0.state == .queued }) < capacity else { return .full }
    workflowList.append(record)
    return .queued
  }

  package func workflow(_ id: String) -> WorkflowRecord? { workflowList.first { $0.id == id } }

  package func workflows(before id: String?, limit: Int) -> [WorkflowRecord] {
    let end = id.map { id in workflowList.firstIndex { $0.id == id } ?? 0 } ?? workflowList.count
    return workflowList[..<end].reversed().prefix(limit).map { record in
      var bare = record
      bare.result = nil
      return bare
    }
  }

  package func openWorkflows() -> [WorkflowRecord] { workflowList.filter { !$0.state.isFinal } }

  package func update(_ record: WorkflowRecord, from state: WorkflowRecord.State) -> Bool {
    guard let index = workflowList.firstIndex(where: { $0.id == record.id && $0.state == state }) else { return false }
    workflowList[index] = record
    return true
  }

  package func dropWorkflows(keeping count: Int) {
    let ended = workflowList.filter(\.state.isFinal).map(\.id)
    let dropped = Set(ended.dropLast(count))
    workflowList.removeAll { dropped.contains($0.id) }
  }
}
