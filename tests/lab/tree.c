/*
 * tree.c - everything below a suffix of a slapd, taken out and put back as it was; see tree.h
 */
#include "tests/lab/tree.h"

#include "dirsync/dn.h"
#include "dirsync/ldif.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ldap.h>
#include <stdlib.h>
#include <string.h>

#define RELAX_RULES "1.3.6.1.4.1.4203.666.5.12"

struct LabTree {
    LDAP *ldap;
    char *suffix;
};

static void check(const LabTree *tree, const char *doing, int code)
{
    if (code != LDAP_SUCCESS)
        fail_msg("%s: %s: %s", tree->suffix, doing, ldap_err2string(code));
}

/* EXTERNAL has nothing to ask. */
static int answer_nothing(LDAP *ldap, unsigned flags, void *defaults, void *questions)
{
    (void)ldap;
    (void)flags;
    (void)defaults;
    (void)questions;
    return LDAP_SUCCESS;
}

LabTree *lab_tree_open(const Lab *lab, const char *suffix)
{
    LabTree *tree = g_new0(LabTree, 1);
    int version = LDAP_VERSION3;
    tree->suffix = g_strdup(suffix);
    check(tree, lab->uri, ldap_initialize(&tree->ldap, lab->uri));
    check(tree, "LDAPv3", ldap_set_option(tree->ldap, LDAP_OPT_PROTOCOL_VERSION, &version));
    check(tree, "bind",
          ldap_sasl_interactive_bind_s(tree->ldap, NULL, "EXTERNAL", NULL, NULL, LDAP_SASL_QUIET,
                                       answer_nothing, NULL));
    return tree;
}

void lab_tree_close(LabTree *tree)
{
    if (!tree)
        return;
    ldap_unbind_ext_s(tree->ldap, NULL, NULL);
    g_free(tree->suffix);
    g_free(tree);
}

/* --- out --- */

static LDAPMessage *search(LabTree *tree, char **attributes)
{
    LDAPMessage *found = NULL;
    int code = ldap_search_ext_s(tree->ldap, tree->suffix, LDAP_SCOPE_SUBTREE, "(objectClass=*)", attributes,
                                 0, NULL, NULL, NULL, LDAP_NO_LIMIT, &found);
    if (code == LDAP_NO_SUCH_OBJECT) { /* a database that is empty */
        ldap_msgfree(found);
        return NULL;
    }
    check(tree, "search", code);
    return found;
}

static LDAPMessage *first(LabTree *tree, LDAPMessage *found)
{
    return found ? ldap_first_entry(tree->ldap, found) : NULL;
}

/* slapd escapes in hexadecimal digits. NULL: no name. */
static char *as_we_write(const char *dn)
{
    g_autoptr(Dn) parsed = dn_parse(dn, NULL);
    return parsed ? dn_format(parsed, 0) : NULL;
}

static void add_value(Entry *entry, const char *name, const struct berval *value)
{
    g_autofree char *spelt = g_ascii_strcasecmp(name, "member") == 0 ? as_we_write(value->bv_val) : NULL;
    if (spelt)
        entry_add_string(entry, name, spelt);
    else
        entry_add(entry, name, value->bv_val, value->bv_len);
}

static Entry *entry_of(LabTree *tree, LDAPMessage *message)
{
    BerElement *at = NULL;
    char *dn = ldap_get_dn(tree->ldap, message);
    g_autofree char *spelt = as_we_write(dn);
    Entry *entry = entry_new(spelt ? spelt : dn);
    ldap_memfree(dn);
    for (char *name = ldap_first_attribute(tree->ldap, message, &at); name;
         name = ldap_next_attribute(tree->ldap, message, at)) {
        struct berval **values = ldap_get_values_len(tree->ldap, message, name);
        for (size_t i = 0; values && values[i]; i++)
            add_value(entry, name, values[i]);
        ldap_value_free_len(values);
        ldap_memfree(name);
    }
    ber_free(at, 0);
    return entry;
}

char *lab_tree_get(LabTree *tree)
{
    char *attributes[] = {(char *)"*", (char *)"entryUUID", (char *)"pwdAccountLockedTime", NULL};
    LDAPMessage *found = search(tree, attributes);
    GString *text = g_string_new(NULL);
    for (LDAPMessage *at = first(tree, found); at; at = ldap_next_entry(tree->ldap, at)) {
        g_autoptr(Entry) entry = entry_of(tree, at);
        ldif_write_entry(text, entry);
    }
    ldap_msgfree(found);
    return g_string_free(text, FALSE);
}

/* --- in --- */

static GPtrArray *entries_of(const LabTree *tree, const char *ldif)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), tree->suffix);
    g_autoptr(GError) error = NULL;
    Entry *entry;
    RecordStatus status;
    while ((status = ldif_read_entry(reader, &entry, &error)) == RECORD_GOOD)
        g_ptr_array_add(entries, entry);
    if (status != RECORD_END)
        fail_msg("%s: %s", tree->suffix, error ? error->message : "is cut off");
    return entries;
}

