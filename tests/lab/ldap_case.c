/*
 * ldap_case.c - the pieces that the tests of the LDAP driver are made of
 */
#include "tests/lab/ldap_case.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static const char *const with_uuid[] = {"*", "entryUUID", NULL};

Lab *shared;

Lab *shared_lab(void)
{
    lab_skip_unless_slapd();
    if (!shared)
        shared = lab_slapd_start("--nosync --tls");
    return shared;
}

int stop_shared(void **state)
{
    (void)state;
    lab_slapd_stop(shared);
    return 0;
}

void place_init(Place *place, char *uri, BindMethod bind)
{
    *place = (Place){
        .uris = {uri},
        .endpoint = {
            .driver = (char *)"ldap", .base = (char *)SUFFIX, .bind = bind, .timeout = 10, .window = 32}};
    place->endpoint.uris = place->uris;
}

void place_set_user(Place *place, const char *password)
{
    g_setenv("LAB_PASSWORD", password, TRUE);
    place->endpoint.bind = BIND_SIMPLE;
    place->endpoint.bind_dn = (char *)USER;
    place->endpoint.password = (SecretSource){SECRET_ENVIRONMENT, (char *)"LAB_PASSWORD"};
}

Directory *open_place(const Place *place)
{
    g_autoptr(GError) error = NULL;
    Directory *directory = ldap_driver.open(&place->endpoint, &error);
    if (!directory)
        fail_msg("%s", error->message);
    return directory;
}

void assert_cannot_open(const Place *place, ErrorCode code, const char *message)
{
    g_autoptr(GError) error = NULL;
    assert_null(ldap_driver.open(&place->endpoint, &error));
    if (!error_is(error, code) || !strstr(error->message, message))
        fail_msg("code %d: %s", error->code, error->message);
    assert_non_null(strstr(error->message, "; "));
    assert_null(strstr(error->message, "not-the-secret"));
}

/* Removes what other cases left below the suffix, and makes ou=people. */
Directory *fresh_tree(Place *place)
{
    place_init(place, shared_lab()->uri, BIND_EXTERNAL);
    Directory *directory = open_place(place);
    ReadRequest all = {.scope = SEARCH_SUBTREE, .filter = "(!(|(dc=*)(uid=user)))"};
    g_autoptr(GPtrArray) left = ldap_driver.search(directory, &all, 10000, NULL);
    g_autoptr(GString) ldif = g_string_new(NULL);
    for (guint i = left->len; i > 0; i--) /* parents come first */
        g_string_append_printf(ldif, "dn: %s\nchangetype: delete\n\n",
                               entry_dn(g_ptr_array_index(left, i - 1)));
    if (left->len)
        lab_ldif_load(shared, ldif->str);
    lab_ldif_load(shared, "dn: " PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    return directory;
}

void load_people(Lab *lab, int n, size_t description)
{
    g_autoptr(GString) ldif = g_string_new(NULL);
    g_autofree char *text = g_strnfill(description, 'x');
    for (int i = 0; i < n; i++) {
        g_string_append_printf(ldif, "dn: cn=p%d,%s\nobjectClass: contact\ncn: p%d\n", i,
                               lab == shared ? PEOPLE : SUFFIX, i);
        g_string_append_printf(ldif, "proxyAddresses: SMTP:p%d@example.org\n", i);
        if (description)
            g_string_append_printf(ldif, "description: %s\n", text);
        g_string_append_c(ldif, '\n');
    }
    lab_ldif_load(lab, ldif->str);
}

void delivered_init(Delivered *delivered)
{
    *delivered = (Delivered){
        .entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free),
        .fingerprints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
}

void delivered_clear(Delivered *delivered)
{
    g_ptr_array_unref(delivered->entries);
    g_hash_table_unref(delivered->fingerprints);
}

bool take_item(const DirectoryItem *item, void *data, GError **error)
{
    Delivered *delivered = data;
    assert_null(item->bad);
    assert_false(fingerprint_is_zero(item->fingerprint));
    Entry *entry = item->directory->decode(item, error);
    assert_non_null(entry);
    assert_string_equal(entry_dn(entry), item->where);
    g_ptr_array_add(delivered->entries, entry);
    bool is_new = g_hash_table_insert(delivered->fingerprints, g_strdup(item->where),
                                      g_memdup2(&item->fingerprint, sizeof item->fingerprint));
    assert_true(is_new);
    if (delivered->kill_after_first && delivered->entries->len == 1)
        lab_slapd_kill(delivered->kill_after_first);
    if (!delivered->stop_after || delivered->entries->len < delivered->stop_after)
        return true;
    error_set(error, ERROR_INTERRUPTED, "enough");
    return false;
}

Fingerprint fingerprint_of(const Delivered *delivered, const char *dn)
{
    const Fingerprint *found = g_hash_table_lookup(delivered->fingerprints, dn);
    assert_non_null(found);
    return *found;
}

Entry *find_one(Directory *directory, const char *dn)
{
    g_autoptr(GError) error = NULL;
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE, .attributes = with_uuid};
    g_autoptr(GPtrArray) found = ldap_driver.search(directory, &request, 1, &error);
    if (!found)
        fail_msg("%s", error->message);
    return found->len ? g_ptr_array_steal_index(found, 0) : NULL;
}

