#pragma once
#include <sys/types.h>
#include <sys/socket.h>
#include <stdint.h>
#include <microhttpd.h>

/// Flags of our only mode of operation: one polling thread (epoll where there is one), suspend and resume.
static inline struct MHD_Daemon *shim_mhd_start(
    const struct sockaddr *address, MHD_AccessHandlerCallback handler, void *context,
    MHD_RequestCompletedCallback completed, void *(*uri)(void *, const char *, struct MHD_Connection *),
    MHD_NotifyConnectionCallback changed,
    unsigned connections, unsigned idle_seconds, size_t memory) {
  struct MHD_OptionItem options[] = {
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, context},
      {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)changed, context},
      {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)uri, context},
      {MHD_OPTION_SOCK_ADDR, 0, (void *)address},
      {MHD_OPTION_CONNECTION_LIMIT, connections, 0},
      {MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, 0},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)memory, 0},
      {MHD_OPTION_END, 0, 0}};
  return MHD_start_daemon(
      MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, 0, 0, handler, context,
      MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/// The port the kernel chose, or 0.
static inline uint16_t shim_mhd_port(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info ? info->port : 0;
}

/// The socket of a connection, or -1.
static inline int shim_mhd_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

/// A reset instead of an orderly close: what a client sees when a server dies.
static inline void shim_reset_socket(int fd) {
  struct linger now = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static const int64_t shim_mhd_end_with_error = MHD_CONTENT_READER_END_WITH_ERROR;
static const int64_t shim_mhd_end_of_stream = MHD_CONTENT_READER_END_OF_STREAM;