static gint longest_first(gconstpointer a, gconstpointer b)
{
    size_t left = strlen(entry_dn(*(Entry *const *)a)), right = strlen(entry_dn(*(Entry *const *)b));
    return (left < right) - (left > right);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Attributes and values in an order of their own. */
static char *sorted_text(const Entry *entry)
{
    g_autoptr(GString) text = g_string_new(NULL);
    ldif_write_entry(text, entry);
    g_auto(GStrv) folded = g_strsplit(text->str, "\n ", -1);
    g_autofree char *whole = g_strjoinv("", folded);
    g_auto(GStrv) lines = g_strsplit(whole, "\n", -1);
    qsort(lines, g_strv_length(lines), sizeof *lines, by_text);
    return g_strjoinv("\n", lines);
}

/* Takes away what is not among @wanted; of those what is there already. Who changes only what differs shows
 * changes to those who ask for them, and not a container that comes and goes, which would make them read all.
 * The name of a child is longer than that of its parent. */
static int remove_others(LabTree *tree, GPtrArray *wanted)
{
    g_autofree char *ldif = lab_tree_get(tree);
    g_autoptr(GPtrArray) there = entries_of(tree, ldif);
    g_autoptr(GHashTable) texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int code = LDAP_SUCCESS;
    for (guint i = 0; i < there->len; i++)
        g_hash_table_add(texts, sorted_text(g_ptr_array_index(there, i)));
    g_autoptr(GHashTable) kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = wanted->len; i-- > 0;) {
        g_autofree char *text = sorted_text(g_ptr_array_index(wanted, i));
        if (!g_hash_table_contains(texts, text))
            continue;
        g_hash_table_add(kept, g_steal_pointer(&text));
        g_ptr_array_remove_index(wanted, i);
    }
    g_ptr_array_sort(there, longest_first);
    for (guint i = 0; i < there->len && code == LDAP_SUCCESS; i++) {
        const Entry *entry = g_ptr_array_index(there, i);
        g_autofree char *text = sorted_text(entry);
        if (!g_hash_table_contains(kept, text))
            code = ldap_delete_ext_s(tree->ldap, entry_dn(entry), NULL, NULL);
    }
    return code;
}

typedef struct {
    LDAPMod *mods;
    LDAPMod **list;
    struct berval *values;
    struct berval **pointers;
} Request;

static void fill(Request *request, const Entry *entry)
{
    size_t n = entry_n_attributes(entry), total = 0, next = 0;
    for (size_t i = 0; i < n; i++)
        total += entry_attribute(entry, i)->n_values;
    request->mods = g_new0(LDAPMod, n);
    request->list = g_new0(LDAPMod *, n + 1);
    request->values = g_new0(struct berval, total + 1);
    request->pointers = g_new0(struct berval *, total + n + 1);
    for (size_t i = 0, value = 0; i < n; i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        request->mods[i] =
            (LDAPMod){.mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES, .mod_type = (char *)attribute->name};
        request->mods[i].mod_bvalues = request->pointers + next;
        request->list[i] = &request->mods[i];
        for (size_t j = 0; j < attribute->n_values; j++, value++) {
            request->values[value] =
                (struct berval){attribute->values[j].len, (char *)attribute->values[j].data};
            request->pointers[next++] = &request->values[value];
        }
        next++; /* NULL */
    }
}

static int add(LabTree *tree, const Entry *entry)
{
    LDAPControl relax = {(char *)RELAX_RULES, {0, NULL}, 1};
    LDAPControl *controls[] = {&relax, NULL};
    Request request = {0};
    fill(&request, entry);
    int code = ldap_add_ext_s(tree->ldap, entry_dn(entry), request.list, controls, NULL);
    g_free(request.mods);
    g_free(request.list);
    g_free(request.values);
    g_free(request.pointers);
    return code;
}

/* What a test may want that no server would take. */
static bool is_against_schema(int code)
{
    return code == LDAP_OBJECT_CLASS_VIOLATION || code == LDAP_TYPE_OR_VALUE_EXISTS ||
           code == LDAP_INVALID_SYNTAX || code == LDAP_UNDEFINED_TYPE;
}

static char *why_refused(const LabTree *tree, const Entry *entry, int code)
{
    char *said = NULL;
    ldap_get_option(tree->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
    char *why = g_strdup_printf("%s: %s: %s", entry_dn(entry), ldap_err2string(code), said ? said : "");
    ldap_memfree(said);
    return why;
}

/* Adds what it can, and takes that out of @entries: a child may stand before its parent. */
static bool add_some(LabTree *tree, GPtrArray *entries, char **refused)
{
    for (guint i = 0; i < entries->len;) {
        const Entry *entry = g_ptr_array_index(entries, i);
        int code = add(tree, entry);
        if (is_against_schema(code)) {
            *refused = why_refused(tree, entry, code);
            return false;
        }
        if (code == LDAP_SUCCESS)
            g_ptr_array_remove_index(entries, i);
        else if (code == LDAP_NO_SUCH_OBJECT)
            i++;
        else
            check(tree, entry_dn(entry), code);
    }
    return true;
}

bool lab_tree_put(LabTree *tree, const char *ldif, char **refused)
{
    g_autoptr(GPtrArray) entries = entries_of(tree, ldif);
    int code = remove_others(tree, entries);
    if (code == LDAP_NOT_ALLOWED_ON_NONLEAF) { /* a container is another one: so is all below it */
        g_autoptr(GPtrArray) none = entries_of(tree, "");
        g_ptr_array_unref(entries);
        entries = entries_of(tree, ldif);
        code = remove_others(tree, none);
    }
    check(tree, "delete", code);
    for (guint before = G_MAXUINT; entries->len && entries->len < before;) {
        before = entries->len;
        if (!add_some(tree, entries, refused))
            return false;
    }
    if (entries->len)
        fail_msg("%s: has no parent", entry_dn(g_ptr_array_index(entries, 0)));
    return true;
}
