/*
 * event.c - the table of events and the sinks they go to
 *
 * One event is one line, whatever its subject and message contain: control
 * characters are shown as \xNN, so that a value from a directory can neither
 * forge a second event nor steer a terminal. A line is written by one write(),
 * so that several processes may share a file. Emitting never fails: a file that
 * cannot be written any more is reported once on stderr and the run goes on.
 */
#include "dirsync/event.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

typedef struct {
    const char *code;
    const char *name;
    EventCategory category;
    EventLevel level;
} EventClass;

/* The table that dirsync-events(7) lists; test_event.c compares the two. */
static const EventClass event_table[] = {
    [EVENT_RUN_BEGIN] = {"DS0001", "run-begin", CATEGORY_RUN, LEVEL_INFO},
    [EVENT_RUN_END] = {"DS0002", "run-end", CATEGORY_RUN, LEVEL_INFO},
    [EVENT_RUN_INTERRUPTED] = {"DS0003", "run-interrupted", CATEGORY_RUN, LEVEL_WARNING},
    [EVENT_RUN_LIMIT] = {"DS0004", "run-limit", CATEGORY_RUN, LEVEL_ERROR},
    [EVENT_RUN_RECOVERED] = {"DS0005", "run-recovered", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_DEFINITION_WARNING] = {"DS0100", "definition-warning", CATEGORY_DEFINITION, LEVEL_WARNING},
    [EVENT_SOURCE_READ] = {"DS0200", "source-read", CATEGORY_SOURCE, LEVEL_INFO},
    [EVENT_SOURCE_PARTIAL] = {"DS0201", "source-partial", CATEGORY_SOURCE, LEVEL_WARNING},
    [EVENT_SOURCE_FULL] = {"DS0202", "source-full", CATEGORY_SOURCE, LEVEL_INFO},
    [EVENT_SOURCE_BAD_RECORD] = {"DS0203", "source-bad-record", CATEGORY_SOURCE, LEVEL_WARNING},
    [EVENT_SOURCE_DUPLICATE] = {"DS0204", "source-duplicate", CATEGORY_SOURCE, LEVEL_WARNING},
    [EVENT_HOME_READ] = {"DS0300", "home-read", CATEGORY_HOME, LEVEL_INFO},
    [EVENT_HOME_PARTIAL] = {"DS0301", "home-partial", CATEGORY_HOME, LEVEL_WARNING},
    [EVENT_QUARANTINED] = {"DS0400", "quarantined", CATEGORY_MAPPING, LEVEL_WARNING},
    [EVENT_QUARANTINE_CLEARED] = {"DS0401", "quarantine-cleared", CATEGORY_MAPPING, LEVEL_NOTICE},
    [EVENT_UNOWNED] = {"DS0500", "unowned", CATEGORY_RECONCILE, LEVEL_WARNING},
    [EVENT_ADOPTED] = {"DS0501", "adopted", CATEGORY_RECONCILE, LEVEL_NOTICE},
    [EVENT_AMBIGUOUS] = {"DS0502", "ambiguous", CATEGORY_RECONCILE, LEVEL_WARNING},
    [EVENT_CONFLICT] = {"DS0503", "conflict", CATEGORY_RECONCILE, LEVEL_WARNING},
    [EVENT_OUT_OF_SCOPE] = {"DS0504", "out-of-scope", CATEGORY_RECONCILE, LEVEL_INFO},
    [EVENT_MISSING] = {"DS0505", "missing", CATEGORY_RECONCILE, LEVEL_NOTICE},
    [EVENT_RETURNED] = {"DS0506", "returned", CATEGORY_RECONCILE, LEVEL_NOTICE},
    [EVENT_SUPERSEDED] = {"DS0507", "superseded", CATEGORY_RECONCILE, LEVEL_NOTICE},
    [EVENT_MOVED_HOME] = {"DS0508", "moved-home", CATEGORY_RECONCILE, LEVEL_NOTICE},
    [EVENT_KIND_CHANGED] = {"DS0510", "kind-changed", CATEGORY_RECONCILE, LEVEL_NOTICE},
    [EVENT_MEMBERS_UNRESOLVED] = {"DS0511", "members-unresolved", CATEGORY_RECONCILE, LEVEL_NOTICE},
    [EVENT_GROUP_CYCLE] = {"DS0512", "group-cycle", CATEGORY_RECONCILE, LEVEL_WARNING},
    [EVENT_ACCOUNT_KEPT] = {"DS0513", "account-kept", CATEGORY_RECONCILE, LEVEL_INFO},
    [EVENT_NOT_CONFIRMED] = {"DS0509", "not-confirmed", CATEGORY_RECONCILE, LEVEL_WARNING},
    [EVENT_WRITE_FAILED] = {"DS0600", "write-failed", CATEGORY_WRITE, LEVEL_ERROR},
    [EVENT_WRITE_MOVED] = {"DS0601", "write-moved", CATEGORY_WRITE, LEVEL_WARNING},
    [EVENT_WRITE_UNCERTAIN] = {"DS0602", "write-uncertain", CATEGORY_WRITE, LEVEL_WARNING},
    [EVENT_WRITE_DONE] = {"DS0603", "write-done", CATEGORY_WRITE, LEVEL_DEBUG},
    [EVENT_RECONNECTED] = {"DS0604", "reconnected", CATEGORY_WRITE, LEVEL_NOTICE},
    [EVENT_STATE_REBUILT] = {"DS0700", "state-rebuilt", CATEGORY_STATE, LEVEL_NOTICE},
    [EVENT_METRICS_FAILED] = {"DS0702", "metrics-failed", CATEGORY_STATE, LEVEL_WARNING},
    [EVENT_HISTORY_KEPT] = {"DS0703", "history-kept", CATEGORY_STATE, LEVEL_WARNING},
    [EVENT_TYPE_DISABLED] = {"DS0800", "type-disabled", CATEGORY_ADDRESSES, LEVEL_ERROR},
    [EVENT_ADDRESS_FAILED] = {"DS0801", "address-failed", CATEGORY_ADDRESSES, LEVEL_WARNING},
    [EVENT_ADDRESS_REFUSED] = {"DS0802", "address-refused", CATEGORY_ADDRESSES, LEVEL_NOTICE},
    [EVENT_ADDRESSES_MADE] = {"DS0804", "addresses-made", CATEGORY_ADDRESSES, LEVEL_INFO},
    [EVENT_AUDIT_FOUND] = {"DS1200", "audit-found", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_ADDRESS_GIVEN] = {"DS0803", "address-given", CATEGORY_ADDRESSES, LEVEL_DEBUG},
    [EVENT_NOTIFIED] = {"DS1000", "notified", CATEGORY_NOTIFY, LEVEL_INFO},
    [EVENT_NOTIFY_FAILED] = {"DS1001", "notify-failed", CATEGORY_NOTIFY, LEVEL_WARNING},
    [EVENT_NOTIFY_DROPPED] = {"DS1002", "notify-dropped", CATEGORY_NOTIFY, LEVEL_WARNING},
    [EVENT_LOOKUP_BEGIN] = {"DS1100", "lookup-begin", CATEGORY_STATE, LEVEL_NOTICE},
    [EVENT_LOOKUP_END] = {"DS1101", "lookup-end", CATEGORY_STATE, LEVEL_NOTICE},
    [EVENT_LOOKUP_UNAVAILABLE] = {"DS1102", "lookup-unavailable", CATEGORY_STATE, LEVEL_ERROR},
    [EVENT_LOOKUP_AVAILABLE] = {"DS1103", "lookup-available", CATEGORY_STATE, LEVEL_NOTICE},
    [EVENT_LOOKUP_OLD] = {"DS1104", "lookup-old", CATEGORY_STATE, LEVEL_WARNING},
    [EVENT_LOOKUP_CROWDED] = {"DS1105", "lookup-crowded", CATEGORY_STATE, LEVEL_WARNING},
    [EVENT_SERVICE_BEGIN] = {"DS0900", "service-begin", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_SERVICE_END] = {"DS0901", "service-end", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_SERVICE_RELOADED] = {"DS0902", "service-reloaded", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_SERVICE_KEPT] = {"DS0903", "service-kept", CATEGORY_DEFINITION, LEVEL_ERROR},
    [EVENT_SERVICE_IDLE] = {"DS0904", "service-idle", CATEGORY_DEFINITION, LEVEL_NOTICE},
    [EVENT_JOB_BEGIN] = {"DS0910", "job-begin", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_JOB_END] = {"DS0911", "job-end", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_JOB_FAILED] = {"DS0912", "job-failed", CATEGORY_RUN, LEVEL_ERROR},
    [EVENT_JOB_LIMIT] = {"DS0913", "job-limit", CATEGORY_RUN, LEVEL_ERROR},
    [EVENT_JOB_PARKED] = {"DS0914", "job-parked", CATEGORY_RUN, LEVEL_ERROR},
    [EVENT_JOB_RELEASED] = {"DS0915", "job-released", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_JOB_LOCKED] = {"DS0916", "job-locked", CATEGORY_RUN, LEVEL_NOTICE},
    [EVENT_WATCH_OPENED] = {"DS0920", "watch-opened", CATEGORY_SOURCE, LEVEL_NOTICE},
    [EVENT_WATCH_LOST] = {"DS0921", "watch-lost", CATEGORY_SOURCE, LEVEL_WARNING},
    [EVENT_WATCH_REFUSED] = {"DS0922", "watch-refused", CATEGORY_SOURCE, LEVEL_ERROR},
    [EVENT_SERVICE_FILE] = {"DS0930", "service-file", CATEGORY_STATE, LEVEL_WARNING},
};

