/*
 * test_planned_random.c - any plan, and a large one
 *
 * Random plans on random trees, laid over the one store and carried out on
 * the other. The seed is printed; PLANNED_SEED repeats a run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/planned_case.h"

#include <string.h>

/* ---- many */

static bool next_of_many(Change **change, void *data, GError **error)
{
    (void)error;
    size_t *left = data;
    *change = NULL;
    if (!*left)
        return true;
    g_autofree char *cn = g_strdup_printf("many%zu", --*left);
    g_autofree char *dn = g_strdup_printf("cn=%s,ou=q,dc=x", cn);
    *change = change_new(CHANGE_ADD, dn);
    (*change)->entry = entry_new(dn);
    entry_add_string((*change)->entry, "objectClass", "person");
    entry_add_string((*change)->entry, "cn", cn);
    entry_add_string((*change)->entry, "sn", "many");
    return true;
}

static bool count_item(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    g_hash_table_add(data, g_strdup(item->where));
    return true;
}

static void test_five_thousand_additions(void **state)
{
    (void)state;
    enum { N = 5000 };
    size_t left = N;
    make_store("before", "dn: ou=q,dc=x\nobjectClass: organizationalUnit\nou: q\n");
    g_autoptr(Directory) base = open_store("before", "dc=x");
    g_autoptr(Directory) planned = planned_open(base, next_of_many, &left, NULL);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = "(sn=*)"};
    ReadResult result;
    assert_true(directory_read(planned, &request, count_item, names, &result, NULL));
    assert_int_equal(result.entries, N);
    assert_int_equal(g_hash_table_size(names), N);
    for (int i = 0; i < N; i += 499) {
        g_autofree char *dn = g_strdup_printf("cn=many%d,ou=q,dc=x", i);
        g_autofree char *expected =
            g_strdup_printf("dn: %s\ncn: many%d\nobjectClass: person\nsn: many\n", dn, i);
        g_autofree char *found = fetch_text(planned, id_of(dn, NULL, NULL), NULL);
        assert_same(dn, found, expected);
    }
}

/* ---- any plan */

#define NAMES 12
#define POOL 4

/* A name that a person may have; the same by two spellings. */
static char *random_name(GRand *rand)
{
    static const char *const forms[] = {"cn=n%d,ou=%s,dc=x", "CN=N%d, OU=%s,dc=X"};
    g_autofree char *form = g_strdup(forms[g_rand_int_range(rand, 0, 2)]);
    g_autofree char *number = g_strdup_printf("%d", g_rand_int_range(rand, 0, NAMES));
    g_auto(GStrv) parts = g_strsplit(form, "%d", 2);
    g_autofree char *named = g_strjoin(number, parts[0], parts[1], NULL);
    g_auto(GStrv) placed = g_strsplit(named, "%s", 2);
    return g_strjoin(g_rand_boolean(rand) ? "p" : "q", placed[0], placed[1], NULL);
}

/* Case and blanks do not count. */
static void random_value(GRand *rand, char text[8])
{
    static const char *const forms[] = {"v%d", "V%d", " v%d ", "v %d"};
    g_autofree char *number = g_strdup_printf("%d", g_rand_int_range(rand, 0, POOL));
    g_auto(GStrv) parts = g_strsplit(forms[g_rand_int_range(rand, 0, G_N_ELEMENTS(forms))], "%d", 2);
    g_snprintf(text, 8, "%s%s%s", parts[0], number, parts[1]);
}

static Change *random_add(GRand *rand, const char *dn, unsigned number)
{
    Change *change = change_new(CHANGE_ADD, dn);
    g_autofree char *employee = g_strdup_printf("%u", number);
    g_autofree char *cn = g_strndup(strchr(dn, '=') + 1, strcspn(strchr(dn, '=') + 1, ","));
    change->entry = entry_new(dn);
    entry_add_string(change->entry, "objectClass", "inetOrgPerson");
    entry_add_string(change->entry, "cn", cn);
    entry_add_string(change->entry, "sn", cn);
    entry_add_string(change->entry, "employeeNumber", employee);
    char value[8];
    random_value(rand, value);
    if (g_rand_boolean(rand))
        entry_add_string(change->entry, "title", value);
    return change;
}

static Change *random_modify(GRand *rand, const char *dn)
{
    static const char *const attributes[] = {"title", "description", "sn"};
    Change *change = change_new(CHANGE_MODIFY, dn);
    for (int i = g_rand_int_range(rand, 0, 4); i >= 0; i--) {
        char text[8];
        random_value(rand, text);
        Value value = {text, strlen(text)};
        bool whole = g_rand_int_range(rand, 0, 5) == 0;
        change_modify(change, whole || g_rand_boolean(rand) ? MODIFY_DELETE : MODIFY_ADD,
                      attributes[g_rand_int_range(rand, 0, 3)], whole ? NULL : &value, whole ? 0 : 1);
    }
    return change;
}

static Change *random_rename(GRand *rand, const char *dn)
{
    Change *change = change_new(CHANGE_RENAME, dn);
    g_autofree char *rdn =
        g_strdup_printf("cn=%c%d", "nN"[g_rand_int_range(rand, 0, 2)], g_rand_int_range(rand, 0, NAMES));
    change->new_rdn = change_strdup(change, rdn);
    change->delete_old_rdn = g_rand_int_range(rand, 0, 3) != 0;
    if (g_rand_boolean(rand))
        change->new_superior = change_strdup(change, g_rand_boolean(rand) ? "ou=p,dc=x" : "OU=q,DC=x");
    return change;
}

