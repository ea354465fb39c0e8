/*
 * daemon.c - see daemon.h
 */
#include "dirsync/daemon_internal.h"

#include "dirsync/event.h"
#include "dirsync/interrupt.h"
#include "dirsync/service_notify.h"
#include "dirsync/state.h"

#include <glib-unix.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

/* Seconds after which the wall clock and the files of who is parked are looked at again, whatever happens. */
#define LOOK_AGAIN 10

Moment daemon_now(void)
{
    return (Moment){.wall = g_get_real_time(), .monotonic = g_get_monotonic_time()};
}

/* --- what is to be done --- */

/* Who waits longest, of those that are due; NULL: nobody. */
static Job *next_due(Daemon *self, Moment now, RunCause *cause)
{
    Job *best = NULL;
    int64_t since = NO_MOMENT;
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = g_ptr_array_index(self->jobs, i);
        RunCause this_cause;
        int64_t wake = supervised_wake(&job->what, now);
        if (job->gone || wake >= since || !supervised_is_due(&job->what, now, &this_cause))
            continue;
        best = job;
        since = wake;
        *cause = this_cause;
    }
    return best;
}

static unsigned count_running(const Daemon *self)
{
    unsigned running = 0;
    for (guint i = 0; i < self->jobs->len; i++)
        running += ((Job *)g_ptr_array_index(self->jobs, i))->run != NULL;
    return running;
}

/* Watches before runs: while one is being opened no run of the connector begins. */
static void turn_watches(Daemon *self, Moment now)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = g_ptr_array_index(self->jobs, i);
        supervised_tick(&job->what, now);
        if (job->watch && (job->gone || supervised_watch_unwanted(&job->what)))
            daemon_job_close_watch(job);
        else if (!job->watch && !job->gone && supervised_watch_wanted(&job->what, now))
            daemon_job_open_watch(job);
    }
}

static void turn_runs(Daemon *self, Moment now)
{
    RunCause cause;
    Job *job;
    while (count_running(self) < self->options->jobs && (job = next_due(self, now, &cause)))
        daemon_job_begin(job, cause);
}

static void drop_gone(Daemon *self)
{
    for (guint i = self->jobs->len; i-- > 0;) {
        const Job *job = g_ptr_array_index(self->jobs, i);
        if (job->gone && !job->run && !job->watch)
            g_ptr_array_remove_index(self->jobs, i);
    }
}

static gboolean on_timer(gpointer data)
{
    Daemon *self = data;
    self->timer = 0;
    daemon_turn(self);
    return G_SOURCE_REMOVE;
}

/* Who waits for a place is waked by the end of a run. */
static void set_timer(Daemon *self, Moment now)
{
    int64_t wait = (self->unpublished ? 1 : LOOK_AGAIN) * G_USEC_PER_SEC;
    bool room = count_running(self) < self->options->jobs;
    for (guint i = 0; i < self->jobs->len; i++) {
        const Job *job = g_ptr_array_index(self->jobs, i);
        const Supervised *what = &job->what;
        int64_t wake = supervised_wake(what, now);
        if (room && wake != NO_MOMENT && !job->gone)
            wait = MIN(wait, MAX(wake - now.monotonic, 0));
        if (what->schedule.watch && what->watch == WATCH_CLOSED && what->watch_moment > now.monotonic)
            wait = MIN(wait, what->watch_moment - now.monotonic);
    }
    if (self->timer)
        g_source_remove(self->timer);
    self->timer = g_timeout_add((guint)(wait / 1000 + 1), on_timer, self);
}

static bool has_children(const Daemon *self)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        const Job *job = g_ptr_array_index(self->jobs, i);
        if (job->run || job->watch)
            return true;
    }
    return false;
}

void daemon_turn(Daemon *self)
{
    Moment now = daemon_now();
    if (self->stopping) {
        if (!has_children(self))
            g_main_loop_quit(self->loop);
        return;
    }
    daemon_look_at_parked(self, now);
    turn_watches(self, now);
    turn_runs(self, now);
    drop_gone(self);
    daemon_publish(self);
    set_timer(self, now);
}