static_assert(G_N_ELEMENTS(event_table) == EVENTS, "a row for every event");

/* What is the error of the command, too, which says it to whoever reads text there. */
static const bool said_anyway[EVENTS] = {[EVENT_RUN_LIMIT] = true};

static const char *const level_names[] = {
    [LEVEL_ERROR] = "error", [LEVEL_WARNING] = "warning", [LEVEL_NOTICE] = "notice",
    [LEVEL_INFO] = "info",   [LEVEL_DEBUG] = "debug",
};

static_assert(G_N_ELEMENTS(level_names) == LEVELS, "a name for every level");

static const char *const category_names[] = {
    [CATEGORY_RUN] = "run",
    [CATEGORY_DEFINITION] = "definition",
    [CATEGORY_SOURCE] = "source",
    [CATEGORY_HOME] = "home",
    [CATEGORY_MAPPING] = "mapping",
    [CATEGORY_RECONCILE] = "reconcile",
    [CATEGORY_ADDRESSES] = "addresses",
    [CATEGORY_WRITE] = "write",
    [CATEGORY_STATE] = "state",
    [CATEGORY_NOTIFY] = "notify",
};

static_assert(G_N_ELEMENTS(category_names) == CATEGORIES, "a name for every category");

static const int syslog_priorities[] = {
    [LEVEL_ERROR] = LOG_ERR, [LEVEL_WARNING] = LOG_WARNING, [LEVEL_NOTICE] = LOG_NOTICE,
    [LEVEL_INFO] = LOG_INFO, [LEVEL_DEBUG] = LOG_DEBUG,
};

