#pragma once
#include <curl/curl.h>
#include <string.h>

// libcurl's setters and getters are variadic, which Swift cannot call.
typedef size_t (*shim_curl_write)(char *, size_t, size_t, void *);

// Casts in macros are not imported.
static const long shim_curl_ssl_try = CURLUSESSL_TRY;
static const long shim_curl_ssl_all = CURLUSESSL_ALL;
static const long shim_curl_http_1_1 = CURL_HTTP_VERSION_1_1;

static inline CURLcode shim_curl_set_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_set_string(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_set_list(CURL *h, CURLoption o, struct curl_slist *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_set_pointer(CURL *h, CURLoption o, void *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_set_size(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_set_write(CURL *h, shim_curl_write f, void *context) {
  CURLcode code = curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, f);
  return code ? code : curl_easy_setopt(h, CURLOPT_WRITEDATA, context);
}
static inline CURLcode shim_curl_set_header(CURL *h, shim_curl_write f, void *context) {
  CURLcode code = curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, f);
  return code ? code : curl_easy_setopt(h, CURLOPT_HEADERDATA, context);
}
static inline CURLcode shim_curl_set_read(CURL *h, shim_curl_write f, void *context) {
  CURLcode code = curl_easy_setopt(h, CURLOPT_READFUNCTION, f);
  return code ? code : curl_easy_setopt(h, CURLOPT_READDATA, context);
}
static inline CURLcode shim_curl_get_long(CURL *h, CURLINFO i, long *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode shim_curl_get_size(CURL *h, CURLINFO i, curl_off_t *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode shim_curl_get_string(CURL *h, CURLINFO i, char **v) { return curl_easy_getinfo(h, i, v); }
/// A certificate of those that the server showed, PEM, its own first, or null. Good until the handle's next transfer.
static inline const char *shim_curl_get_certificate(CURL *h, int number) {
  struct curl_certinfo *chain = NULL;
  if (curl_easy_getinfo(h, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs <= number) return NULL;
  for (struct curl_slist *line = chain->certinfo[number]; line; line = line->next)
    if (!strncmp(line->data, "Cert:", 5)) return line->data + 5;
  return NULL;
}
static inline CURLcode shim_curl_get_socket(CURL *h, curl_socket_t *v) {
  return curl_easy_getinfo(h, CURLINFO_ACTIVESOCKET, v);
}
static inline CURLMcode shim_curl_multi_set_long(CURLM *m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
static inline CURLcode shim_curl_message_result(const CURLMsg *m) { return m->data.result; }
