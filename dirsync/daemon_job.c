/*
 * daemon_job.c - runs and watches of one connector
 *
 * A run prints its result as JSON and its events on stderr, where they are passed on
 * as they are; what else it prints there is why it failed.
 */
#include "dirsync/daemon_internal.h"

#include "dirsync/bind_gate.h"
#include "dirsync/event.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOST_COMPLAINTS 4096

static void set_context(const Job *job)
{
    event_set_context(job->name, NULL);
}

/* --- its lines --- */

/* Of "dirsync: warning: DS0201 people.ldif: ...", what stands behind the id; NULL: it is no event in text. */
static const char *behind_id(const char *line)
{
    if (!g_str_has_prefix(line, "dirsync: "))
        return NULL;
    for (int level = 0; level < LEVELS; level++) {
        g_autofree char *begin = g_strdup_printf("dirsync: %s: DS", event_level_name((EventLevel)level));
        const char *blank = g_str_has_prefix(line, begin) ? strchr(line + strlen(begin), ' ') : NULL;
        if (blank)
            return blank + 1;
    }
    return NULL;
}

/* Events go on, in text with the name of the connector, since others speak here too. What else is printed
 * there is why something failed. */
static void take_error_line(const Job *job, GString *complaints, const char *line)
{
    const char *text = g_str_has_prefix(line, "dirsync: ") ? line + strlen("dirsync: ") : line;
    const char *rest = behind_id(line);
    if (*line == '{')
        fprintf(stderr, "%s\n", line);
    else if (rest)
        fprintf(stderr, "%.*s%s: %s\n", (int)(rest - line), line, job->name, rest);
    else if (complaints->len < MOST_COMPLAINTS)
        g_string_append_printf(complaints, "%s%.1000s", complaints->len ? "; " : "", text);
}

static void on_run_line(ChildStream stream, const char *line, void *data)
{
    Job *job = data;
    if (stream == CHILD_ERRORS) {
        take_error_line(job, job->run_complaints, line);
        return;
    }
    json_decref(job->result);
    job->result = json_loads(line, 0, NULL);
}

static void on_watch_line(ChildStream stream, const char *line, void *data)
{
    Job *job = data;
    if (stream == CHILD_ERRORS) {
        take_error_line(job, job->watch_complaints, line);
        return;
    }
    json_auto_t *told = json_loads(line, 0, NULL);
    const char *what = json_string_value(json_object_get(told, "watch"));
    if (job->watch_closing || !what)
        return;
    if (!strcmp(what, "opened")) {
        supervised_watch_opened(&job->what, daemon_now());
        set_context(job);
        event_emit(EVENT_WATCH_OPENED, job->name, "from now on a change begins a run");
    } else if (!strcmp(what, "changed")) {
        supervised_change(&job->what, daemon_now());
    } else {
        json_decref(job->watch_end);
        job->watch_end = g_steal_pointer(&told);
    }
    daemon_turn(job->daemon);
}

/* --- the end of a run --- */

/* The error of the run, or what else is known of its end; g_free(). */
static char *reason_of(const Job *job, int exit_status, int signal)
{
    const char *error = json_string_value(json_object_get(job->result, "error"));
    const char *more = job->run_complaints->str;
    if (signal)
        return g_strdup_printf("the run was ended by signal %d (%s)%s%s", signal, strsignal(signal),
                               *more ? ": " : "", more);
    if (error || *more)
        return g_strdup(error ? error : more);
    return g_strdup_printf("the run ended with exit status %d", exit_status);
}

static void tell_end(const Job *job, RunEnd end, int exit_status, const char *reason)
{
    double seconds = (double)(g_get_monotonic_time() - job->run_began) / G_USEC_PER_SEC;
    g_autofree char *figures = daemon_figures(job->result);
    g_autofree char *next = daemon_clock_text(supervised_next_wall(&job->what, daemon_now()));
    switch (end) {
    case RUN_END_WELL:
        event_emit(EVENT_JOB_END, job->name, "%s in %.1f s%s", figures, seconds,
                   exit_status == 3 ? "; some entries could not be dealt with, or a source is not complete"
                                    : "");
        return;
    case RUN_END_LIMIT:
        event_emit(EVENT_JOB_LIMIT, job->name, "%s; %s%s", reason,
                   next ? "no change begins a run before that of " : "no run begins before SIGHUP",
                   next ? next : "");
        return;
    case RUN_END_LOCKED:
        event_emit(EVENT_JOB_LOCKED, job->name, "%s; tried again at %s", reason, next);
        return;
    case RUN_END_FAILED:
    case RUN_END_SOURCE:
        event_emit(EVENT_JOB_FAILED, job->name, "%s; tried again at %s%s", reason, next,
                   end == RUN_END_SOURCE && job->what.watch == WATCH_OPEN ? " or when the file changes" : "");
        return;
    default: /* parked: said by daemon_job_parked() */
        return;
    }
}

static void on_run_ended(int exit_status, int signal, void *data)
{
    Job *job = data;
    const char *kind = json_string_value(json_object_get(job->result, "error_kind"));
    RunEnd end = run_end_of(exit_status, kind);
    g_autofree char *reason = reason_of(job, exit_status, signal);
    job->run = NULL;
    daemon_door_close(g_steal_pointer(&job->run_door));
    set_context(job);
    supervised_end(&job->what, end, reason, g_random_double(), daemon_now());
    if (job->daemon->stopping)
        event_emit(EVENT_JOB_END, job->name, "stopped: %s", end == RUN_END_WELL ? "it was finished" : reason);
    else
        tell_end(job, end, exit_status, reason);
    if (end == RUN_END_CREDENTIALS)
        daemon_job_blame_try(job);
    if (job->what.state == SUPERVISED_PARKED)
        daemon_job_parked(job);
    else if (!job->daemon->stopping)
        daemon_job_park_if_barred(job);
    g_clear_pointer(&job->result, json_decref);
    g_string_truncate(job->run_complaints, 0);
    daemon_turn(job->daemon);
}

