/*
 * service_notify.h - telling the service manager
 *
 * The protocol of sd_notify(3): lines in a datagram to the socket that
 * $NOTIFY_SOCKET names. Without one nothing is told. It is twenty lines, and
 * libsystemd would bring its own dependencies into every process.
 */
#ifndef DIRSYNC_SERVICE_NOTIFY_H
#define DIRSYNC_SERVICE_NOTIFY_H

#include "dirsync/error.h"

#include <stdint.h>

/** "READY=1", "STATUS=...", several lines; false when there is no manager or it does not listen. */
bool service_notify(const char *format, ...) G_GNUC_PRINTF(1, 2);
/** How often the manager wants to hear "WATCHDOG=1", in microseconds; 0: it does not. */
int64_t service_watchdog(void);

#endif