/* --- signals --- */

/* A watch has nothing to finish, and may be waiting for a server that does not answer. */
static void signal_children(const Daemon *self, int number)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        const Job *job = g_ptr_array_index(self->jobs, i);
        if (job->run)
            child_signal(job->run, number);
        if (job->watch)
            child_signal(job->watch, SIGKILL);
    }
}

static gboolean on_stop(gpointer data)
{
    Daemon *self = data;
    self->stopping++;
    service_notify("STOPPING=1\nSTATUS=stopping");
    event_set_context(NULL, NULL);
    event_emit(EVENT_SERVICE_END, NULL, "%s",
               self->stopping > 1    ? "asked again: runs are killed"
               : count_running(self) ? "asked to stop: what is running is finished in good order first"
                                     : "asked to stop");
    signal_children(self, self->stopping > 1 ? SIGKILL : SIGTERM);
    daemon_turn(self);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload(gpointer data)
{
    Daemon *self = data;
    if (self->stopping)
        return G_SOURCE_CONTINUE;
    service_notify("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, (gint64)g_get_monotonic_time());
    g_autoptr(GError) error = NULL;
    if (!daemon_load(self, true, &error)) {
        event_set_context(NULL, NULL);
        event_emit(EVENT_SERVICE_KEPT, NULL, "%s; everything stays as it was", error->message);
    }
    daemon_turn(self);
    service_notify("READY=1");
    return G_SOURCE_CONTINUE;
}

static gboolean on_watchdog(gpointer data)
{
    (void)data;
    service_notify("WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

/* --- its life --- */

static void unlock(gpointer descriptor)
{
    close(GPOINTER_TO_INT(descriptor));
}

static Daemon *daemon_new(const DaemonOptions *options)
{
    Daemon *self = g_new0(Daemon, 1);
    self->options = options;
    self->loop = g_main_loop_new(NULL, FALSE);
    self->jobs = g_ptr_array_new_with_free_func(daemon_job_free);
    self->gates = daemon_gates_new();
    self->locks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unlock);
    self->written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->since = time_now_text();
    return self;
}

/* What is said of a daemon that is not there any more would be wrong. */
static void daemon_free(Daemon *self, bool served)
{
    GHashTableIter iter;
    gpointer folder;
    g_hash_table_iter_init(&iter, self->locks);
    while (served && g_hash_table_iter_next(&iter, &folder, NULL))
        run_file_remove(folder);
    if (self->timer)
        g_source_remove(self->timer);
    g_ptr_array_unref(self->jobs);
    g_hash_table_unref(self->gates);
    g_hash_table_unref(self->written);
    g_hash_table_unref(self->locks);
    g_main_loop_unref(self->loop);
    g_free(self->since);
    g_free(self->status);
    g_free(self);
}

static void serve(Daemon *self)
{
    int64_t watchdog = service_watchdog();
    guint sources[] = {g_unix_signal_add(SIGTERM, on_stop, self), g_unix_signal_add(SIGINT, on_stop, self),
                       g_unix_signal_add(SIGHUP, on_reload, self),
                       watchdog ? g_timeout_add((guint)MAX(watchdog / 2000, 1), on_watchdog, self) : 0};
    event_emit(EVENT_SERVICE_BEGIN, NULL, "connectors: %u; runs at the same time: at most %u",
               self->jobs->len, self->options->jobs);
    if (!interrupt_pending(NULL)) { /* somebody wanted us to stop before we could hear it */
        daemon_turn(self);
        service_notify("READY=1");
        g_main_loop_run(self->loop);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        if (sources[i])
            g_source_remove(sources[i]);
    event_set_context(NULL, NULL);
    event_emit(EVENT_SERVICE_END, NULL, "stopped");
}

bool daemon_serve(const DaemonOptions *options, GError **error)
{
    Daemon *self = daemon_new(options);
    bool served = daemon_load(self, false, error);
    if (served)
        serve(self);
    daemon_free(self, served);
    return served;
}
