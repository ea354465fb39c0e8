/*
 * event.h - what happened, for people and programs
 *
 * Every event has a stable id, a category and a level (table in event.c, listed
 * in dirsync-events(7)). An event goes to every open sink whose level admits
 * it: stderr, syslog or journal, a file of JSON lines. Safe to call from any
 * thread. With no sink open nothing is written, which is what unit tests see.
 */
#ifndef DIRSYNC_EVENT_H
#define DIRSYNC_EVENT_H

#include "dirsync/error.h"

typedef enum { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG, LEVELS } EventLevel;

typedef enum {
    CATEGORY_RUN, /* begin, end, limits, interruption */
    CATEGORY_DEFINITION,
    CATEGORY_SOURCE,    /* reading the foreign side */
    CATEGORY_HOME,      /* reading the home directory */
    CATEGORY_MAPPING,   /* entries that cannot be mapped */
    CATEGORY_RECONCILE, /* situations worth a report */
    CATEGORY_ADDRESSES, /* generators, policies, address types */
    CATEGORY_WRITE,
    CATEGORY_STATE,
    CATEGORY_NOTIFY, /* mails and webhooks */
    CATEGORIES
} EventCategory;

/** Keep in step with event_table[] in event.c. Ids are never reused. */
typedef enum {
    EVENT_RUN_BEGIN,          /* DS0001 */
    EVENT_RUN_END,            /* DS0002 */
    EVENT_RUN_INTERRUPTED,    /* DS0003 */
    EVENT_RUN_LIMIT,          /* DS0004 a limit refused the step */
    EVENT_RUN_RECOVERED,      /* DS0005 an unfinished run was found and settled */
    EVENT_DEFINITION_WARNING, /* DS0100 */
    EVENT_SOURCE_READ,        /* DS0200 complete */
    EVENT_SOURCE_PARTIAL,     /* DS0201 not proven complete: nothing will be deleted */
    EVENT_SOURCE_FULL,        /* DS0202 everything is compared again, and why */
    EVENT_SOURCE_BAD_RECORD,  /* DS0203 */
    EVENT_SOURCE_DUPLICATE,   /* DS0204 duplicate anchor */
    EVENT_HOME_READ,          /* DS0300 */
    EVENT_HOME_PARTIAL,       /* DS0301 */
    EVENT_QUARANTINED,        /* DS0400 */
    EVENT_QUARANTINE_CLEARED, /* DS0401 */
    EVENT_UNOWNED,            /* DS0500 */
    EVENT_ADOPTED,            /* DS0501 */
    EVENT_AMBIGUOUS,          /* DS0502 */
    EVENT_CONFLICT,           /* DS0503 */
    EVENT_OUT_OF_SCOPE,       /* DS0504 */
    EVENT_MISSING,            /* DS0505 grace begins */
    EVENT_RETURNED,           /* DS0506 */
    EVENT_SUPERSEDED,         /* DS0507 */
    EVENT_MOVED_HOME,         /* DS0508 */
    EVENT_NOT_CONFIRMED,      /* DS0509 source still has what the read did not show */
    EVENT_KIND_CHANGED,       /* DS0510 deleted and made again as something else */
    EVENT_MEMBERS_UNRESOLVED, /* DS0511 members of a group that are in no address list */
    EVENT_GROUP_CYCLE,        /* DS0512 */
    EVENT_ACCOUNT_KEPT,       /* DS0513 grace is over: the account stays, disabled */
    EVENT_WRITE_FAILED,       /* DS0600 */
    EVENT_WRITE_MOVED,        /* DS0601 refused by its own condition */
    EVENT_WRITE_UNCERTAIN,    /* DS0602 */
    EVENT_WRITE_DONE,         /* DS0603 debug: one change */
    EVENT_RECONNECTED,        /* DS0604 */
    EVENT_STATE_REBUILT,      /* DS0700 */
    EVENT_METRICS_FAILED,     /* DS0702 */
    EVENT_HISTORY_KEPT,       /* DS0703 old runs could not be removed */
    EVENT_NOTIFIED,           /* DS1000 a notification was sent */
    EVENT_NOTIFY_FAILED,      /* DS1001 it could not be sent and is tried again by the next run */
    EVENT_NOTIFY_DROPPED,     /* DS1002 it is given up */
    EVENT_TYPE_DISABLED,      /* DS0800 no addresses of this type in this run, and why */
    EVENT_ADDRESS_FAILED,     /* DS0801 a recipient gets no address */
    EVENT_ADDRESS_REFUSED,    /* DS0802 by the server; another one is tried */
    EVENT_ADDRESS_GIVEN,      /* DS0803 debug */
    EVENT_ADDRESSES_MADE,     /* DS0804 figures */
    EVENT_AUDIT_FOUND,        /* DS1200 an audit has findings that the one before had not */
    EVENT_LOOKUP_BEGIN,       /* DS1100 dirsync serve answers */
    EVENT_LOOKUP_END,         /* DS1101 */
    EVENT_LOOKUP_UNAVAILABLE, /* DS1102 the index cannot be read: temporary failures, and why */
    EVENT_LOOKUP_AVAILABLE,   /* DS1103 it can again */
    EVENT_LOOKUP_OLD,         /* DS1104 no sync has read the directory for long */
    EVENT_LOOKUP_CROWDED,     /* DS1105 a client was refused: too many are there */
    EVENT_SERVICE_BEGIN,      /* DS0900 dirsync run has begun */
    EVENT_SERVICE_END,        /* DS0901 */
    EVENT_SERVICE_RELOADED,   /* DS0902 definitions were read again */
    EVENT_SERVICE_KEPT,       /* DS0903 a definition is broken: its schedule stays as it was */
    EVENT_SERVICE_IDLE,       /* DS0904 a connector that never runs by itself */
    EVENT_JOB_BEGIN,          /* DS0910 a run of a connector has begun, and why */
    EVENT_JOB_END,            /* DS0911 it has ended, with its figures */
    EVENT_JOB_FAILED,         /* DS0912 it has failed, and when it is tried again */
    EVENT_JOB_LIMIT,          /* DS0913 a limit refused it: not again before its next time */
    EVENT_JOB_PARKED,         /* DS0914 not tried again until somebody corrects what is wrong */
    EVENT_JOB_RELEASED,       /* DS0915 something was corrected: it is tried again */
    EVENT_JOB_LOCKED,         /* DS0916 somebody else runs it: tried again later */
    EVENT_WATCH_OPENED,       /* DS0920 */
    EVENT_WATCH_LOST,         /* DS0921 opened again later */
    EVENT_WATCH_REFUSED,      /* DS0922 the directory cannot be watched: only the schedule counts */
    EVENT_SERVICE_FILE,       /* DS0930 run.json cannot be written */
    EVENTS
} EventId;

