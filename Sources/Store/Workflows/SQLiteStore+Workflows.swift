package import Model
import SQLite

extension SQLiteStore: WorkflowStore {
  private static let columns = """
    id, kind, parameters, state, started_by, token_digest, correlation, idempotency_key, created_at, started_at,
    finished_at, error, exit_code
    """

  package func enqueue(_ record: WorkflowRecord, capacity: Int) throws -> WorkflowAdmission {
    let parameters = try StoredJSON.encoded(record.parameters)
    return try transaction { connection in
      if let key = record.idempotencyKey {
        let rows = try connection.run(
          """
          SELECT \(Self.columns), result FROM workflows
          WHERE instance = ? AND started_by = ? AND idempotency_key = ?
          """, [scope, .text(record.startedBy), .text(key)])
        if let known = try rows.first.map(Self.record) { return .known(known) }
      }
      let queued = try connection.run(
        "SELECT count(*) FROM workflows WHERE instance = ? AND state = 'queued'", [scope])
      guard queued[0][0].int < capacity else { return .full }
      try connection.run(
        """
        INSERT INTO workflows (instance, id, kind, parameters, state, started_by, token_digest, correlation,
          idempotency_key, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          scope, .text(record.id), .text(record.kind.rawValue), .text(parameters), .text(record.state.rawValue),
          .text(record.startedBy), Self.text(record.tokenDigest), .text(record.correlation),
          Self.text(record.idempotencyKey), .real(record.createdAt.seconds),
        ])
      return .queued
    }
  }

  package func workflow(_ id: String) throws -> WorkflowRecord? {
    try run("SELECT \(Self.columns), result FROM workflows WHERE instance = ? AND id = ?", [scope, .text(id)])
      .first.map(Self.record)
  }

  package func workflows(before id: String?, limit: Int) throws -> [WorkflowRecord] {
    try run(
      """
      SELECT \(Self.columns), NULL FROM workflows WHERE instance = ?
        AND number < coalesce((SELECT number FROM workflows WHERE id = ?), iif(? IS NULL, 9e18, 0))
      ORDER BY number DESC LIMIT ?
      """, [scope, Self.text(id), Self.text(id), .integer(Int64(limit))]
    ).map(Self.record)
  }

  package func openWorkflows() throws -> [WorkflowRecord] {
    try run(
      """
      SELECT \(Self.columns), NULL FROM workflows WHERE instance = ? AND state IN ('queued', 'running')
      ORDER BY number
      """, [scope]
    ).map(Self.record)
  }

  package func update(_ record: WorkflowRecord, from state: WorkflowRecord.State) throws -> Bool {
    let result = try record.result.map { try StoredJSON.encoded($0) }
    let error = try record.error.map { try StoredJSON.encoded($0) }
    return try !run(
      """
      UPDATE workflows SET state = ?, started_at = ?, finished_at = ?, result = ?, error = ?, exit_code = ?
      WHERE instance = ? AND id = ? AND state = ? RETURNING id
      """,
      [
        .text(record.state.rawValue), Self.time(record.startedAt), Self.time(record.finishedAt), Self.text(result),
        Self.text(error), record.exitCode.map { .integer(Int64($0)) } ?? .null, scope, .text(record.id),
        .text(state.rawValue),
      ]
    ).isEmpty
  }

  package func dropWorkflows(keeping count: Int) throws {
    let ended = "instance = ? AND state NOT IN ('queued', 'running')"
    try run(
      """
      DELETE FROM workflows WHERE \(ended) AND number NOT IN (
        SELECT number FROM workflows WHERE \(ended) ORDER BY number DESC LIMIT ?)
      """, [scope, scope, .integer(Int64(count))])
  }

  private static func text(_ text: String?) -> SQLiteValue { text.map { .text($0) } ?? .null }
  private static func time(_ time: Timestamp?) -> SQLiteValue { time.map { .real($0.seconds) } ?? .null }

  private static func record(_ row: [SQLiteValue]) throws -> WorkflowRecord {
    guard let kind = WorkflowKind(rawValue: row[1].text), let state = WorkflowRecord.State(rawValue: row[3].text) else {
      throw StoreError(.storeNewer, "a workflow is of a kind that this version does not know")
    }
    var record = WorkflowRecord(
      id: row[0].text, kind: kind, parameters: try StoredJSON.decoded(row[2].text, of: "workflows"),
      startedBy: row[4].text, tokenDigest: row[5] == .null ? nil : row[5].text, correlation: row[6].text,
      idempotencyKey: row[7] == .null ? nil : row[7].text, createdAt: Timestamp(seconds: row[8].real))
    record.state = state
    record.startedAt = row[9] == .null ? nil : Timestamp(seconds: row[9].real)
    record.finishedAt = row[10] == .null ? nil : Timestamp(seconds: row[10].real)
    record.error = row[11] == .null ? nil : try StoredJSON.decoded(row[11].text, of: "workflows")
    record.exitCode = row[12] == .null ? nil : row[12].int
    record.result = row[13] == .null ? nil : try StoredJSON.decoded(row[13].text, of: "workflows")
    return record
  }
}
