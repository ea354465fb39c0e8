/* notify_internal.h - what the files of the notify module share; nobody else includes it */
#ifndef DIRSYNC_NOTIFY_INTERNAL_H
#define DIRSYNC_NOTIFY_INTERNAL_H

#include "dirsync/notify.h"
#include "dirsync/notify_book.h"

/** Which text is sent. Keep in step with notify_texts[]. */
typedef enum {
    TEXT_FAILED, /* for a reason that no other text is about */
    TEXT_UNREACHABLE,
    TEXT_BUSY,
    TEXT_CREDENTIALS,
    TEXT_ACCESS,
    TEXT_SERVER_LIMIT,
    TEXT_SOURCE,
    TEXT_DEFINITION,
    TEXT_STATE,
    TEXT_DISK,
    TEXT_LIMIT,
    TEXT_PARTIAL, /* a source was not proven complete */
    TEXT_REFUSED, /* some changes failed */
    TEXT_QUARANTINE,
    TEXT_AUDIT,
    TEXT_RECOVERY,
    TEXT_TEST,
    TEXTS
} NotifyTextId;

/** $words stand for what notify_values() knows; paragraphs are separated by blank lines, lines that begin
 * with four blanks are commands and stay as they are. */
typedef struct {
    NotifyKind kind;
    const char *subject, *happened, *means, *todo;
} NotifyText;

extern const NotifyText notify_texts[TEXTS];
/** Sentences for $written and $deleted: nothing, and something. */
extern const char *const notify_written[2], *const notify_deleted[2];
/** Sentence for $before: the first time, and again. */
extern const char *const notify_before[2];

/** What $words stand for; NULL: "". */
typedef struct {
    const char *connector, *organisation, *host, *run, *when, *since, *times, *error, *list, *more, *summary;
    const char *command; /* the connector as a command names it */
    const char *last_success;
    size_t written, deleted;
    bool again;
} NotifyValues;

/** Subject and body; g_free() both. No line is longer than 72 characters but for words that are. */
void notify_render(const NotifyText *text, const NotifyValues *values, char **subject, char **body);

/** What a run is worth telling; -1: nothing. */
int notify_text_of(const RunResult *result, const GError *failure);

/** Sends one message: the members "kind", "subject", "body", "run", "since", "id", "refers", "created". */
bool notify_send(const Connector *connector, const NotifyChannel *channel, const json_t *message,
                 GError **error);
/** Connects and ends. */
bool notify_connect(const NotifyChannel *channel, GError **error);

/** "2026-11-22 14:30 CET"; "" for 0. g_free(). */
char *notify_time(gint64 seconds);

#endif
