/*
 * daemon_list.c - which connectors there are, and reading them again
 *
 * One that cannot be loaded any more keeps the schedule that it had. One that never
 * could is parked until its file changes.
 */
#include "dirsync/daemon_internal.h"

#include "dirsync/event.h"
#include "dirsync/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

void daemon_job_free(gpointer data)
{
    Job *job = data;
    connector_free(job->connector);
    connector_free(job->tried);
    supervised_clear(&job->what);
    json_decref(job->result);
    json_decref(job->watch_end);
    g_string_free(job->run_complaints, TRUE);
    g_string_free(job->watch_complaints, TRUE);
    g_free(job->path);
    g_free(job->name);
    g_free(job->place);
    g_free(job->print);
    g_free(job->print_of_try);
    g_free(job->told_since);
    g_free(job);
}

/* --- one --- */

/* Two daemons would run the same connectors, and each overwrite what the other says of itself. */
static bool lock_place(Daemon *self, const char *place, GError **error)
{
    if (g_hash_table_contains(self->locks, place))
        return true;
    if (g_mkdir_with_parents(place, 0700) != 0) {
        error_set(error, ERROR_IO, "%s: cannot make the state folder: %s; name another with --state", place,
                  g_strerror(errno));
        return false;
    }
    int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        g_hash_table_insert(self->locks, g_strdup(place), GINT_TO_POINTER(fd));
        return true;
    }
    bool taken = fd >= 0 && errno == EWOULDBLOCK;
    g_autoptr(GString) who = g_string_new(NULL);
    json_auto_t *content = taken ? run_file_read(place) : NULL;
    if (content)
        g_string_append_printf(who, " (process %lld)", json_integer_value(json_object_get(content, "pid")));
    error_set(error, taken ? ERROR_LOCKED : ERROR_IO, "%s: %s%s; %s", place,
              taken ? "another dirsync run serves this state folder" : g_strerror(errno), who->str,
              taken ? "one for all connectors is enough, or give the other folder with --state"
                    : "name another with --state");
    if (fd >= 0)
        close(fd);
    return false;
}

static bool file_exists(const char *path, GError **error)
{
    if (access(path, F_OK) == 0)
        return true;
    error_set(error, ERROR_DEFINITION, "%s: %s; name a definition such as globex or ./globex.xml", path,
              g_strerror(errno));
    return false;
}

static char *name_of_file(const char *path)
{
    char *name = g_path_get_basename(path);
    if (g_str_has_suffix(name, ".xml"))
        name[strlen(name) - strlen(".xml")] = '\0';
    return name;
}

/* What a daemon that was killed left behind: parked stays parked while nothing was corrected. */
static void recall(Job *job)
{
    json_auto_t *content = run_file_read(job->place);
    const json_t *before = run_file_connector(content, job->name);
    const char *state = json_string_value(json_object_get(before, "state"));
    const char *print = json_string_value(json_object_get(before, "print"));
    const char *path = json_string_value(json_object_get(before, "definition"));
    const char *reason = json_string_value(json_object_get(before, "reason"));
    if (g_strcmp0(state, supervised_state_names[SUPERVISED_PARKED]) || g_strcmp0(path, job->path))
        return;
    if (g_strcmp0(print, job->print))
        return;
    supervised_park(&job->what, reason ? reason : "parked before the daemon was killed");
    job->told = SUPERVISED_PARKED;
    job->told_since = g_strdup(json_string_value(json_object_get(before, "state_since")));
    daemon_job_parked(job);
}

/* Borrows @path. */
static Job *job_new(Daemon *self, const char *path, Moment now, GError **error)
{
    g_autoptr(GError) cause = NULL;
    Job *job = g_new0(Job, 1);
    job->daemon = self;
    job->named = ++self->names;
    job->run_complaints = g_string_new(NULL);
    job->watch_complaints = g_string_new(NULL);
    job->path = g_strdup(path);
    daemon_job_note_print(job);
    job->connector = connector_load(path, &cause);
    job->name = job->connector ? g_strdup(job->connector->name) : name_of_file(path);
    job->place = state_place(job->connector, self->options->state_folder);
    supervised_init(&job->what, job->connector ? &job->connector->schedule : &schedule_default, now);
    if (!lock_place(self, job->place, error)) {
        daemon_job_free(job);
        return NULL;
    }
    if (job->connector) {
        recall(job);
    } else {
        supervised_park(&job->what, cause->message);
        daemon_job_parked(job);
    }
    return job;
}

