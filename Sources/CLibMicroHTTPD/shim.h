#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif
#include <microhttpd.h>

struct shim_mhd_limits {
  unsigned connections;
  /// 0: none.
  unsigned connections_per_address;
  unsigned idle_seconds;
  size_t memory;
};

/// Our only mode of operation: one polling thread (epoll where there is one), suspend and resume, a socket that listens
/// already. With a certificate, TLS 1.2 and later.
static inline struct MHD_Daemon *shim_mhd_start(
    int listener, MHD_AccessHandlerCallback handler, void *context, MHD_RequestCompletedCallback completed,
    void *(*uri)(void *, const char *, struct MHD_Connection *), MHD_NotifyConnectionCallback changed,
    struct shim_mhd_limits limits, const char *certificate, const char *key) {
  struct MHD_OptionItem options[12];
  int count = 0;
#define SHIM_OPTION(option, number, pointer) \
  options[count++] = (struct MHD_OptionItem){option, (intptr_t)(number), (void *)(pointer)}
  SHIM_OPTION(MHD_OPTION_NOTIFY_COMPLETED, completed, context);
  SHIM_OPTION(MHD_OPTION_NOTIFY_CONNECTION, changed, context);
  SHIM_OPTION(MHD_OPTION_URI_LOG_CALLBACK, uri, context);
  SHIM_OPTION(MHD_OPTION_LISTEN_SOCKET, listener, 0);
  SHIM_OPTION(MHD_OPTION_CONNECTION_LIMIT, limits.connections, 0);
  SHIM_OPTION(MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits.connections_per_address, 0);
  SHIM_OPTION(MHD_OPTION_CONNECTION_TIMEOUT, limits.idle_seconds, 0);
  SHIM_OPTION(MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.memory, 0);
  unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  if (certificate && key) {
    flags |= MHD_USE_TLS;
    SHIM_OPTION(MHD_OPTION_HTTPS_MEM_CERT, 0, certificate);
    SHIM_OPTION(MHD_OPTION_HTTPS_MEM_KEY, 0, key);
    SHIM_OPTION(MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1");
  }
  SHIM_OPTION(MHD_OPTION_END, 0, 0);
#undef SHIM_OPTION
  return MHD_start_daemon(flags, 0, 0, 0, handler, context, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/// The socket of a connection, or -1.
static inline int shim_mhd_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

/// The peer's address as text, IPv4 also where the socket is of IPv6; empty: a Unix socket.
static inline void shim_mhd_peer(struct MHD_Connection *connection, char *text, size_t size) {
  text[0] = 0;
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (!info || !info->client_addr) return;
  if (info->client_addr->sa_family == AF_INET) {
    inet_ntop(AF_INET, &((struct sockaddr_in *)info->client_addr)->sin_addr, text, size);
  } else if (info->client_addr->sa_family == AF_INET6) {
    const struct in6_addr *address = &((struct sockaddr_in6 *)info->client_addr)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address)) {
      inet_ntop(AF_INET, &address->s6_addr[12], text, size);
    } else {
      inet_ntop(AF_INET6, address, text, size);
    }
  }
}

/// Lets a connection be idle for as long as it likes.
static inline void shim_mhd_no_timeout(struct MHD_Connection *connection) {
  MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
}

/// A reset instead of an orderly close: what a client sees when a server dies.
static inline void shim_reset_socket(int fd) {
  struct linger now = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static const int64_t shim_mhd_end_with_error = MHD_CONTENT_READER_END_WITH_ERROR;
static const int64_t shim_mhd_end_of_stream = MHD_CONTENT_READER_END_OF_STREAM;
static const uint64_t shim_mhd_size_unknown = MHD_SIZE_UNKNOWN;
