#pragma once
#include <sqlite3.h>

/// SQLITE_TRANSIENT is a cast macro that Swift does not import.
static inline int shim_bind_text(sqlite3_stmt *s, int i, const char *v, int n) {
  return sqlite3_bind_text(s, i, v, n, SQLITE_TRANSIENT);
}