static_assert(G_N_ELEMENTS(syslog_priorities) == LEVELS, "a syslog priority for every level");

static const char *const level_colours[] = {
    [LEVEL_ERROR] = "\033[1;31m", [LEVEL_WARNING] = "\033[33m", [LEVEL_NOTICE] = "", [LEVEL_INFO] = "",
    [LEVEL_DEBUG] = "",
};

static_assert(G_N_ELEMENTS(level_colours) == LEVELS, "a colour, or none, for every level");

typedef struct {
    SinkKind kind;
    char *path;
    int fd;
    bool coloured;
    bool json;
    bool failed; /* the file could not be written once; said, and not said again */
    EventLevel level;
    int category_level[CATEGORIES];
} Sink;

/* Everything below is guarded by the lock. */
static GMutex event_lock;
static GArray *sinks;
static char *context_connector, *context_run;
static unsigned long event_counts[EVENTS];
static unsigned suspended;

static void sink_clear(gpointer data)
{
    Sink *sink = data;
    if (sink->kind == SINK_FILE)
        close(sink->fd);
    if (sink->kind == SINK_SYSLOG)
        closelog();
    g_free(sink->path);
}

static bool stderr_wants_colour(void)
{
    const char *no_color = g_getenv("NO_COLOR");
    return isatty(STDERR_FILENO) && !(no_color && *no_color) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

static bool sink_open_file(Sink *sink, GError **error)
{
    const char *path = sink->path ? sink->path : "";
    sink->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (sink->fd >= 0)
        return true;
    error_set(error, ERROR_IO, "event file %s: %s; name a file in a folder that this user may write",
              *path ? path : "without a name", g_strerror(errno));
    return false;
}

static bool sink_open(Sink *sink, GError **error)
{
    switch (sink->kind) {
    case SINK_STDERR:
        sink->fd = STDERR_FILENO;
        sink->coloured = stderr_wants_colour();
        return true;
    case SINK_SYSLOG:
        openlog("dirsync", LOG_PID, LOG_DAEMON);
        return true;
    case SINK_FILE:
        return sink_open_file(sink, error);
    }
    return false;
}

bool event_open_sink(const SinkSettings *settings, GError **error)
{
    Sink sink = {.kind = settings->kind, .fd = -1, .level = settings->level, .json = settings->json};
    memcpy(sink.category_level, settings->category_level, sizeof sink.category_level);
    sink.path = settings->kind == SINK_FILE ? g_strdup(settings->path) : NULL;
    if (!sink_open(&sink, error)) {
        g_free(sink.path);
        return false;
    }
    g_mutex_lock(&event_lock);
    if (!sinks) {
        sinks = g_array_new(FALSE, FALSE, sizeof(Sink));
        g_array_set_clear_func(sinks, sink_clear);
    }
    g_array_append_val(sinks, sink);
    g_mutex_unlock(&event_lock);
    return true;
}

void event_close_sinks(void)
{
    g_mutex_lock(&event_lock);
    g_clear_pointer(&sinks, g_array_unref);
    g_clear_pointer(&context_connector, g_free);
    g_clear_pointer(&context_run, g_free);
    g_mutex_unlock(&event_lock);
}

void event_set_context(const char *connector, const char *run)
{
    g_mutex_lock(&event_lock);
    g_free(context_connector);
    g_free(context_run);
    context_connector = g_strdup(connector);
    context_run = g_strdup(run);
    g_mutex_unlock(&event_lock);
}

static bool sink_admits(const Sink *sink, EventId id)
{
    int by_category = sink->category_level[event_table[id].category];
    EventLevel limit = by_category >= 0 ? (EventLevel)by_category : sink->level;
    return event_table[id].level <= limit;
}

/* One line of valid UTF-8 without control characters. */
static void append_visible(GString *line, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        if (g_unichar_iscntrl(character))
            g_string_append_printf(line, "\\x%02x", character);
        else
            g_string_append_unichar(line, character);
    }
}

