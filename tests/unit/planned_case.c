/*
 * planned_case.c - a plan laid over one store, and carried out on another
 */
#include "tests/unit/planned_case.h"

#include "dirsync/ldif.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

void plan_clear(Plan *plan)
{
    g_ptr_array_unref(plan->changes);
}

static Change *parse_next(LdifReader *reader)
{
    g_autoptr(GError) error = NULL;
    Change *change = NULL;
    if (ldif_read_change(reader, &change, &error) == RECORD_BAD)
        fail_msg("%s", error->message);
    return change;
}

Plan parse_plan(const char *text)
{
    Plan plan = {.changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free)};
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "plan");
    for (Change *change = parse_next(reader); change; change = parse_next(reader))
        g_ptr_array_add(plan.changes, change);
    return plan;
}

bool next_change(Change **change, void *data, GError **error)
{
    Plan *plan = data;
    *change = NULL;
    if (plan->next < plan->changes->len) {
        *change = g_ptr_array_index(plan->changes, plan->next);
        g_ptr_array_index(plan->changes, plan->next++) = NULL;
    } else if (plan->fails) {
        error_set(error, ERROR_SOURCE, "the plan ends here");
        return false;
    }
    return true;
}

void make_store(const char *name, const char *ldif)
{
    MemoryStore *store = memory_store(name);
    g_autoptr(GError) error = NULL;
    if (!memory_store_load(store, ldif, &error))
        fail_msg("%s", error->message);
}

Directory *open_store(const char *name, const char *base)
{
    static Endpoint endpoints[2]; /* they outlive the directories */
    static int turn;
    Endpoint *endpoint = &endpoints[turn++ % 2];
    *endpoint = (Endpoint){.driver = (char *)"memory", .path = (char *)name, .base = (char *)base};
    Directory *directory = directory_open(endpoint, NULL);
    assert_non_null(directory);
    return directory;
}

Directory *open_planned(Directory *base, Plan *plan)
{
    g_autoptr(GError) error = NULL;
    Directory *planned = planned_open(base, next_change, plan, &error);
    if (!planned)
        fail_msg("%s", error->message);
    return planned;
}

static void note_outcome(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)change;
    assert_int_not_equal(outcome, OUTCOME_UNCERTAIN);
    *(int *)data = error ? error->code : -1;
}

int carry_out(Directory *directory, const Change *change)
{
    int code = -2;
    assert_true(directory_submit(directory, change, note_outcome, &code, NULL));
    assert_true(directory_flush(directory, NULL));
    assert_int_not_equal(code, -2);
    return code;
}

/* ---- what is compared: entries as text, in an order that does not depend on who tells them */

static gint compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sort_and_join(GPtrArray *texts)
{
    g_ptr_array_sort(texts, compare_texts);
    g_ptr_array_add(texts, NULL);
    return g_strjoinv("\n", (char **)texts->pdata);
}

char *entry_text(const Entry *entry)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        for (size_t j = 0; j < attribute->n_values; j++)
            if (strcmp(attribute->name, "entryUUID") != 0 ||
                g_str_has_prefix(attribute->values[j].data, "00000000-0000-4000-8000-"))
                g_ptr_array_add(lines, g_strdup_printf("%s: %s", attribute->name, attribute->values[j].data));
    }
    g_autofree char *text = sort_and_join(lines);
    return g_strdup_printf("dn: %s\n%s\n", entry_dn(entry), text);
}

bool take_text(const DirectoryItem *item, void *data, GError **error)
{
    g_autoptr(Entry) entry = directory_item_decode(item, error);
    assert_non_null(entry);
    assert_string_equal(entry_dn(entry), item->where);
    assert_false(fingerprint_is_zero(item->fingerprint));
    g_ptr_array_add(data, entry_text(entry));
    return true;
}

char *read_text(Directory *directory, const ReadRequest *request)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    ReadResult result;
    if (!directory_read(directory, request, take_text, texts, &result, &error))
        fail_msg("%s", error->message);
    assert_int_equal(result.entries, texts->len);
    assert_int_equal(result.proof, PROOF_COMPLETE);
    assert_null(result.reason);
    return sort_and_join(texts);
}

char *search_text(Directory *directory, const ReadRequest *request)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) found = directory_search(directory, request, 1000, NULL);
    assert_non_null(found);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add(texts, entry_text(g_ptr_array_index(found, i)));
    return sort_and_join(texts);
}

bool take_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)error;
    char **texts = data;
    assert_null(texts[index]); /* once for each */
    texts[index] = entry ? entry_text(entry) : g_strdup("gone");
    entry_free(entry);
    return true;
}

char *fetch_text(Directory *directory, FetchId id, const char *const *attributes)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    id.index = 0;
    if (!directory_fetch(directory, &id, 1, attributes, take_fetched, &text, &error))
        fail_msg("%s", error->message);
    assert_non_null(text);
    return text;
}

FetchId id_of(const char *dn, const char *attribute, const char *value)
{
    return (FetchId){.dn = dn, .id_attribute = attribute, .id = {value, value ? strlen(value) : 0}};
}

void assert_same(const char *what, const char *found, const char *expected)
{
    if (!strcmp(found, expected))
        return;
    g_printerr("found:\n%s\n--- instead of\n%s\n", found, expected); /* cmocka cuts it off */
    fail_msg("%s: not the same", what);
}

int drop_stores(void **state)
{
    (void)state;
    memory_store_drop("before");
    memory_store_drop("after");
    return 0;
}