/* --- the end of a watch --- */

static void tell_watch_end(const Job *job, const char *reason)
{
    int64_t wait = job->what.watch_moment - g_get_monotonic_time();
    g_autofree char *next = daemon_clock_text((g_get_real_time() + wait) / G_USEC_PER_SEC);
    if (job->what.state == SUPERVISED_PARKED)
        return; /* said by daemon_job_parked() */
    if (job->what.watch == WATCH_GIVEN_UP)
        event_emit(EVENT_WATCH_REFUSED, job->name, "%s; until SIGHUP the schedule alone begins runs", reason);
    else
        event_emit(EVENT_WATCH_LOST, job->name, "%s; watched again at %s", reason, next);
}

static void take_watch_end(Job *job, int exit_status, const char *reason)
{
    const char *kind = json_string_value(json_object_get(job->watch_end, "error_kind"));
    RunEnd end = run_end_of(exit_status, kind);
    set_context(job);
    supervised_watch_ended(&job->what, end, reason, g_random_double(), daemon_now());
    tell_watch_end(job, reason);
    if (end == RUN_END_CREDENTIALS)
        daemon_job_blame_try(job);
    if (job->what.state == SUPERVISED_PARKED)
        daemon_job_parked(job);
}

static void on_watch_ended(int exit_status, int signal, void *data)
{
    Job *job = data;
    const char *error = json_string_value(json_object_get(job->watch_end, "error"));
    const char *said = job->watch_complaints->str;
    g_autofree char *reason =
        signal  ? g_strdup_printf("the watch was ended by signal %d (%s)", signal, strsignal(signal))
        : error ? g_strdup(error)
                : g_strdup(*said ? said : "the watch has ended");
    bool closing = job->watch_closing;
    job->watch = NULL;
    job->watch_closing = false;
    daemon_door_close(g_steal_pointer(&job->watch_door));
    if (!closing && !job->daemon->stopping)
        take_watch_end(job, exit_status, reason);
    g_clear_pointer(&job->watch_end, json_decref);
    g_string_truncate(job->watch_complaints, 0);
    daemon_turn(job->daemon);
}

/* --- beginning --- */

static const ChildHandler run_handler = {on_run_line, on_run_ended},
                          watch_handler = {on_watch_line, on_watch_ended};

/* With the daemon's variables, and one that says where it is to ask. */
static Child *start_with_door(Job *job, const char *const *words, Door **door, const ChildHandler *handler,
                              GError **error)
{
    g_autoptr(GPtrArray) variables = g_ptr_array_new();
    int end = -1;
    *door = daemon_door_open(job, &end, error);
    if (!*door)
        return NULL;
    g_autofree char *variable = g_strdup_printf(BIND_GATE_VARIABLE "=%d", end);
    for (const char *const *one = job->daemon->options->variables; one && *one; one++)
        g_ptr_array_add(variables, (gpointer)*one);
    g_ptr_array_add(variables, variable);
    g_ptr_array_add(variables, NULL);
    Child *child = child_start(words, (const char *const *)variables->pdata, end, handler, job, error);
    close(end);
    if (!child)
        daemon_door_close(g_steal_pointer(door));
    return child;
}

/* @verb and its own options, then those of the command line, then the connector. */
static Child *start(Job *job, const char *const *verb, Door **door, const ChildHandler *handler,
                    GError **error)
{
    const DaemonOptions *options = job->daemon->options;
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (; *verb; verb++)
        g_ptr_array_add(words, (gpointer)*verb);
    for (const char *const *pass = options->pass; *pass; pass++)
        g_ptr_array_add(words, (gpointer)*pass);
    g_ptr_array_add(words, (gpointer) "--");
    g_ptr_array_add(words, job->path);
    g_ptr_array_add(words, NULL);
    return start_with_door(job, (const char *const *)words->pdata, door, handler, error);
}

void daemon_job_begin(Job *job, RunCause cause)
{
    static const char *const verb[] = {"sync", "--json", "--no-progress", NULL};
    g_autoptr(GError) error = NULL;
    set_context(job);
    daemon_job_note_print(job);
    daemon_job_measure_parked(job, false);
    supervised_begin(&job->what, daemon_now());
    job->run_began = g_get_monotonic_time();
    job->run = start(job, verb, &job->run_door, &run_handler, &error);
    if (job->run) {
        event_emit(EVENT_JOB_BEGIN, job->name, "begun: %s (process %d)", run_cause_names[cause],
                   (int)child_pid(job->run));
        return;
    }
    supervised_end(&job->what, RUN_END_FAILED, error->message, g_random_double(), daemon_now());
    tell_end(job, RUN_END_FAILED, -1, error->message);
}

void daemon_job_open_watch(Job *job)
{
    static const char *const verb[] = {"run", "--watch-only", "--json", NULL};
    g_autoptr(GError) error = NULL;
    daemon_job_note_print(job);
    supervised_watch_opening(&job->what);
    job->watch = start(job, verb, &job->watch_door, &watch_handler, &error);
    if (!job->watch)
        take_watch_end(job, 1, error->message);
}

void daemon_job_close_watch(Job *job)
{
    if (job->watch_closing)
        return;
    job->watch_closing = true;
    job->what.watch = WATCH_CLOSED;
    child_signal(job->watch, SIGTERM);
}
