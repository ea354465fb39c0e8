/*
 * test_ldap_planned.c - a real server as a plan will leave it
 *
 * The plan is laid over the server, then carried out on it; both must show the
 * same people. test_planned.c has the cases.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/planned.h"
#include "tests/lab/ldap_case.h"

#include <string.h>

static bool next_change(Change **change, void *data, GError **error)
{
    (void)error;
    const GPtrArray *changes = data;
    static guint next;
    const Change *one = next < changes->len ? g_ptr_array_index(changes, next++) : NULL;
    *change = NULL;
    if (!one) {
        next = 0;
        return true;
    }
    *change = change_new(one->kind, one->dn);
    (*change)->entry = one->entry ? entry_copy(one->entry) : NULL;
    (*change)->new_rdn = change_strdup(*change, one->new_rdn);
    (*change)->delete_old_rdn = one->delete_old_rdn;
    for (size_t i = 0; i < one->n_modifications; i++) {
        const Modification *m = &one->modifications[i];
        change_modify(*change, m->kind, m->name, m->values, m->n_values);
    }
    return true;
}

static GPtrArray *make_plan(void)
{
    GPtrArray *changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    Change *modified = modification("cn=p0," PEOPLE, MODIFY_DELETE, "proxyAddresses", "smtp:P0@example.org");
    modify(modified, MODIFY_ADD, "title", "Dr");
    Change *renamed = change_new(CHANGE_RENAME, "cn=p1," PEOPLE);
    renamed->new_rdn = change_strdup(renamed, "cn=moved");
    renamed->delete_old_rdn = true;
    Change *added = new_contact("cn=new," PEOPLE, "new");
    entry_add_string(added->entry, "proxyAddresses", "SMTP:new@example.org");
    g_ptr_array_add(changes, modified);
    g_ptr_array_add(changes, renamed);
    g_ptr_array_add(changes, modification("cn=moved," PEOPLE, MODIFY_ADD, "title", "Mr"));
    g_ptr_array_add(changes, change_new(CHANGE_DELETE, "cn=p2," PEOPLE));
    g_ptr_array_add(changes, added);
    return changes;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every value with the name of its entry, sorted. */
static char *people_text(Directory *directory, const char *filter)
{
    Delivered delivered;
    ReadResult result;
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    ReadRequest request = {.base = PEOPLE, .scope = SEARCH_ONE, .filter = filter};
    delivered_init(&delivered);
    assert_true(directory_read(directory, &request, take_item, &delivered, &result, NULL));
    assert_int_equal(result.proof, PROOF_COMPLETE);
    assert_int_equal(result.entries, delivered.entries->len);
    for (guint i = 0; i < delivered.entries->len; i++) {
        const Entry *entry = g_ptr_array_index(delivered.entries, i);
        for (size_t j = 0; j < entry_n_attributes(entry); j++)
            for (size_t k = 0; k < entry_attribute(entry, j)->n_values; k++)
                g_ptr_array_add(lines,
                                g_strdup_printf("%s %s %s", entry_dn(entry), entry_attribute(entry, j)->name,
                                                entry_attribute(entry, j)->values[k].data));
    }
    delivered_clear(&delivered);
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static bool take_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)error;
    ((char **)data)[index] = g_strdup(entry ? entry_dn(entry) : "gone");
    entry_free(entry);
    return true;
}

static void a_server_is_shown_as_the_plan_leaves_it(void **state)
{
    (void)state;
    static const char *const filters[] = {NULL, "(title=*)", "(proxyAddresses=*)"};
    char *shown[G_N_ELEMENTS(filters)];
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 5, 0);
    g_autoptr(Entry) p1 = find_one(directory, "cn=p1," PEOPLE), p3 = find_one(directory, "cn=p3," PEOPLE);
    g_autoptr(GPtrArray) plan = make_plan();
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) planned = planned_open(directory, next_change, plan, &error);
    if (!planned)
        fail_msg("%s", error->message);
    assert_int_equal(planned_left_out(planned), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
        shown[i] = people_text(planned, filters[i]);

    const FetchId ids[] = {
        {"cn=p1," PEOPLE, "entryUUID", attribute_of(p1, "entryUUID")->values[0], 0},
        {"cn=p3," PEOPLE, "entryUUID", attribute_of(p3, "entryUUID")->values[0], 1},
        {"cn=p2," PEOPLE, NULL, {NULL, 0}, 2},
        {"cn=NEW," PEOPLE, NULL, {NULL, 0}, 3},
    };
    static const char *const expected[] = {"cn=moved," PEOPLE, "cn=p3," PEOPLE, "gone", "cn=new," PEOPLE};
    char *fetched[G_N_ELEMENTS(ids)] = {NULL};
    assert_true(directory_fetch(planned, ids, G_N_ELEMENTS(ids), NULL, take_fetched, fetched, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        assert_string_equal(fetched[i], expected[i]);
        g_free(fetched[i]);
    }

    for (guint i = 0; i < plan->len; i++)
        assert_done(directory, g_ptr_array_index(plan, i));
    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
        g_autofree char *there = people_text(directory, filters[i]);
        assert_string_equal(shown[i], there);
        g_free(shown[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_shown_as_the_plan_leaves_it),
    };
    return cmocka_run_group_tests_name("ldap_planned", tests, NULL, stop_shared);
}
