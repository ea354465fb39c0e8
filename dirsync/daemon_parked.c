/*
 * daemon_parked.c - who is parked, until when, and who else because of it
 *
 * Nothing is tried while the files stay as they are: sizes and times are compared, no content is read.
 */
#include "dirsync/daemon_internal.h"

#include "dirsync/event.h"
#include "dirsync/metrics.h"

#include <string.h>

void daemon_job_read_tried(Job *job)
{
    Connector *connector = connector_load(job->path, NULL);
    if (!connector)
        return;
    if (!job->tried || !connector_same(connector, job->tried))
        g_clear_pointer(&job->print_of_try, g_free); /* it is of other files */
    connector_free(job->tried);
    job->tried = connector;
}

void daemon_job_note_print(Job *job)
{
    daemon_job_read_tried(job);
    g_free(job->print);
    job->print = run_file_print(job->path, job->tried);
}

void daemon_job_parked(Job *job)
{
    event_set_context(job->name, NULL);
    daemon_job_measure_parked(job, true);
    event_emit(EVENT_JOB_PARKED, job->name,
               "%s; not tried again until a definition or a password file changes, or SIGHUP",
               job->what.reason);
}

void daemon_job_measure_parked(const Job *job, bool parked)
{
    g_autoptr(GError) error = NULL;
    if (job->connector && !metrics_note_parked(job->connector, job->place, parked, &error))
        event_emit(EVENT_METRICS_FAILED, job->name, "%s", error->message);
}

void daemon_look_at_parked(Daemon *self, Moment now)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = g_ptr_array_index(self->jobs, i);
        if (job->what.state != SUPERVISED_PARKED || job->gone)
            continue;
        g_autofree char *print = run_file_print(job->path, job->tried);
        if (!g_strcmp0(print, job->print))
            continue;
        daemon_job_reload(job, now);
        daemon_job_park_if_barred(job);
        event_set_context(job->name, NULL);
        if (job->what.state != SUPERVISED_PARKED)
            event_emit(EVENT_JOB_RELEASED, job->name,
                       "its definition or password has changed; it is tried again");
    }
}

void daemon_job_blame_try(Job *job)
{
    if (!job->print_of_try || !daemon_job_refusal(job))
        return; /* it was no password that others use too */
    g_free(job->print);
    job->print = g_steal_pointer(&job->print_of_try);
}

void daemon_job_park_refused(Job *job, const char *why)
{
    daemon_job_blame_try(job);
    supervised_park(&job->what, why);
    daemon_job_parked(job);
}

/* Who has its name by right, and with it the state. */
static const Job *find_namesake(const Job *job)
{
    const GPtrArray *jobs = job->daemon->jobs;
    for (guint i = 0; job->connector && i < jobs->len; i++) {
        const Job *other = g_ptr_array_index(jobs, i);
        if (other->connector && !other->gone && other->named < job->named &&
            !strcmp(other->name, job->name) && !strcmp(other->place, job->place))
            return other;
    }
    return NULL;
}

void daemon_job_park_if_barred(Job *job)
{
    if (job->gone || job->what.state == SUPERVISED_RUNNING || job->what.state == SUPERVISED_PARKED)
        return;
    const Job *other = find_namesake(job);
    const char *refusal = daemon_job_refusal(job);
    if (other) {
        g_autofree char *why = g_strdup_printf("%s and %s are both connector %s; give each a name of its own",
                                               other->path, job->path, job->name);
        supervised_park(&job->what, why);
        daemon_job_parked(job);
    } else if (refusal) {
        daemon_job_park_refused(job, refusal);
    }
}
