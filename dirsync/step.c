/*
 * step.c - which kind of work each step is; see step.h
 */
#include "dirsync/step.h"

#include "dirsync/address_step.h"
#include "dirsync/pass.h"

#include <string.h>

const char *const count_names[COUNTS] = {
    [COUNT_CREATED] = "created",   [COUNT_MODIFIED] = "modified",       [COUNT_RENAMED] = "renamed",
    [COUNT_DISABLED] = "disabled", [COUNT_DELETED] = "deleted",         [COUNT_UNCHANGED] = "unchanged",
    [COUNT_FAILED] = "failed",     [COUNT_QUARANTINED] = "quarantined",
};

static const StepKind *const kinds[STEPS] = {
    [STEP_IMPORT] = &pass_kind, [STEP_ADDRESSES] = &address_step_kind, [STEP_EXPORT] = &pass_kind};

StepWork *step_open(const Connector *connector, Step step, State *state, const StepOptions *options,
                    GError **error)
{
    return kinds[step]->open(connector, step, state, options, error);
}

bool step_plan(StepWork *work, const char *folder, const char *run, GError **error)
{
    return work->kind->plan(work, folder, run, error);
}

bool step_observe(StepWork *work, Observer observer, void *data, char **incomplete, GError **error)
{
    *incomplete = NULL;
    return !work->kind->observe || work->kind->observe(work, observer, data, incomplete, error);
}

bool step_intend(StepWork *work, GError **error)
{
    return !work->kind->intend || work->kind->intend(work, error);
}

bool step_record(StepWork *work, const Applied *applied, GError **error)
{
    return work->kind->record(work, applied, error);
}

bool step_settle(StepWork *work, const char *run, bool finished, GError **error)
{
    return work->kind->settle(work, run, finished, error);
}

void step_close(StepWork *work)
{
    if (work)
        work->kind->close(work);
}

char *step_digest(const Connector *connector, Step step, GError **error)
{
    return kinds[step]->digest(connector, step, error);
}

bool step_recall_reading(const Connector *connector, Step step, State *state, StepReading *reading,
                         GError **error)
{
    *reading = (StepReading){0};
    if (!kinds[step]->recall_reading(connector, step, state, reading, error))
        return false;
    g_autofree char *last = g_strdup_printf("%" G_GINT64_FORMAT, reading->everything);
    if (step_full_read_is_due(connector, last))
        memset(reading->changes, 0, sizeof reading->changes);
    return true;
}

bool step_recall(State *state, Step step, const char *name, char **value, GError **error)
{
    g_autofree char *key = g_strconcat(step_names[step], " ", name, NULL);
    return state_get(state, key, value, error);
}

bool step_remember(State *state, Step step, const char *name, const char *value, GError **error)
{
    g_autofree char *key = g_strconcat(step_names[step], " ", name, NULL);
    return state_set(state, key, value, error);
}

void step_note_way(StepReading *reading, int side, const char *cursor)
{
    size_t len = cursor ? strcspn(cursor, " ") + 1 : 0;
    if (cursor)
        g_strlcpy(reading->way[side], cursor, MIN(len, sizeof reading->way[side]));
}

char *step_now(void)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC);
}

bool step_full_read_is_due(const Connector *connector, const char *last)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC, then = last ? g_ascii_strtoll(last, NULL, 10) : 0;
    return connector->full_read != FULL_READ_NEVER && (now < then || now - then >= connector->full_read);
}
