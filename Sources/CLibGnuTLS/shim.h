#pragma once
#include <gnutls/gnutls.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

/* gnutls_free is a variable, which Swift cannot call safely. */
static inline void shim_gnutls_free(void *pointer) { gnutls_free(pointer); }
