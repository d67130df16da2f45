/// The migrations of the database. A released step never changes: new ones are added at the end.
enum Schema {
  static let steps = [
    """
    CREATE TABLE binding (id INTEGER PRIMARY KEY CHECK (id = 1), npm TEXT NOT NULL) STRICT;
    CREATE TABLE ledger (
      kind TEXT NOT NULL, name TEXT NOT NULL, npm_id INTEGER, created_on TEXT, applied TEXT,
      domains TEXT NOT NULL, unfinished INTEGER NOT NULL, PRIMARY KEY (kind, name)) STRICT;
    CREATE TABLE runs (
      number INTEGER PRIMARY KEY AUTOINCREMENT, started_at REAL NOT NULL, finished_at REAL, digest TEXT NOT NULL,
      applied INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE journal (
      number INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES runs(number), kind TEXT NOT NULL,
      name TEXT NOT NULL, action TEXT NOT NULL, begun_at REAL NOT NULL, settled_at REAL, outcome TEXT, error TEXT) STRICT;
    CREATE INDEX journal_open ON journal(number) WHERE settled_at IS NULL;
    CREATE TABLE events (
      number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, severity TEXT NOT NULL, source TEXT NOT NULL,
      subject TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, run INTEGER) STRICT;
    CREATE INDEX events_at ON events(at);
    """,
    """
    ALTER TABLE ledger ADD COLUMN protected INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE ledger ADD COLUMN on_delete TEXT NOT NULL DEFAULT 'delete';
    ALTER TABLE journal ADD COLUMN former TEXT;
    ALTER TABLE journal ADD COLUMN before TEXT;
    CREATE INDEX journal_run ON journal(run);
    ALTER TABLE events ADD COLUMN correlation TEXT;
    CREATE TABLE writer (
      id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, process INTEGER NOT NULL, host TEXT NOT NULL,
      since REAL NOT NULL, heartbeat REAL NOT NULL) STRICT;
    """,
    """
    ALTER TABLE journal ADD COLUMN after TEXT;
    ALTER TABLE journal ADD COLUMN npm_id INTEGER;
    ALTER TABLE journal ADD COLUMN created_on TEXT;
    ALTER TABLE journal ADD COLUMN protected INTEGER;
    ALTER TABLE journal ADD COLUMN on_delete TEXT;
    """,
    """
    CREATE TABLE requests (number INTEGER PRIMARY KEY, names TEXT NOT NULL, at REAL NOT NULL) STRICT;
    """,
    """
    ALTER TABLE requests ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
    """,
    """
    CREATE TABLE watched (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, memory TEXT) STRICT;
    CREATE TABLE samples (
      host INTEGER NOT NULL, at INTEGER NOT NULL, ok INTEGER NOT NULL, latency REAL,
      PRIMARY KEY (host, at)) STRICT, WITHOUT ROWID;
    CREATE TABLE summaries (
      width INTEGER NOT NULL, host INTEGER NOT NULL, start INTEGER NOT NULL, checks INTEGER NOT NULL,
      failures INTEGER NOT NULL, latencies TEXT NOT NULL, PRIMARY KEY (width, host, start)) STRICT, WITHOUT ROWID;
    CREATE TABLE summarised (width INTEGER PRIMARY KEY, until INTEGER NOT NULL) STRICT;
    """,
    """
    CREATE TABLE alerts (key TEXT PRIMARY KEY, alert TEXT NOT NULL) STRICT;
    CREATE TABLE outbox (
      number INTEGER PRIMARY KEY AUTOINCREMENT, sink TEXT NOT NULL, notice TEXT NOT NULL, created_at REAL NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL) STRICT;
    CREATE TABLE silences (
      number INTEGER PRIMARY KEY AUTOINCREMENT, match TEXT NOT NULL, until REAL NOT NULL, reason TEXT NOT NULL) STRICT;
    CREATE TABLE starts (at REAL NOT NULL) STRICT;
    """,
    """
    ALTER TABLE events ADD COLUMN data TEXT;
    CREATE TABLE pauses (
      subject TEXT PRIMARY KEY, until REAL, reason TEXT NOT NULL, begun_at REAL NOT NULL) STRICT;
    """,
    """
    ALTER TABLE runs ADD COLUMN commit_hash TEXT;
    """,
    """
    ALTER TABLE ledger ADD COLUMN modified_on TEXT;
    CREATE TABLE reload_witness (npm TEXT PRIMARY KEY, counts INTEGER, unproven TEXT) STRICT;
    """,
    """
    CREATE TABLE bindings (instance TEXT PRIMARY KEY, npm TEXT NOT NULL) STRICT;
    INSERT INTO bindings SELECT 'default', npm FROM binding;
    DROP TABLE binding;
    ALTER TABLE bindings RENAME TO binding;
    CREATE TABLE ledger_of (
      instance TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, npm_id INTEGER, created_on TEXT, applied TEXT,
      domains TEXT NOT NULL, unfinished INTEGER NOT NULL, protected INTEGER NOT NULL DEFAULT 0,
      on_delete TEXT NOT NULL DEFAULT 'delete', modified_on TEXT, PRIMARY KEY (instance, kind, name)) STRICT;
    INSERT INTO ledger_of SELECT 'default', kind, name, npm_id, created_on, applied, domains, unfinished, protected,
      on_delete, modified_on FROM ledger;
    DROP TABLE ledger;
    ALTER TABLE ledger_of RENAME TO ledger;
    ALTER TABLE runs ADD COLUMN instance TEXT NOT NULL DEFAULT 'default';
    ALTER TABLE events ADD COLUMN instance TEXT NOT NULL DEFAULT 'default';
    ALTER TABLE requests ADD COLUMN instance TEXT NOT NULL DEFAULT 'default';
    ALTER TABLE silences ADD COLUMN instance TEXT NOT NULL DEFAULT 'default';
    DROP TABLE writer;
    CREATE TABLE lease (
      instance TEXT PRIMARY KEY, owner TEXT NOT NULL, process INTEGER NOT NULL, host TEXT NOT NULL,
      since REAL NOT NULL, heartbeat REAL NOT NULL) STRICT;
    CREATE TABLE suspensions (
      instance TEXT NOT NULL, subject TEXT NOT NULL, until REAL, reason TEXT NOT NULL, begun_at REAL NOT NULL,
      PRIMARY KEY (instance, subject)) STRICT;
    INSERT INTO suspensions SELECT 'default', subject, until, reason, begun_at FROM pauses;
    DROP TABLE pauses;
    CREATE TABLE hosts (
      number INTEGER PRIMARY KEY, instance TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, memory TEXT,
      UNIQUE (instance, kind, name)) STRICT;
    INSERT INTO hosts SELECT number, 'default', 'proxy_host', name, memory FROM watched;
    DROP TABLE watched;
    ALTER TABLE hosts RENAME TO watched;
    CREATE TABLE firing (
      instance TEXT NOT NULL, key TEXT NOT NULL, alert TEXT NOT NULL, PRIMARY KEY (instance, key)) STRICT;
    INSERT INTO firing SELECT 'default', key, json_set(
      json_remove(alert, '$.toldAt', '$.toldSeverity', '$.isMomentary'), '$.instance', 'default',
      '$.notifiedAt', json_extract(alert, '$.toldAt'), '$.notifiedSeverity', json_extract(alert, '$.toldSeverity'),
      '$.isOneShot', json(iif(json_extract(alert, '$.isMomentary'), 'true', 'false'))) FROM alerts
      WHERE json_valid(alert);
    DROP TABLE alerts;
    ALTER TABLE firing RENAME TO alerts;
    CREATE TABLE letters (
      number INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, receiver TEXT NOT NULL,
      notification TEXT NOT NULL, created_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
      next_at REAL NOT NULL) STRICT;
    INSERT INTO letters SELECT number, 'default', sink, json_set(
      json_remove(notice, '$.alert.toldAt', '$.alert.toldSeverity', '$.alert.isMomentary'),
      '$.alert.instance', 'default', '$.alert.notifiedAt', json_extract(notice, '$.alert.toldAt'),
      '$.alert.notifiedSeverity', json_extract(notice, '$.alert.toldSeverity'),
      '$.alert.isOneShot', json(iif(json_extract(notice, '$.alert.isMomentary'), 'true', 'false'))),
      created_at, attempts, next_at FROM outbox WHERE json_valid(notice);
    DROP TABLE outbox;
    ALTER TABLE letters RENAME TO outbox;
    """,
    [("ledger", "applied"), ("journal", "before"), ("journal", "after")].map(dropPasswordHints).joined(separator: "\n"),
    """
    CREATE TABLE tokens (
      name TEXT PRIMARY KEY, role TEXT NOT NULL, digest TEXT NOT NULL, created_at REAL NOT NULL,
      expires_at REAL) STRICT;
    """,
    """
    CREATE TABLE workflows (
      number INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
      parameters TEXT NOT NULL, state TEXT NOT NULL, started_by TEXT NOT NULL, token_digest TEXT,
      correlation TEXT NOT NULL, idempotency_key TEXT, created_at REAL NOT NULL, started_at REAL, finished_at REAL,
      result TEXT, error TEXT, exit_code INTEGER) STRICT;
    CREATE UNIQUE INDEX workflows_key ON workflows(instance, started_by, idempotency_key);
    CREATE INDEX workflows_state ON workflows(instance, state);
    CREATE TABLE api_destinations (
      instance TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, destinations TEXT NOT NULL,
      PRIMARY KEY (instance, kind, name)) STRICT;
    """,
  ]

  /// What is not known to be a digest is dropped with the rest.
  private static func dropPasswordHints(_ table: String, _ column: String) -> String {
    """
    UPDATE \(table) SET \(column) = json_set(\(column), '$.items', (
      SELECT json_group_array(json_set(value, '$.password', CASE
        WHEN json_extract(value, '$.password') = 'keep' THEN 'keep'
        WHEN substr(json_extract(value, '$.password'), -17, 1) = ' ' THEN
          'digest:' || substr(json_extract(value, '$.password'), -16)
        ELSE 'digest:' END)) FROM json_each(\(table).\(column), '$.items')))
      WHERE kind = 'access_list' AND json_array_length(\(column), '$.items') > 0;
    """
  }
}
