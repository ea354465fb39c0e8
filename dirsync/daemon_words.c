/*
 * daemon_words.c - what is said about the connectors: the file, the status line
 */
#include "dirsync/daemon_internal.h"

#include "dirsync/event.h"
#include "dirsync/limits.h"
#include "dirsync/service_notify.h"
#include "dirsync/state.h"
#include "dirsync/text_json.h"
#include "dirsync/when.h"

#include <string.h>
#include <unistd.h>

static const char *const watch_names[] = {[WATCH_CLOSED] = "closed",
                                          [WATCH_OPENING] = "opening",
                                          [WATCH_OPEN] = "open",
                                          [WATCH_GIVEN_UP] = "given-up"};

char *daemon_time_text(int64_t seconds)
{
    return seconds == SCHEDULE_NO_TIME ? NULL : when_format(seconds);
}

char *daemon_clock_text(int64_t seconds)
{
    if (seconds == SCHEDULE_NO_TIME)
        return NULL;
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
    bool soon = seconds - g_get_real_time() / G_USEC_PER_SEC < 12 * 3600;
    return time ? g_date_time_format(time, soon ? "%H:%M:%S" : "%Y-%m-%d %H:%M") : NULL;
}

/* --- figures --- */

static void append_counts(GString *text, const json_t *counts)
{
    const char *name;
    json_t *count;
    bool any = false;
    json_object_foreach((json_t *)counts, name, count)
    {
        bool worth_telling = json_integer_value(count) && strcmp(name, "unchanged") != 0;
        if (worth_telling)
            g_string_append_printf(text, "%s%lld %s", any ? ", " : "", (long long)json_integer_value(count),
                                   name);
        any |= worth_telling;
    }
    if (!any)
        g_string_append(text, "no changes");
}

char *daemon_figures(const json_t *result)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const json_t *steps = json_object_get(result, "steps");
    for (int step = 0; step < STEPS; step++) {
        const json_t *one = json_object_get(steps, step_names[step]);
        if (!one)
            continue;
        g_string_append_printf(text, "%s%s: ", text->len ? "; " : "", step_names[step]);
        append_counts(text, json_object_get(one, "counts"));
    }
    return g_strdup(text->len ? text->str : "no figures");
}

/* --- run.json --- */

static bool has_new_state(const Job *job)
{
    return !job->told_since || job->told != job->what.state;
}

static void note_state(Job *job)
{
    if (!has_new_state(job))
        return;
    job->told = job->what.state;
    g_free(job->told_since);
    job->told_since = time_now_text();
}

static json_t *job_as_json(const Job *job, Moment now)
{
    const Supervised *what = &job->what;
    bool backing_off = what->state == SUPERVISED_BACKING_OFF;
    int64_t next_wall = supervised_next_wall(what, now);
    g_autofree char *next = daemon_time_text(next_wall);
    g_autofree char *schedule = schedule_to_text(&what->schedule);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:o, s:s?, s:s, s:s, s:s?}", "name", job->name,
                     "definition", job->path, "state", supervised_state_names[what->state], "state_since",
                     job->told_since, "next", next, "reason", text_as_json(what->reason), "until",
                     backing_off ? next : NULL, "schedule", schedule, "watch",
                     what->schedule.watch ? watch_names[what->watch] : "no", "print",
                     what->state == SUPERVISED_PARKED ? job->print : NULL);
}

static json_t *place_as_json(const Daemon *self, const char *place, Moment now)
{
    json_t *connectors = json_array();
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = g_ptr_array_index(self->jobs, i);
        if (strcmp(job->place, place) != 0 || job->gone)
            continue;
        note_state(job);
        json_array_append_new(connectors, job_as_json(job, now));
    }
    return json_pack("{s:I, s:s, s:o}", "pid", (json_int_t)getpid(), "since", self->since, "connectors",
                     connectors);
}

/* A daemon that cannot say how it is still does its work. */
static void write_place(Daemon *self, const char *place, Moment now)
{
    g_autoptr(GError) error = NULL;
    json_auto_t *content = place_as_json(self, place, now);
    char *text = content ? json_dumps(content, JSON_COMPACT) : NULL;
    const char *before = g_hash_table_lookup(self->written, place);
    bool same = !text || !g_strcmp0(text, before);
    if (same || run_file_write(place, content, &error)) {
        if (!same)
            g_hash_table_replace(self->written, g_strdup(place), g_strdup(text));
        free(text);
        return;
    }
    free(text);
    event_set_context(NULL, NULL);
    if (!self->file_failed)
        event_emit(EVENT_SERVICE_FILE, place, "%s; dirsync status does not show how this goes on",
                   error->message);
    self->file_failed = true;
}

/* --- the manager's status line --- */

static char *status_line(const Daemon *self, Moment now)
{
    GString *text = g_string_new(NULL);
    const Job *first = NULL;
    int64_t soonest = NO_MOMENT;
    unsigned parked = 0;
    for (guint i = 0; i < self->jobs->len; i++) {
        const Job *job = g_ptr_array_index(self->jobs, i);
        int64_t wake = supervised_wake(&job->what, now);
        if (job->run)
            g_string_append_printf(text, "%s%s", text->len ? ", " : "running: ", job->name);
        parked += job->what.state == SUPERVISED_PARKED;
        if (wake < soonest) {
            soonest = wake;
            first = job;
        }
    }
    g_autofree char *next = first ? daemon_clock_text(supervised_next_wall(&first->what, now)) : NULL;
    if (next)
        g_string_append_printf(text, "%snext: %s at %s", text->len ? "; " : "", first->name, next);
    if (parked)
        g_string_append_printf(text, "%s%u parked", text->len ? "; " : "", parked);
    if (!text->len)
        g_string_append(text, "waiting for changes");
    return g_string_free(text, FALSE);
}

/* A state at once: a successor must know of it. When the next run is moves with every change that is told,
 * and each writing is waited for until it is on disk. */
static bool is_worth_writing(Daemon *self, Moment now)
{
    bool urgent = !self->published || now.monotonic - self->published >= G_USEC_PER_SEC;
    for (guint i = 0; !urgent && i < self->jobs->len; i++)
        urgent = has_new_state(g_ptr_array_index(self->jobs, i));
    self->unpublished = !urgent;
    return urgent;
}

static void write_places(Daemon *self, Moment now)
{
    GHashTableIter iter;
    gpointer place;
    self->published = now.monotonic;
    g_hash_table_iter_init(&iter, self->locks);
    while (g_hash_table_iter_next(&iter, &place, NULL))
        write_place(self, place, now);
}

void daemon_publish(Daemon *self)
{
    Moment now = daemon_now();
    if (is_worth_writing(self, now))
        write_places(self, now);
    g_autofree char *status = status_line(self, now);
    if (!g_strcmp0(status, self->status))
        return;
    service_notify("STATUS=%s", status);
    g_free(self->status);
    self->status = g_steal_pointer(&status);
}
