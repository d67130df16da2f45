/// What the program was built from. Empty where that was not said to the build: see Package.swift.
#pragma once

const char *build_commit(void);
/// The day of the commit, as 2026-11-26.
const char *build_date(void);