static void append_body(GString *line, EventId id, const char *subject, const char *message)
{
    g_string_append_printf(line, "%s ", event_table[id].code);
    if (subject) {
        append_visible(line, subject);
        g_string_append(line, ": ");
    }
    append_visible(line, message);
}

static bool write_whole(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return true;
}

static void write_stderr(const Sink *sink, EventId id, const char *subject, const char *message)
{
    EventLevel level = event_table[id].level;
    const char *colour = sink->coloured ? level_colours[level] : "";
    g_autoptr(GString) line = g_string_new("dirsync: ");
    g_string_append_printf(line, "%s%s:%s ", colour, level_names[level], *colour ? "\033[0m" : "");
    append_body(line, id, subject, message);
    g_string_append_c(line, '\n');
    write_whole(sink->fd, line->str, line->len);
}

static void write_syslog(EventId id, const char *subject, const char *message)
{
    g_autoptr(GString) line = g_string_new(NULL);
    if (context_connector)
        g_string_append_printf(line, "%s: ", context_connector);
    append_body(line, id, subject, message);
    syslog(syslog_priorities[event_table[id].level], "%s", line->str);
}

/* ISO 8601, UTC, milliseconds. */
static char *timestamp_now(void)
{
    gint64 now = g_get_real_time();
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC);
    g_autofree char *seconds = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
    return g_strdup_printf("%s.%03dZ", seconds, (int)(now % G_USEC_PER_SEC / 1000));
}

