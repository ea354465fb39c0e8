/*
 * run_prune.c - old runs are forgotten, as the definition says
 *
 * A run's plan goes before its record, so whatever a crash leaves behind is found
 * again by the next run. Folders without a record, of a state that was lost, go
 * when their time has come. Plans of people are theirs and stay; so do those of a migration,
 * which is taken back as a whole or not at all.
 */
#include "dirsync/run_internal.h"

#include "dirsync/event.h"
#include "dirsync/fault.h"
#include "dirsync/when.h"

#include <string.h>

#define STAMP_LENGTH 16 /* "20261122T143000Z" at the beginning of a run's id */

typedef struct {
    char *id;
    char *folder; /* NULL: it has none, or one of people's */
} Old;

static void old_free(void *data)
{
    Old *old = data;
    g_free(old->id);
    g_free(old->folder);
    g_free(old);
}

typedef struct {
    char *runs; /* the folder of our own plans */
    GPtrArray *olds;
} Noting;

static void note_old(const RunRecord *record, void *data)
{
    Noting *noting = data;
    Old *old = g_new0(Old, 1);
    g_autofree char *ours = g_build_filename(noting->runs, record->id, NULL);
    old->id = g_strdup(record->id);
    old->folder = g_strcmp0(record->folder, ours) ? NULL : g_strdup(ours);
    g_ptr_array_add(noting->olds, old);
}

static bool remove_old(State *state, const Old *old, GError **error)
{
    if (old->folder)
        plan_remove(old->folder);
    fault_step("old run removed");
    return state_remove_run(state, old->id, error);
}

static bool prune_records(const Connector *connector, State *state, GDateTime *before, GError **error)
{
    g_autoptr(GPtrArray) olds = g_ptr_array_new_with_free_func(old_free);
    g_autofree char *text = when_format(g_date_time_to_unix(before));
    g_autofree char *left_over = run_noted_left_over(state);
    g_autofree char *runs = g_build_filename(state_folder(state), "runs", NULL);
    Noting noting = {runs, olds};
    if (!state_scan_outdated(state, text, connector->history_runs, left_over, note_old, &noting, error))
        return false;
    for (guint i = 0; i < olds->len; i++)
        if (!remove_old(state, g_ptr_array_index(olds, i), error))
            return false;
    return true;
}

/* Names of run_new_id() only: what else is there is not ours. */
static bool is_run_before(const char *name, const char *before)
{
    static const char form[] = "dddddddd"
                               "T"
                               "dddddd"
                               "Z-xxxxxxxx";
    if (strlen(name) != strlen(form))
        return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd'   ? !g_ascii_isdigit(name[i])
            : form[i] == 'x' ? !g_ascii_isxdigit(name[i])
                             : name[i] != form[i])
            return false;
    return strncmp(name, before, STAMP_LENGTH) < 0;
}

static bool prune_folders(State *state, GDateTime *before, GError **error)
{
    g_autofree char *runs = g_build_filename(state_folder(state), "runs", NULL);
    g_autofree char *text = g_date_time_format(before, "%Y%m%dT%H%M%SZ");
    g_autoptr(GDir) folder = g_dir_open(runs, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_auto(RunRecord) record = {0};
        if (!is_run_before(name, text))
            continue;
        if (!state_find_run(state, name, &record, error))
            return false;
        g_autofree char *path = g_build_filename(runs, name, NULL);
        if (!record.id)
            plan_remove(path);
    }
    return true;
}

void run_prune(const Connector *connector, State *state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) before = g_date_time_add_days(now, -(int)connector->history_days);
    if (!prune_records(connector, state, before, &error) || !prune_folders(state, before, &error))
        event_emit(EVENT_HISTORY_KEPT, state_folder(state), "old runs were not removed: %s", error->message);
}