void daemon_job_reload(Job *job, Moment now)
{
    g_autoptr(GError) error = NULL;
    if (job->run)
        daemon_job_read_tried(job);
    else
        daemon_job_note_print(job);
    g_autoptr(Connector) connector = connector_load(job->path, &error);
    event_set_context(job->name, NULL);
    if (!connector && job->what.state == SUPERVISED_PARKED) {
        supervised_park(&job->what, error->message);
        daemon_job_parked(job);
        return;
    }
    if (!connector) {
        event_emit(EVENT_SERVICE_KEPT, job->path, "%s; the schedule stays as it was", error->message);
        return;
    }
    g_autofree char *place = state_place(connector, job->daemon->options->state_folder);
    if (!lock_place(job->daemon, place, &error)) {
        event_emit(EVENT_SERVICE_KEPT, job->path, "%s; everything stays as it was", error->message);
        return;
    }
    bool other = !job->connector || !connector_same(connector, job->connector);
    bool renamed = g_strcmp0(connector->name, job->name) != 0 || g_strcmp0(place, job->place) != 0;
    daemon_job_forget_refusals(job);
    connector_free(job->connector);
    job->connector = g_steal_pointer(&connector);
    daemon_job_forget_refusals(job);
    if (renamed)
        job->named = ++job->daemon->names;
    g_free(job->name);
    job->name = g_strdup(job->connector->name);
    g_free(job->place);
    job->place = g_steal_pointer(&place);
    if (other && job->watch)
        daemon_job_close_watch(job);
    supervised_reload(&job->what, &job->connector->schedule, now);
}

/* --- the list --- */

static Job *find_job(const Daemon *self, const char *path)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = g_ptr_array_index(self->jobs, i);
        if (!strcmp(job->path, path))
            return job;
    }
    return NULL;
}

static char **list_paths(const Daemon *self, GError **error)
{
    const char *const *words = self->options->words;
    if (!words || !*words)
        return connector_list(error);
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    for (; *words; words++) {
        g_autofree char *file = connector_path(*words);
        g_autofree char *path = g_canonicalize_filename(file, NULL);
        if (!file_exists(path, error))
            return NULL;
        g_strv_builder_add(paths, path);
    }
    return g_strv_builder_end(paths);
}

/* Of two connectors with one name, or two words for one, the state would be the same. */
static bool check_names(const Daemon *self, GError **error)
{
    for (guint i = 0; i < self->jobs->len; i++)
        for (guint other = 0; other < i; other++) {
            const Job *a = g_ptr_array_index(self->jobs, other), *b = g_ptr_array_index(self->jobs, i);
            if (strcmp(a->name, b->name) != 0 || strcmp(a->place, b->place) != 0)
                continue;
            error_set(error, ERROR_DEFINITION, "%s and %s are both connector %s; give each a name of its own",
                      a->path, b->path, a->name);
            return false;
        }
    return true;
}

static bool is_idle(const Job *job)
{
    return job->connector && !job->connector->schedule.given;
}

static void tell_idle(const Job *job)
{
    event_set_context(job->name, NULL);
    event_emit(EVENT_SERVICE_IDLE, job->path,
               "has no <schedule> and never runs by itself; <schedule when=\"15 min\"/> would be one");
}

static bool load_path(Daemon *self, const char *path, Moment now, bool reload, GError **error)
{
    Job *job = find_job(self, path);
    if (job && !job->gone) {
        error_set(error, ERROR_DEFINITION, "%s: is named twice", path);
        return false;
    }
    if (job) {
        job->gone = false;
        daemon_job_reload(job, now);
        return true;
    }
    GError *cause = NULL;
    job = job_new(self, path, now, &cause);
    if (!job && reload) {
        event_emit(EVENT_SERVICE_KEPT, path, "%s", cause->message);
        g_error_free(cause);
        return true;
    }
    if (!job) {
        g_propagate_error(error, cause);
        return false;
    }
    if (is_idle(job))
        tell_idle(job);
    g_ptr_array_add(self->jobs, job);
    return true;
}

static bool has_something_to_do(const Daemon *self, GError **error)
{
    const Job *broken = NULL;
    for (guint i = 0; i < self->jobs->len; i++) {
        const Job *job = g_ptr_array_index(self->jobs, i);
        if (job->connector && job->connector->schedule.given)
            return true;
        if (!job->connector)
            broken = job;
    }
    if (broken)
        error_set(error, ERROR_DEFINITION, "no connector can be loaded: %s", broken->what.reason);
    else
        error_set(error, ERROR_DEFINITION,
                  "%s; give one <schedule when=\"15 min\"/>, see dirsync-definitions(5)",
                  self->jobs->len ? "no connector has a <schedule>" : "there is no connector");
    return false;
}

bool daemon_load(Daemon *self, bool reload, GError **error)
{
    Moment now = daemon_now();
    g_auto(GStrv) paths = list_paths(self, error);
    if (!paths)
        return false;
    if (reload)
        daemon_gates_forget_refusals(self->gates);
    for (guint i = 0; i < self->jobs->len; i++)
        ((Job *)g_ptr_array_index(self->jobs, i))->gone = true;
    for (char **path = paths; *path; path++)
        if (!load_path(self, *path, now, reload, error))
            return false;
    for (guint i = 0; reload && i < self->jobs->len; i++)
        daemon_job_park_if_barred(g_ptr_array_index(self->jobs, i));
    event_set_context(NULL, NULL);
    if (reload)
        event_emit(EVENT_SERVICE_RELOADED, NULL, "connectors: %u", g_strv_length(paths));
    return reload || (check_names(self, error) && has_something_to_do(self, error));
}
