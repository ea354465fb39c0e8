/*
 * mirror.c - what somebody knows of a directory who only hears of its changes
 */
#include "tests/lab/mirror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

typedef struct {
    Fingerprint fingerprint;
    char *dn;
} MirrorEntry;

typedef struct {
    Mirror *mirror;
    Directory *directory;
    GPtrArray *words;
} Listener;

static void mirror_entry_free(void *data)
{
    MirrorEntry *entry = data;
    g_free(entry->dn);
    g_free(entry);
}

static GHashTable *entries_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, mirror_entry_free);
}

void mirror_init(Mirror *mirror)
{
    *mirror = (Mirror){.entries = entries_new(),
                       .spoken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                       .told = g_string_new(NULL)};
}

void mirror_clear(Mirror *mirror)
{
    g_hash_table_unref(mirror->entries);
    g_hash_table_unref(mirror->spoken);
    g_string_free(mirror->told, TRUE);
    changes_result_clear(&mirror->result);
    g_free(mirror->cursor);
}

static char *hex(Value value)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < value.len; i++)
        g_string_append_printf(text, "%02x", (guchar)value.data[i]);
    return g_string_free(text, FALSE);
}

static char *rdn(const char *dn)
{
    return g_strndup(dn, strcspn(dn, ","));
}

/* The identity as it stands in the entry. */
static char *take_in(GHashTable *entries, Directory *directory, const DirectoryItem *item)
{
    const DirectoryDescription *about = directory_describe(directory);
    g_autoptr(GError) error = NULL;
    assert_null(item->bad);
    assert_false(fingerprint_is_zero(item->fingerprint));
    g_autoptr(Entry) entry = directory_item_decode(item, &error);
    assert_non_null(entry);
    const Attribute *anchor = schema_find(about->schema, entry, about->default_anchor);
    if (!anchor)
        fail_msg("%s has no %s", entry_dn(entry), about->default_anchor);
    char *id = hex(anchor->values[0]);
    MirrorEntry *copy = g_new0(MirrorEntry, 1);
    *copy = (MirrorEntry){.fingerprint = item->fingerprint, .dn = g_strdup(entry_dn(entry))};
    g_hash_table_replace(entries, g_strdup(id), copy);
    return id;
}

static bool listen(const DirectoryChange *change, void *data, GError **error)
{
    (void)error;
    Listener *listener = data;
    Mirror *mirror = listener->mirror;
    if (change->told == TOLD_ENTRY) {
        g_ptr_array_add(listener->words, rdn(change->item->where));
        g_hash_table_add(mirror->spoken, take_in(mirror->entries, listener->directory, change->item));
    } else {
        g_autofree char *id = hex(change->id);
        const MirrorEntry *known = g_hash_table_lookup(mirror->entries, id);
        g_autofree char *name = known ? rdn(known->dn) : NULL;
        if (known && change->told == TOLD_GONE)
            g_ptr_array_add(listener->words, g_strconcat("-", name, NULL));
        mirror->strangers += !known;
        if (change->told == TOLD_GONE)
            g_hash_table_remove(mirror->entries, id);
        else
            g_hash_table_add(mirror->spoken, g_steal_pointer(&id));
    }
    if (mirror->kill_after_first)
        lab_slapd_kill(g_steal_pointer(&mirror->kill_after_first));
    return true;
}

static gint compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void drop_absent(Mirror *mirror, GPtrArray *words)
{
    GHashTableIter iter;
    gpointer id, entry;
    g_hash_table_iter_init(&iter, mirror->entries);
    while (g_hash_table_iter_next(&iter, &id, &entry)) {
        if (g_hash_table_contains(mirror->spoken, id))
            continue;
        g_autofree char *name = rdn(((MirrorEntry *)entry)->dn);
        g_ptr_array_add(words, g_strconcat("-", name, NULL));
        g_hash_table_iter_remove(&iter);
    }
}

void mirror_ask(Mirror *mirror, Directory *directory, const ReadRequest *request)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    Listener listener = {.mirror = mirror, .directory = directory, .words = words};
    changes_result_clear(&mirror->result);
    g_hash_table_remove_all(mirror->spoken);
    mirror->strangers = 0;
    if (!mirror->cursor)
        g_hash_table_remove_all(mirror->entries);
    if (!directory_changes(directory, request, mirror->cursor, listen, &listener, &mirror->result, &error))
        fail_msg("%s", error->message);
    if (mirror->result.by_absence)
        drop_absent(mirror, words);
    g_ptr_array_sort(words, compare_words);
    g_ptr_array_add(words, NULL);
    g_autofree char *text = g_strjoinv(" ", (char **)words->pdata);
    g_string_assign(mirror->told, text);
    if (mirror->result.full_reason)
        g_string_printf(mirror->told, "full: %s", mirror->result.full_reason);
    assert_true(!mirror->result.cursor || mirror->result.read.proof == PROOF_COMPLETE);
    assert_true(!mirror->result.full_reason || !mirror->result.cursor);
    g_free(mirror->cursor);
    mirror->cursor = g_strdup(mirror->result.cursor);
}

const char *mirror_told(const Mirror *mirror)
{
    return mirror->told->str;
}

static bool collect(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    g_free(take_in(data, item->directory, item));
    return true;
}

void mirror_assert_true(const Mirror *mirror, Directory *directory, const ReadRequest *request)
{
    g_autoptr(GHashTable) there = entries_new();
    g_autoptr(GError) error = NULL;
    ReadResult result;
    if (!directory_read(directory, request, collect, there, &result, &error))
        fail_msg("%s", error->message);
    assert_int_equal(result.proof, PROOF_COMPLETE);
    read_result_clear(&result);
    GHashTableIter iter;
    gpointer id, entry;
    g_hash_table_iter_init(&iter, there);
    while (g_hash_table_iter_next(&iter, &id, &entry)) {
        const MirrorEntry *real = entry, *known = g_hash_table_lookup(mirror->entries, id);
        if (!known || strcmp(known->dn, real->dn) != 0 ||
            !fingerprint_equal(known->fingerprint, real->fingerprint))
            fail_msg("%s: %s", real->dn, known ? "is not known as it is now" : "is not known");
    }
    assert_int_equal(g_hash_table_size(mirror->entries), g_hash_table_size(there));
}
