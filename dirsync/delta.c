/*
 * delta.c - see delta.h
 */
#include "dirsync/delta.h"

#include "dirsync/filter.h"
#include "dirsync/stamp.h"

#include <string.h>

#define IDS_A_FILTER 200
/* With more, everything is read more cheaply. */
#define GONE_MAX 20000
#define NO_CURSOR '!' /* stands before the reason, in the place of a cursor */

void delta_clear(Delta *delta)
{
    g_free(delta->next);
    g_free(delta->doubt);
    *delta = (Delta){0};
}

/* --- where to go on --- */

char *delta_no_next(const char *why)
{
    return g_strdup_printf("%c%s", NO_CURSOR, why);
}

char *delta_next(ChangesResult *result)
{
    if (result->cursor)
        return g_steal_pointer(&result->cursor);
    return delta_no_next(result->no_cursor ? result->no_cursor : "it was not said where to go on");
}

const char *delta_cursor_in(const char *remembered, const char *index_id, const char **why)
{
    size_t len = strlen(index_id);
    const char *none = NULL;
    if (!remembered)
        none = "until now nobody was asked where to go on";
    else if (strncmp(remembered, index_id, len) != 0 || remembered[len] != ' ')
        none = "the index of addresses was made anew";
    else if (remembered[len + 1] == NO_CURSOR)
        none = remembered + len + 2;
    if (why)
        *why = none;
    return none ? NULL : remembered + len + 1;
}

/* --- who is gone --- */

typedef struct {
    const DirectoryDescription *description;
    GHashTable *there; /* texts of those that are */
    const DeltaSink *sink;
} Asking;

static bool take_living(const DirectoryItem *item, void *data, GError **error)
{
    Asking *asking = data;
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, NULL);
    const Attribute *id =
        entry ? schema_find(asking->description->schema, entry, asking->description->default_anchor) : NULL;
    if (id && id->n_values)
        g_hash_table_add(asking->there, anchor_text(id->values[0]));
    return asking->sink->entry(item, asking->sink->data, error);
}

static bool ask_for(Directory *directory, const ReadRequest *request, const char *ids, Asking *asking,
                    char **doubt, GError **error)
{
    g_autofree char *filter = filter_and(request->filter, ids);
    ReadRequest these = *request;
    ReadResult result = {0};
    these.filter = filter;
    these.last_good_count = 0;
    if (!directory_read(directory, &these, take_living, asking, &result, error))
        return false;
    if (result.proof != PROOF_COMPLETE || result.bad)
        *doubt = g_strdup("it could not be asked whether they are gone who are said to be");
    read_result_clear(&result);
    return true;
}

static bool ask_for_all(Directory *directory, const ReadRequest *request, const GPtrArray *ids,
                        Asking *asking, char **doubt, GError **error)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < ids->len; i++)
        g_ptr_array_add(values, anchor_bytes(g_ptr_array_index(ids, i)));
    for (guint at = 0; at < values->len && !*doubt;) {
        g_autofree char *some = filter_any_of(asking->description->default_anchor, values, &at, IDS_A_FILTER);
        if (!ask_for(directory, request, some, asking, doubt, error))
            return false;
    }
    return true;
}

bool delta_lose(Directory *directory, const ReadRequest *request, const GPtrArray *ids, const DeltaSink *sink,
                char **doubt, GError **error)
{
    g_autoptr(GHashTable) there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Asking asking = {directory_describe(directory), there, sink};
    *doubt = ids->len > GONE_MAX ? g_strdup("more are gone than are worth asking for singly") : NULL;
    if (!*doubt && asking.description->default_anchor &&
        !ask_for_all(directory, request, ids, &asking, doubt, error))
        return false;
    for (guint i = 0; i < ids->len && !*doubt; i++) {
        const char *id = g_ptr_array_index(ids, i);
        if (!g_hash_table_contains(there, id) && !sink->gone(id, sink->data, error))
            return false;
    }
    return true;
}

/* --- what has changed --- */

typedef struct {
    const DeltaSink *sink;
    Roll *roll;
    GPtrArray *gone; /* ids of those who are said to be */
    Roll *told;      /* names of the entries in the answer */
} Reading;

static bool take(const DirectoryChange *change, void *data, GError **error)
{
    const Reading *reading = data;
    if (change->told == TOLD_ENTRY) {
        roll_add(reading->told, fingerprint_string(change->item->where), false);
        return reading->sink->entry(change->item, reading->sink->data, error);
    }
    g_autofree char *id = anchor_text(change->id);
    if (change->told == TOLD_GONE)
        g_ptr_array_add(reading->gone, g_steal_pointer(&id));
    else
        roll_add(reading->roll, fingerprint_bytes(id, strlen(id)), true);
    return true;
}

/* Who was deleted and is there again, restored with the identity, is in the answer and said to be gone. Told
 * twice, they would pass for two entries. */
static bool take_untold(const DirectoryItem *item, void *data, GError **error)
{
    const Reading *reading = data;
    return roll_call(reading->told, fingerprint_string(item->where)) ||
           reading->sink->entry(item, reading->sink->data, error);
}

static bool lose(const char *id, void *data, GError **error)
{
    const Reading *reading = data;
    return reading->sink->gone(id, reading->sink->data, error);
}

static const char *doubt_about(const ChangesResult *result)
{
    return result->full_reason ? result->full_reason
           : result->read.proof != PROOF_COMPLETE
               ? (result->read.reason ? result->read.reason : "it was not whole")
           : result->read.bad ? "an entry among the changes cannot be read"
                              : NULL;
}

bool delta_read(Directory *directory, const ReadRequest *request, const char *cursor, Roll *roll,
                const DeltaSink *sink, Delta *delta, GError **error)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Roll) told = roll_new();
    g_autofree char *from = g_strdup(cursor); /* the sink may drop its own */
    Reading reading = {sink, roll, gone, told};
    const DeltaSink untold = {.entry = take_untold, .gone = lose, .data = &reading};
    ChangesResult result = {0};
    *delta = (Delta){0};
    bool ok = directory_changes(directory, request, from, take, &reading, &result, error);
    if (ok) {
        delta->doubt = g_strdup(doubt_about(&result));
        delta->entries = result.read.entries;
        delta->by_absence = result.by_absence;
        delta->next = delta_next(&result);
    }
    changes_result_clear(&result);
    return ok && (delta->doubt || delta_lose(directory, request, gone, &untold, &delta->doubt, error));
}

/* --- everything --- */

typedef struct {
    DirectorySink sink;
    void *data;
} All;

static bool take_one(const DirectoryChange *change, void *data, GError **error)
{
    const All *all = data;
    return all->sink(change->item, all->data, error);
}

bool delta_read_all(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                    ReadResult *result, char **next, GError **error)
{
    All all = {sink, data};
    ChangesResult changes = {0};
    bool ok = directory_changes(directory, request, NULL, take_one, &all, &changes, error);
    *next = delta_next(&changes);
    *result = changes.read;
    changes.read = (ReadResult){0};
    changes_result_clear(&changes);
    return ok;
}
