/*
 * run_release.c - letting go of one object, as a run; see run.h
 *
 * That the object is let go of is recorded on its link before the stamp comes off:
 * while the stamp is there it means nothing but that the next run looks, so that a run
 * that is cut short, or taken back, leaves the object ours.
 */
#include "dirsync/run_internal.h"

#include "dirsync/pass.h"

#include <string.h>

typedef struct {
    StepWork *work[STEPS];
    GPtrArray *ours[STEPS]; /* of Released */
    GPtrArray *others;      /* names */
    Step step;              /* where the only one is */
    const Released *released;
} Releasing;

static void releasing_clear(Releasing *releasing)
{
    for (int step = 0; step < STEPS; step++) {
        step_close(releasing->work[step]);
        g_clear_pointer(&releasing->ours[step], g_ptr_array_unref);
    }
    g_clear_pointer(&releasing->others, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Releasing, releasing_clear)

static void tell_nobody(const GPtrArray *others, const char *object, GError **error)
{
    if (others->len)
        error_set(error, ERROR_NOT_FOUND,
                  "%s: %s is not an object of this connector, so there is nothing to let go of", object,
                  (const char *)g_ptr_array_index(others, 0));
    else
        error_set(
            error, ERROR_NOT_FOUND,
            "%s: no object of this connector has that address, name or anchor; dirsync explain says more",
            object);
}

static void tell_several(const Releasing *releasing, const char *object, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (int step = 0; step < STEPS; step++)
        for (guint i = 0; releasing->ours[step] && i < releasing->ours[step]->len; i++)
            g_string_append_printf(names, "%s%s", names->len ? "; " : "",
                                   ((Released *)g_ptr_array_index(releasing->ours[step], i))->dn);
    error_set(error, ERROR_DEFINITION, "%s: several objects are meant: %s; name one by its DN", object,
              names->str);
}

static bool choose(Releasing *releasing, const char *object, GError **error)
{
    guint n = 0;
    for (int step = 0; step < STEPS; step++) {
        if (!releasing->ours[step] || !releasing->ours[step]->len)
            continue;
        n += releasing->ours[step]->len;
        releasing->step = (Step)step;
        releasing->released = g_ptr_array_index(releasing->ours[step], 0);
    }
    if (!n)
        tell_nobody(releasing->others, object, error);
    else if (n > 1)
        tell_several(releasing, object, error);
    return n == 1;
}

static bool find(const Connector *connector, State *state, const char *object, Releasing *releasing,
                 GError **error)
{
    static const StepOptions options;
    static const Step passes[] = {STEP_IMPORT, STEP_EXPORT};
    releasing->others = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(passes); i++) {
        Step step = passes[i];
        if (!connector->pass[step].wanted)
            continue;
        releasing->ours[step] = g_ptr_array_new_with_free_func(released_free);
        releasing->work[step] = step_open(connector, step, state, &options, error);
        if (!releasing->work[step] ||
            !pass_find_ours(releasing->work[step], object, releasing->ours[step], releasing->others, error))
            return false;
    }
    return choose(releasing, object, error);
}

static bool plan(const Connector *connector, State *state, const char *object, const char *folder,
                 RunResult *result, LinkRow *row, GError **error)
{
    g_auto(Releasing) releasing = {0};
    if (!find(connector, state, object, &releasing, error))
        return false;
    StepResult *into = &result->step[releasing.step];
    if (!pass_plan_release(releasing.work[releasing.step], releasing.released, folder, result->id, row,
                           &result->stays_disabled, error))
        return false;
    into->ran = true;
    into->planned = 1;
    into->counts.of[COUNT_MODIFIED] = 1;
    return true;
}

bool run_plan_release(const Connector *connector, const RunOptions *options, const char *object,
                      const char *folder, RunResult *result, GError **error)
{
    g_auto(LinkRow) row = {0};
    *result = (RunResult){.id = run_new_id(), .folder = g_strdup(folder)};
    g_autoptr(State) state = state_open_copy(connector, options->state_folder, error);
    return state && plan(connector, state, object, folder, result, &row, error);
}

static bool remember(State *state, LinkRow *row, unsigned flags, GError **error)
{
    row->flags |= flags;
    if (!state_begin(state, error))
        return false;
    if (state_save_link(state, row, error) && state_commit(state, error))
        return true;
    state_rollback(state);
    return false;
}

/* It leads to a native from now on, which is looked for as one. */
static bool settle(State *state, LinkRow *row, const RunResult *result, GError **error)
{
    row->flags &= ~(unsigned)LINK_RETRY;
    return !result->step[row->step].counts.of[COUNT_MODIFIED] || remember(state, row, LINK_YIELDED, error);
}

bool run_release(const Connector *connector, const RunOptions *options, const char *object, RunResult *result,
                 GError **error)
{
    g_auto(LinkRow) row = {0};
    *result = (RunResult){.id = run_new_id()};
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    if (!state || !run_recover(connector, state, error))
        return false;
    g_autofree char *folder = g_build_filename(state_folder(state), "runs", result->id, NULL);
    if (!plan(connector, state, object, folder, result, &row, error) ||
        !remember(state, &row, LINK_RETRY, error)) {
        plan_remove(folder);
        return false;
    }
    memset(&result->step[row.step].counts, 0, sizeof result->step[row.step].counts);
    return run_folder(connector, options, state, "release", folder, NULL, result, error) &&
           settle(state, &row, result, error);
}
