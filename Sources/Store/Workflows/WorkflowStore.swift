package import Model

/// What became of a workflow that was to be queued.
package enum WorkflowAdmission: Hashable, Sendable {
  case queued
  /// The caller had started it before, with the same key.
  case known(WorkflowRecord)
  /// So many wait already that no more are taken.
  case full
}

/// The queue of workflows, and those that have ended.
package protocol WorkflowStore: Sendable {
  /// Adds one, where not more than `capacity` are queued and its caller has none with the same key.
  func enqueue(_ record: WorkflowRecord, capacity: Int) async throws -> WorkflowAdmission
  /// nil: there is none, or it is not remembered any more.
  func workflow(_ id: String) async throws -> WorkflowRecord?
  /// Newest first, without their results.
  ///
  /// - Parameter before: only those that came before this one.
  func workflows(before id: String?, limit: Int) async throws -> [WorkflowRecord]
  /// Those that have not ended, in the order in which they came.
  func openWorkflows() async throws -> [WorkflowRecord]
  /// Puts its new state, where its state is still the one given.
  ///
  /// - Returns: whether it was.
  func update(_ record: WorkflowRecord, from state: WorkflowRecord.State) async throws -> Bool
  /// Forgets those that have ended, but for the newest.
  func dropWorkflows(keeping count: Int) async throws
}
