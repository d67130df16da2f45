#pragma once
// The names of its functions are macros, which Swift does not see.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static inline void *shim_pcre2_compile(const unsigned char *text, size_t length, int ignores_case, int *code, size_t *at) {
  return pcre2_compile(text, length, ignores_case ? PCRE2_CASELESS : 0, code, at, NULL);
}
static inline void shim_pcre2_free(void *pattern) { pcre2_code_free((pcre2_code *)pattern); }
static inline int shim_pcre2_message(int code, unsigned char *text, size_t length) {
  return pcre2_get_error_message(code, text, length);
}
static inline int shim_pcre2_names(void *pattern, unsigned int *count, unsigned int *size, const unsigned char **table) {
  int code = pcre2_pattern_info((pcre2_code *)pattern, PCRE2_INFO_NAMECOUNT, count);
  if (!code) code = pcre2_pattern_info((pcre2_code *)pattern, PCRE2_INFO_NAMEENTRYSIZE, size);
  return code ? code : pcre2_pattern_info((pcre2_code *)pattern, PCRE2_INFO_NAMETABLE, table);
}
