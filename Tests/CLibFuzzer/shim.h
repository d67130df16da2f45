#pragma once
#include <stddef.h>
#include <stdint.h>

/// The fuzzer's own loop, called with our function instead of a fixed name.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));