typedef enum { SINK_STDERR, SINK_SYSLOG, SINK_FILE } SinkKind;

typedef struct {
    SinkKind kind;
    char *path;                     /* SINK_FILE; made with mode 0600 */
    EventLevel level;               /* admitted up to this level */
    int category_level[CATEGORIES]; /* -1: as level */
    bool json;                      /* SINK_STDERR: lines of JSON, as in a file */
} SinkSettings;

/** Opens a sink; false with ERROR_IO when the file cannot be written. Settings are copied. */
bool event_open_sink(const SinkSettings *settings, GError **error);
void event_close_sinks(void);
/** Puts connector and run into the events from now on; NULL to leave them out. Copied. */
void event_set_context(const char *connector, const char *run);

/** @subject: DN, anchor, file:line or other thing the event is about; may be NULL. */
void event_emit(EventId id, const char *subject, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** The process emits and counts nothing until event_resume(): what happens is only tried out. May be nested.
 */
void event_suspend(void);
void event_resume(void);
/** How many events of that id were emitted by this process; for tests and summaries. */
unsigned long event_count(EventId id);

const char *event_code(EventId id); /* "DS0001" */
const char *event_name(EventId id); /* "run-begin" */
EventLevel event_level(EventId id);
EventCategory event_category(EventId id);
const char *event_level_name(EventLevel level); /* "error", "warning", ... */
const char *event_category_name(EventCategory category);
/** -1 when unknown. */
int event_level_parse(const char *name);
int event_category_parse(const char *name);

#endif
