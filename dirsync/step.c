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

const char *step_cursor_in(const char *remembered, const char *index_id, const char **why)
{
    size_t len = strlen(index_id);
    const char *none = NULL;
    if (!remembered)
        none = "until now nobody was asked where to go on";
    else if (strncmp(remembered, index_id, len) != 0 || remembered[len] != ' ')
        none = "the index of addresses was made anew";
    else if (remembered[len + 1] == STEP_NO_CURSOR)
        none = remembered + len + 2;
    if (why)
        *why = none;
    return none ? NULL : remembered + len + 1;
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

char *step_next_cursor(ChangesResult *result)
{
    if (result->cursor)
        return g_steal_pointer(&result->cursor);
    return g_strdup_printf("%c%s", STEP_NO_CURSOR,
                           result->no_cursor ? result->no_cursor : "the server does not say where to go on");
}