static Change *random_change(GRand *rand, unsigned number)
{
    g_autofree char *dn = random_name(rand);
    switch (g_rand_int_range(rand, 0, 6)) {
    case 0:
    case 1:
        return random_add(rand, dn, number);
    case 2:
        return change_new(CHANGE_DELETE, dn);
    case 3:
        return random_rename(rand, dn);
    default:
        return random_modify(rand, dn);
    }
}

/* A server knows more than the overlay: what it refuses for other reasons than the entry is not in the plan.
 */
static Plan random_plan(GRand *rand, Directory *after)
{
    Plan plan = {.changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free)};
    bool is_long = g_rand_int_range(rand, 0, 20) == 0; /* more than are taken in at a time */
    for (unsigned i = 0, n = (unsigned)g_rand_int_range(rand, 0, is_long ? 900 : 40); i < n; i++) {
        g_autoptr(Change) change = random_change(rand, 100 + i);
        int code = carry_out(after, change);
        if (code == -1 || code == ERROR_MOVED || code == ERROR_NOT_FOUND)
            g_ptr_array_add(plan.changes, g_steal_pointer(&change));
    }
    return plan;
}

static char *random_tree(GRand *rand)
{
    GString *ldif = g_string_new("dn: dc=x\nobjectClass: domain\ndc: x\n\n"
                                 "dn: ou=p,dc=x\nobjectClass: organizationalUnit\nou: p\n\n"
                                 "dn: ou=q,dc=x\nobjectClass: organizationalUnit\nou: q\n\n");
    for (int i = 0; i < NAMES; i++) {
        char value[8];
        random_value(rand, value);
        if (g_rand_boolean(rand))
            g_string_append_printf(ldif,
                                   "dn: cn=n%d,ou=%s,dc=x\nobjectClass: inetOrgPerson\ncn: n%d\nsn: s\n"
                                   "title: %s\nemployeeNumber: %d\n"
                                   "entryUUID: 00000000-0000-4000-8000-%012d\n\n",
                                   i, g_rand_boolean(rand) ? "p" : "q", i, value, i, i);
    }
    return g_string_free(ldif, FALSE);
}

static void compare_requests(const char *what, Directory *planned, Directory *after)
{
    static const char *const bases[] = {NULL, "ou=p,dc=x", "cn=n3,ou=q,dc=x"};
    static const char *const filters[] = {NULL, "(title=v1)", "(!(title=*))", "(|(cn=n1)(cn=n2)(sn=v*))"};
    static const char *const wide[] = {"*", "+", NULL};
    for (size_t b = 0; b < G_N_ELEMENTS(bases); b++)
        for (size_t f = 0; f < G_N_ELEMENTS(filters); f++) {
            SearchScope scope = b == 2 ? SEARCH_BASE : f % 2 ? SEARCH_ONE : SEARCH_SUBTREE;
            ReadRequest request = {
                .base = bases[b], .scope = scope, .filter = filters[f], .attributes = f ? NULL : wide};
            g_autofree char *expected = search_text(after, &request), *found = search_text(planned, &request);
            assert_same(what, found, expected);
            if (b == 2) /* reading from a base that is missing fails */
                continue;
            g_autofree char *all = read_text(after, &request), *shown = read_text(planned, &request);
            assert_same(what, shown, all);
        }
}

static void compare_fetches(const char *what, Directory *planned, Directory *after)
{
    for (int i = 0; i < NAMES * 2; i++) {
        g_autofree char *dn = g_strdup_printf("cn=n%d,ou=%s,dc=x", i / 2, i % 2 ? "p" : "q");
        g_autofree char *uuid = g_strdup_printf("00000000-0000-4000-8000-%012d", i / 2);
        g_autofree char *number = g_strdup_printf("%d", i % 2 ? i / 2 : 100 + i);
        FetchId ids[] = {id_of(dn, NULL, NULL), id_of(dn, "entryUUID", uuid), id_of(NULL, "entryUUID", uuid),
                         id_of(dn, "employeeNumber", number)};
        for (size_t j = 0; j < G_N_ELEMENTS(ids); j++) {
            g_autofree char *expected = fetch_text(after, ids[j], NULL);
            g_autofree char *found = fetch_text(planned, ids[j], NULL);
            assert_same(what, found, expected);
        }
    }
}

static void run_random_plan(guint32 seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    g_autofree char *tree = random_tree(rand), *what = g_strdup_printf("seed %u", seed);
    make_store("before", tree);
    make_store("after", tree);
    g_autoptr(Directory) before = open_store("before", "dc=x");
    g_autoptr(Directory) after = open_store("after", "dc=x");
    g_auto(Plan) plan = random_plan(rand, after);
    g_autoptr(Directory) planned = open_planned(before, &plan);
    compare_requests(what, planned, after);
    compare_fetches(what, planned, after);
}

static void test_any_plan(void **state)
{
    (void)state;
    const char *given = g_getenv("PLANNED_SEED");
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    g_printerr("# PLANNED_SEED=%u\n", seed);
    for (guint32 i = 0; i < 200; i++)
        run_random_plan(seed + i);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_five_thousand_additions),
        cmocka_unit_test(test_any_plan),
    };
    return cmocka_run_group_tests_name("planned_random", tests, NULL, drop_stores);
}
