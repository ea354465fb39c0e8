/*
 * test_shipped_manual.c - dirsync-mappings(7) says what the mappings that ship do
 *
 * Its tables have each attribute of each side, who wins and what it is made
 * from, and what can be made of what.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "manual_page.h"

#include "dirsync/mapping_internal.h"

#include <string.h>

static const char *const shipped[] = {"active-directory", "csv", "groupwise", "inetorgperson", "notes"};

static Mapping *load(const char *name, MappingSide side)
{
    g_autoptr(GError) error = NULL;
    Mapping *mapping = mapping_load(name, side, &error);
    if (!mapping)
        fail_msg("%s", error->message);
    return mapping;
}

/* Lines of "attribute Ta source, source" go in, those of one attribute joined: attribute to set of sources.
 */
static void add_row(GHashTable *rows, const char *attribute, char *const *sources)
{
    GHashTable *known = g_hash_table_lookup(rows, attribute);
    if (!known) {
        known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(rows, g_strdup(attribute), known);
    }
    for (; *sources; sources++)
        g_hash_table_add(known, g_strdup(*sources));
}

static char *rows_text(GHashTable *rows)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(rows), (GCompareFunc)strcmp);
    for (GList *name = names; name; name = name->next) {
        g_autoptr(GList) sources =
            g_list_sort(g_hash_table_get_keys(g_hash_table_lookup(rows, name->data)), (GCompareFunc)strcmp);
        g_string_append_printf(text, "%s:", (const char *)name->data);
        for (GList *source = sources; source; source = source->next)
            g_string_append_printf(text, " %s", (const char *)source->data);
        g_string_append_c(text, '\n');
    }
    return g_strdup(text->str);
}

/* Keep in step with WhoWins. */
static const char *const wins_words[] = {"replace", "initial", "merge"};

#define WHICH "which -" /* the row that says what the conditions look at */

static char *rows_of_mapping(const Mapping *mapping)
{
    g_autoptr(GHashTable) rows =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    for (guint i = 0; i < mapping->recipients->len; i++) {
        const Recipient *recipient = g_ptr_array_index(mapping->recipients, i);
        if (recipient->when)
            add_row(rows, WHICH, recipient->sources);
        for (size_t j = 0; j < recipient->about.n_rules; j++) {
            const MappingRule *rule = recipient->about.rules[j];
            g_autofree char *row = g_strdup_printf("%s %s", rule->name, wins_words[rule->wins]);
            add_row(rows, row, mapping_rule_of(rule)->sources);
        }
    }
    return rows_text(rows);
}

/* The text from a heading up to the next of its kind (.Sh, .Ss); empty when it is not there. */
static char *section(const char *text, const char *kind, const char *title)
{
    g_autofree char *heading = g_strdup_printf("\n%s %s\n", kind, title);
    g_autofree char *next = g_strdup_printf("\n%s ", kind);
    const char *begin = strstr(text, heading);
    if (!begin)
        return g_strdup("");
    begin += strlen(heading) - 1; /* the line end may begin the next heading */
    const char *end = strstr(begin, next);
    return end ? g_strndup(begin, (size_t)(end - begin)) : g_strdup(begin);
}

/* Rows are ".It Li attribute Ta wins Ta source, source". */
static char *rows_of_manual(const char *text)
{
    g_autoptr(GHashTable) rows =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, ".It Li "))
            continue;
        g_auto(GStrv) columns = g_strsplit(*line + strlen(".It Li "), " Ta ", 3);
        assert_int_equal(g_strv_length(columns), 3);
        g_autofree char *row = g_strdup_printf("%s %s", columns[0], columns[1]);
        g_auto(GStrv) sources = g_strsplit(columns[2], ", ", -1);
        char *const none[] = {NULL};
        add_row(rows, row, strcmp(columns[2], "a constant") == 0 ? none : sources);
    }
    return rows_text(rows);
}

static void the_manual_says_what_the_files_do(void **state)
{
    (void)state;
    g_autofree char *manual = manual_page("dirsync-mappings.7");
    for (size_t i = 0; i < G_N_ELEMENTS(shipped); i++)
        for (MappingSide side = MAPPING_IMPORT; side <= MAPPING_EXPORT; side++) {
            g_autoptr(Mapping) mapping = load(shipped[i], side);
            g_autofree char *title = g_ascii_strup(shipped[i], -1);
            g_autofree char *chapter = section(manual, ".Sh", title);
            g_autofree char *part = section(chapter, ".Ss", side == MAPPING_IMPORT ? "Import" : "Export");
            g_autofree char *does = rows_of_mapping(mapping), *says = rows_of_manual(part);
            if (strcmp(says, does) != 0)
                fail_msg("%s, side %d:\nthe manual says\n%s\nthe mapping does\n%s", shipped[i], side, says,
                         does);
        }
}

/* "group, contact"; "no" where the mapping has nothing of the kind. */
static void append_kinds(GString *out, const Mapping *mapping, RecipientOf of)
{
    bool made[AS_KINDS] = {false};
    bool any = false;
    for (size_t i = 0; i < mapping_n_recipients(mapping); i++)
        if (mapping_recipient(mapping, i)->of == of)
            made[mapping_recipient(mapping, i)->as] = true;
    static const RecipientAs order[] = {AS_GROUP, AS_CONTACT, AS_USER};
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        if (made[order[i]]) {
            g_string_append_printf(out, "%s%s", any ? ", " : "", recipient_as_names[order[i]]);
            any = true;
        }
    g_string_append(out, any ? "" : "no");
}

static void the_manual_says_what_of_what_is_made(void **state)
{
    (void)state;
    g_autofree char *manual = manual_page("dirsync-mappings.7");
    static const RecipientOf columns[] = {OF_PERSON, OF_GROUP, OF_RESOURCE, OF_CONTACT};
    for (size_t i = 0; i < G_N_ELEMENTS(shipped); i++)
        for (MappingSide side = MAPPING_IMPORT; side <= MAPPING_EXPORT; side++) {
            g_autoptr(Mapping) mapping = load(shipped[i], side);
            g_autoptr(GString) row = g_string_new(NULL);
            g_string_printf(row, "\n.It %s, %s", shipped[i], side == MAPPING_IMPORT ? "import" : "export");
            for (size_t j = 0; j < G_N_ELEMENTS(columns); j++) {
                g_string_append(row, " Ta ");
                append_kinds(row, mapping, columns[j]);
            }
            g_string_append_c(row, '\n');
            if (!strstr(manual, row->str))
                fail_msg("the manual lacks %s", row->str);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_says_what_the_files_do),
        cmocka_unit_test(the_manual_says_what_of_what_is_made),
    };
    return cmocka_run_group_tests_name("shipped_manual", tests, NULL, NULL);
}
