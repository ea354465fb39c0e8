/*
 * gone.c - see gone.h
 */
#include "dirsync/gone.h"

#include "dirsync/filter.h"
#include "dirsync/stamp.h"

#include <string.h>

#define IDS_A_FILTER 200
/* With more, everything is read more cheaply. */
#define GONE_MAX 20000

typedef struct {
    const char *attribute;
    const Schema *schema;
    GHashTable *there; /* texts of those that are */
    DirectorySink sink;
    void *data;
} Asking;

static bool take(const DirectoryItem *item, void *data, GError **error)
{
    Asking *asking = data;
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, NULL);
    const Attribute *id = entry ? schema_find(asking->schema, entry, asking->attribute) : NULL;
    if (id && id->n_values)
        g_hash_table_add(asking->there, anchor_text(id->values[0]));
    return asking->sink(item, asking->data, error);
}

/* Those from *at on, as many as go into one filter. */
static char *filter_of(const ReadRequest *request, const Asking *asking, const GPtrArray *gone, guint *at)
{
    GString *filter = g_string_new("(&");
    g_string_append(filter, request->filter ? request->filter : "(objectClass=*)");
    g_string_append(filter, "(|");
    for (guint n = 0; n < IDS_A_FILTER && *at < gone->len; n++, ++*at) {
        g_autoptr(GBytes) bytes = anchor_bytes(g_ptr_array_index(gone, *at));
        gsize size;
        const void *value = g_bytes_get_data(bytes, &size);
        g_autofree char *equals = filter_equals(asking->attribute, value, size);
        g_string_append(filter, equals);
    }
    return g_string_free(g_string_append(filter, "))"), FALSE);
}

bool gone_ask(Directory *directory, const ReadRequest *request, GPtrArray *gone, DirectorySink sink,
              void *data, const char **doubt, GError **error)
{
    const DirectoryDescription *description = directory_describe(directory);
    g_autoptr(GHashTable) there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Asking asking = {description->default_anchor, description->schema, there, sink, data};
    *doubt = gone->len > GONE_MAX ? "more are gone than are worth asking for singly" : NULL;
    if (!asking.attribute)
        return true;
    for (guint i = 0; i < gone->len && !*doubt;) {
        g_autofree char *filter = filter_of(request, &asking, gone, &i);
        ReadRequest these = *request;
        ReadResult result = {0};
        these.filter = filter;
        these.last_good_count = 0;
        if (!directory_read(directory, &these, take, &asking, &result, error))
            return false;
        if (result.proof != PROOF_COMPLETE || result.bad)
            *doubt = "it could not be asked whether they are gone who are said to be";
        read_result_clear(&result);
    }
    for (guint i = gone->len; i > 0; i--)
        if (g_hash_table_contains(there, g_ptr_array_index(gone, i - 1)))
            g_ptr_array_remove_index_fast(gone, i - 1);
    return true;
}