static void record_set(json_t *record, const char *key, const char *text)
{
    if (!text)
        return;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_object_set_new(record, key, json_string(valid));
}

static char *event_to_json(EventId id, const char *subject, const char *message)
{
    g_autofree char *now = timestamp_now();
    json_t *record = json_object();
    record_set(record, "time", now);
    record_set(record, "id", event_table[id].code);
    record_set(record, "event", event_table[id].name);
    record_set(record, "level", level_names[event_table[id].level]);
    record_set(record, "category", category_names[event_table[id].category]);
    record_set(record, "connector", context_connector);
    record_set(record, "run", context_run);
    record_set(record, "subject", subject);
    record_set(record, "message", message);
    char *text = json_dumps(record, JSON_COMPACT);
    json_decref(record);
    return text;
}

static void report_lost(const char *path, int reason)
{
    g_autoptr(GString) line = g_string_new("dirsync: warning: event file ");
    append_visible(line, path);
    g_string_append_printf(line, ": events are lost: %s\n", g_strerror(reason));
    for (guint i = 0; i < sinks->len; i++) {
        if (g_array_index(sinks, Sink, i).kind == SINK_STDERR)
            write_whole(STDERR_FILENO, line->str, line->len);
    }
}

static bool write_json(int fd, EventId id, const char *subject, const char *message)
{
    char *json = event_to_json(id, subject, message);
    if (!json)
        return true;
    g_autofree char *line = g_strconcat(json, "\n", NULL);
    free(json);
    return write_whole(fd, line, strlen(line));
}

static void write_file(Sink *sink, EventId id, const char *subject, const char *message)
{
    bool written = write_json(sink->fd, id, subject, message);
    if (!written && !sink->failed)
        report_lost(sink->path, errno);
    sink->failed = !written;
}

static void sink_write(Sink *sink, EventId id, const char *subject, const char *message)
{
    switch (sink->kind) {
    case SINK_STDERR:
        if (sink->json)
            write_json(sink->fd, id, subject, message);
        else if (!said_anyway[id])
            write_stderr(sink, id, subject, message);
        return;
    case SINK_SYSLOG:
        write_syslog(id, subject, message);
        return;
    case SINK_FILE:
        write_file(sink, id, subject, message);
        return;
    }
}

void event_emit(EventId id, const char *subject, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_mutex_lock(&event_lock);
    event_counts[id] += !suspended;
    for (guint i = 0; !suspended && sinks && i < sinks->len; i++) {
        Sink *sink = &g_array_index(sinks, Sink, i);
        if (sink_admits(sink, id))
            sink_write(sink, id, subject, message);
    }
    g_mutex_unlock(&event_lock);
}

void event_suspend(void)
{
    g_mutex_lock(&event_lock);
    suspended++;
    g_mutex_unlock(&event_lock);
}

void event_resume(void)
{
    g_mutex_lock(&event_lock);
    suspended--;
    g_mutex_unlock(&event_lock);
}

unsigned long event_count(EventId id)
{
    g_mutex_lock(&event_lock);
    unsigned long count = event_counts[id];
    g_mutex_unlock(&event_lock);
    return count;
}

const char *event_code(EventId id)
{
    return event_table[id].code;
}

const char *event_name(EventId id)
{
    return event_table[id].name;
}

EventLevel event_level(EventId id)
{
    return event_table[id].level;
}

EventCategory event_category(EventId id)
{
    return event_table[id].category;
}

const char *event_level_name(EventLevel level)
{
    return level_names[level];
}

const char *event_category_name(EventCategory category)
{
    return category_names[category];
}

static int name_index(const char *const *names, size_t n_names, const char *name)
{
    for (size_t i = 0; name && i < n_names; i++) {
        if (strcmp(names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

int event_level_parse(const char *name)
{
    return name_index(level_names, LEVELS, name);
}

int event_category_parse(const char *name)
{
    return name_index(category_names, CATEGORIES, name);
}
