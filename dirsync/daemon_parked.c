/*
 * daemon_parked.c - who is parked, until when, and who else because of it
 *
 * Nothing is tried while the files stay as they are: sizes and times are compared, no content is read.
 */
#include "dirsync/daemon_internal.h"

#include "dirsync/event.h"
#include "dirsync/metrics.h"

#include <string.h>

void daemon_job_note_print(Job *job)
{
    g_free(job->print);
    job->print = run_file_print(job->path, job->connector);
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
        g_autofree char *print = run_file_print(job->path, job->connector);
        if (!g_strcmp0(print, job->print))
            continue;
        daemon_job_reload(job, now);
        event_set_context(job->name, NULL);
        if (job->what.state != SUPERVISED_PARKED)
            event_emit(EVENT_JOB_RELEASED, job->name,
                       "its definition or password has changed; it is tried again");
    }
}

/* Whether a message of the LDAP driver, which begins with the URI, is about this endpoint. */
static bool is_about(const Endpoint *endpoint, const char *message)
{
    for (char **uri = endpoint->uris; uri && *uri; uri++) {
        g_autofree char *subject = g_strconcat(*uri, ": ", NULL);
        if (strstr(message, subject))
            return true;
    }
    return false;
}

static bool same_secret(const SecretSource *a, const SecretSource *b)
{
    return a->kind == b->kind && !g_strcmp0(a->source, b->source);
}

/* The endpoint of @connector that @message is about and that binds as @endpoint does, or any (NULL). */
static const Endpoint *endpoint_in(const Connector *connector, const char *message, const Endpoint *like)
{
    const Endpoint *const all[] = {&connector->organisation->home, &connector->foreign,
                                   &connector->export_target};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        bool same = !like || (!g_strcmp0(all[i]->bind_dn, like->bind_dn) &&
                              same_secret(&all[i]->password, &like->password));
        if (all[i]->driver && is_about(all[i], message) && same)
            return all[i];
    }
    return NULL;
}

/* Whose password it was. NULL: the message fits several that bind differently, so nobody can tell. */
static const Endpoint *find_wrong(const Connector *connector, const char *message)
{
    const Endpoint *const all[] = {&connector->organisation->home, &connector->foreign,
                                   &connector->export_target};
    const Endpoint *wrong = endpoint_in(connector, message, NULL);
    for (size_t i = 0; wrong && i < G_N_ELEMENTS(all); i++)
        if (all[i]->driver && is_about(all[i], message) &&
            (g_strcmp0(all[i]->bind_dn, wrong->bind_dn) != 0 ||
             !same_secret(&all[i]->password, &wrong->password)))
            return NULL;
    return wrong;
}

void daemon_park_companions(const Job *job, const char *message)
{
    const Endpoint *wrong = job->connector && message ? find_wrong(job->connector, message) : NULL;
    for (guint i = 0; wrong && i < job->daemon->jobs->len; i++) {
        Job *other = g_ptr_array_index(job->daemon->jobs, i);
        bool free_to = other != job && other->connector && other->connector->schedule.given &&
                       other->what.state != SUPERVISED_RUNNING && other->what.state != SUPERVISED_PARKED;
        if (!free_to || !endpoint_in(other->connector, message, wrong))
            continue;
        g_autofree char *reason = g_strdup_printf("%s (found by connector %s)", message, job->name);
        daemon_job_note_print(other);
        supervised_park(&other->what, reason);
        daemon_job_parked(other);
    }
}

/* --- who waits for whom --- */

static bool same_server(const Endpoint *a, const Endpoint *b)
{
    for (char **uri = a->uris; uri && *uri; uri++)
        if (b->uris && g_strv_contains((const char *const *)b->uris, *uri))
            return true;
    return false;
}

static bool share_password(const Connector *a, const Connector *b)
{
    const Endpoint *const all[2][3] = {{&a->organisation->home, &a->foreign, &a->export_target},
                                       {&b->organisation->home, &b->foreign, &b->export_target}};
    for (size_t i = 0; i < 9; i++) {
        const Endpoint *one = all[0][i % 3], *other = all[1][i / 3];
        if (one->bind == BIND_SIMPLE && other->bind == BIND_SIMPLE && same_server(one, other) &&
            !g_strcmp0(one->bind_dn, other->bind_dn) && same_secret(&one->password, &other->password))
            return true;
    }
    return false;
}

static bool is_trying(const Job *job)
{
    return !job->proven && (job->run || job->what.watch == WATCH_OPENING);
}

bool daemon_job_must_wait(const Job *job)
{
    const GPtrArray *jobs = job->daemon->jobs;
    for (guint i = 0; !job->proven && job->connector && i < jobs->len; i++) {
        const Job *other = g_ptr_array_index(jobs, i);
        if (other != job && other->connector && is_trying(other) &&
            share_password(job->connector, other->connector))
            return true;
    }
    return false;
}