const Attribute *attribute_of(const Entry *entry, const char *name)
{
    gssize at = entry_index(entry, name);
    return at < 0 ? NULL : entry_attribute(entry, (size_t)at);
}

bool has_value(const Entry *entry, const char *name, const char *value)
{
    const Attribute *attribute = attribute_of(entry, name);
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        if (strcmp(attribute->values[i].data, value) == 0)
            return true;
    }
    return false;
}

void take_ending(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)change;
    Ending *ending = data;
    ending->calls++;
    ending->outcome = outcome;
    ending->code = error ? error->code : -1;
    g_free(ending->message);
    ending->message = g_strdup(error ? error->message : "");
}

Ending apply_change(Directory *directory, const Change *change)
{
    Ending ending = {0};
    g_autoptr(GError) error = NULL;
    assert_true(ldap_driver.submit(directory, change, take_ending, &ending, &error));
    assert_true(ldap_driver.flush(directory, &error));
    assert_int_equal(ending.calls, 1);
    return ending;
}

void assert_done(Directory *directory, const Change *change)
{
    Ending ending = apply_change(directory, change);
    if (ending.outcome != OUTCOME_DONE)
        fail_msg("%s", ending.message);
    g_free(ending.message);
}

void assert_fails(Directory *directory, const Change *change, ErrorCode code)
{
    Ending ending = apply_change(directory, change);
    if (ending.outcome != OUTCOME_FAILED || ending.code != (int)code)
        fail_msg("expected %d, got %d: %s", code, ending.code, ending.message);
    assert_true(g_str_has_prefix(ending.message, "ldapi://"));
    assert_non_null(strstr(ending.message, "; "));
    g_free(ending.message);
}

Change *new_contact(const char *dn, const char *cn)
{
    Change *change = change_new(CHANGE_ADD, dn);
    if (!change->entry)
        change->entry = entry_new(dn);
    entry_add_string(change->entry, "objectClass", "contact");
    entry_add_string(change->entry, "cn", cn);
    return change;
}

void modify(Change *change, ModifyKind kind, const char *name, const char *text)
{
    Value value = {.data = text, .len = text ? strlen(text) : 0};
    change_modify(change, kind, name, text ? &value : NULL, text ? 1 : 0);
}

Change *modification(const char *dn, ModifyKind kind, const char *name, const char *text)
{
    Change *change = change_new(CHANGE_MODIFY, dn);
    modify(change, kind, name, text);
    return change;
}
