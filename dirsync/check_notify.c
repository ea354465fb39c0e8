/*
 * check_notify.c - see check_notify.h
 */
#include "dirsync/check_notify.h"

#include "dirsync/check_server.h"
#include "dirsync/notify.h"

/* Runs go on without: nobody's address list waits for a mail server. */
static void try_channel(const Connector *connector, const NotifyChannel *channel, bool message,
                        GPtrArray *findings)
{
    g_autoptr(GError) error = NULL;
    if (notify_try(connector, channel, message, &error))
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "notify: %s: %s", channel->label,
                    message         ? "a test message was sent"
                    : channel->user ? "connects and takes the password"
                                    : "connects; --notify sends a test message");
    else if (message)
        finding_add(findings, FINDING_ERROR, (ErrorCode)error->code, NULL, "notify: %s", error->message);
    else
        finding_add(findings, FINDING_WARNING, (ErrorCode)error->code,
                    "nobody would hear of a failure by this way", "notify: %s", error->message);
}

void check_notify(const Connector *connector, bool message, GPtrArray *findings)
{
    const NotifySettings *settings = connector_notify(connector);
    for (size_t i = 0; i < settings->n_channels; i++)
        try_channel(connector, &settings->channels[i], message, findings);
    if (!settings->n_channels && message)
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION,
                    "add <notify><mail to=\"…\" from=\"…\" server=\"smtp://…\"/></notify>",
                    "notify: %s names nobody who is told", connector->path);
}
