/*
 * notify.h - somebody hears of what went wrong, and of its end
 *
 * After a run, what is new is told by the channels of the definition: a failure or
 * limit, new quarantine entries, the first success after failures. The same
 * failure again is told once a day. What cannot be sent is kept in the connector's
 * state folder (notify.json, bounded) and tried again by the next run. Nothing here
 * ever makes a run fail: trouble is an event.
 *
 * A mail may come twice when the process is killed between sending and noting it,
 * never not at all; it has the same Message-ID then.
 */
#ifndef DIRSYNC_NOTIFY_H
#define DIRSYNC_NOTIFY_H

#include "dirsync/run.h"

#include <jansson.h>

/** After a sync; @failure NULL: it ended well. */
void notify_run(const Connector *connector, const char *state_folder, const RunResult *result,
                const GError *failure);

/** New findings of an audit. @audit: its id; @findings: a line for each, as people should read it, the worst
 *  first; @n their number. The same findings again are told once a day. */
void notify_audit(const Connector *connector, const char *state_folder, const char *audit,
                  const char *const *findings, size_t n);

/** Connects to a channel without sending (@message false), or sends a test message. ERROR_UNREACHABLE,
 *  ERROR_CREDENTIALS, ERROR_PROTOCOL, ERROR_DEFINITION. */
bool notify_try(const Connector *connector, const NotifyChannel *channel, bool message, GError **error);

/** {"channels":[...],"pending":[...],"failing_since":null}: what is kept about notifications. */
json_t *notify_status(const Connector *connector, const char *state_folder);

#endif
