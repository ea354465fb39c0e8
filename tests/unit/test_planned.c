/*
 * test_planned.c - what a plan will leave is what is there once it is carried out
 *
 * Two stores in memory begin alike. The plan is laid over the one and really
 * carried out on the other; then every question has the same answer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/planned_case.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define UUID(n) "00000000-0000-4000-8000-00000000000" n
#define PERSON(name, ou, number)                                                                             \
    "dn: cn=" name ",ou=" ou ",dc=x\nobjectClass: inetOrgPerson\ncn: " name "\nsn: " name                    \
    "\nemployeeNumber: " number "\nentryUUID: " UUID(number) "\n"
#define TREE                                                                                                 \
    "dn: dc=x\nobjectClass: domain\ndc: x\n\n"                                                               \
    "dn: ou=p,dc=x\nobjectClass: organizationalUnit\nou: p\n\n"                                              \
    "dn: ou=q,dc=x\nobjectClass: organizationalUnit\nou: q\n\n" PERSON(                                      \
        "Ant", "p", "1") "title: worker\n\n" PERSON("Bee", "p", "2") "\n" PERSON("Cat", "q", "3") "\n"

#define ADD_DOG                                                                                              \
    "dn: cn=Dog,ou=p,dc=x\nchangetype: add\nobjectClass: inetOrgPerson\ncn: Dog\nsn: D\nemployeeNumber: "    \
    "4\n\n"
#define MODIFY_ANT "dn: CN=ant , OU=p,dc=x\nchangetype: modify\n"
#define RENAME_ANT "dn: cn=Ant,ou=p,dc=x\nchangetype: modrdn\n"
#define DELETE_ANT "dn: cn=ANT,ou=p,dc=x\nchangetype: delete\n\n"

/* ---- each kind of change */

typedef struct {
    const char *what, *plan;
    const char *base, *filter; /* of the request */
    SearchScope scope;
    size_t left_out;   /* these are refused by the other store too */
    const char *names; /* who is shown, for whoever reads this: the texts are compared whole */
} PlanCase;

#define EVERYBODY "ou=p,dc=x", "(sn=*)", SEARCH_SUBTREE
#define SUBTREE "dc=x", "(sn=*)", SEARCH_SUBTREE

static const PlanCase plan_cases[] = {
    {"nothing", "", EVERYBODY, 0, "Ant Bee"},
    {"add", ADD_DOG, EVERYBODY, 0, "Ant Bee Dog"},
    {"add elsewhere", ADD_DOG, "ou=q,dc=x", "(sn=*)", SEARCH_SUBTREE, 0, "Cat"},
    {"delete", DELETE_ANT, EVERYBODY, 0, "Bee"},
    {"modify", MODIFY_ANT "delete: title\ntitle: worker\n-\nadd: title\ntitle: queen\ntitle: lady\n-\n\n",
     EVERYBODY, 0, "Ant Bee"},
    {"modify away an attribute", MODIFY_ANT "delete: title\n-\n\n", EVERYBODY, 0, "Ant Bee"},
    {"rename", RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 1\n\n", EVERYBODY, 0, "Bee Bug"},
    {"rename and keep the old name", RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 0\n\n", EVERYBODY, 0,
     "Bee Bug"},
    {"rename by case", RENAME_ANT "newrdn: cn=ANT\ndeleteoldrdn: 1\n\n", EVERYBODY, 0, "ANT Bee"},
    {"move", RENAME_ANT "newrdn: cn=Ant\ndeleteoldrdn: 1\nnewsuperior: ou=q,dc=x\n\n", SUBTREE, 0,
     "Ant Bee Cat"},
    {"two changes", MODIFY_ANT "add: title\ntitle: b\n-\n\n" MODIFY_ANT "delete: title\ntitle: B\n-\n\n",
     EVERYBODY, 0, "Ant Bee"},
    {"rename, then modify",
     RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 1\n\n"
                "dn: cn=Bug,ou=p,dc=x\nchangetype: modify\nadd: title\ntitle: b\n-\n\n",
     EVERYBODY, 0, "Bee Bug"},
    {"modify, then rename",
     MODIFY_ANT "add: title\ntitle: b\n-\n\n" RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 1\n\n", EVERYBODY, 0,
     "Bee Bug"},
    {"rename there and back",
     RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 1\n\n"
                "dn: cn=Bug,ou=p,dc=x\nchangetype: modrdn\nnewrdn: cn=Ant\ndeleteoldrdn: 1\n\n",
     EVERYBODY, 0, "Ant Bee"},
    {"rename, then delete",
     RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 1\n\ndn: cn=Bug,ou=p,dc=x\nchangetype: delete\n\n", EVERYBODY,
     0, "Bee"},
    {"two swap their names",
     RENAME_ANT "newrdn: cn=Z\ndeleteoldrdn: 1\n\n"
                "dn: cn=Bee,ou=p,dc=x\nchangetype: modrdn\nnewrdn: cn=Ant\ndeleteoldrdn: 1\n\n"
                "dn: cn=Z,ou=p,dc=x\nchangetype: modrdn\nnewrdn: cn=Bee\ndeleteoldrdn: 1\n\n",
     EVERYBODY, 0, "Ant Bee"},
    {"add, then modify", ADD_DOG "dn: cn=dog,ou=p,dc=x\nchangetype: modify\nadd: title\ntitle: b\n-\n\n",
     EVERYBODY, 0, "Ant Bee Dog"},
    {"add, then rename",
     ADD_DOG "dn: cn=dog,ou=p,dc=x\nchangetype: modrdn\nnewrdn: cn=Elk\ndeleteoldrdn: 1\n\n", EVERYBODY, 0,
     "Ant Bee Elk"},
    {"add, then delete", ADD_DOG "dn: cn=dog,ou=p,dc=x\nchangetype: delete\n\n", EVERYBODY, 0, "Ant Bee"},
    {"delete, then add as another kind",
     DELETE_ANT "dn: cn=Ant,ou=p,dc=x\nchangetype: add\nobjectClass: person\ncn: Ant\nsn: A\n\n", EVERYBODY,
     0, "Ant Bee"},
    {"delete, then add and modify",
     DELETE_ANT "dn: cn=Ant,ou=p,dc=x\nchangetype: add\nobjectClass: person\ncn: Ant\nsn: A\n\n" MODIFY_ANT
                "add: description\ndescription: b\n-\n\n",
     EVERYBODY, 0, "Ant Bee"},
    {"rename, then add in its place",
     RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 1\n\n"
                "dn: cn=Ant,ou=p,dc=x\nchangetype: add\nobjectClass: person\ncn: Ant\nsn: A\n\n",
     EVERYBODY, 0, "Ant Bee Bug"},

    {"into the filter", "dn: cn=Bee,ou=p,dc=x\nchangetype: modify\nadd: title\ntitle: b\n-\n\n", "dc=x",
     "(title=*)", SEARCH_SUBTREE, 0, "Ant Bee"},
    {"out of the filter", MODIFY_ANT "delete: title\n-\n\n", "dc=x", "(title=*)", SEARCH_SUBTREE, 0, ""},
    {"by its new name into the filter", RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 1\n\n", "dc=x", "(cn=bug)",
     SEARCH_SUBTREE, 0, "Bug"},
    {"added, but not for this filter", ADD_DOG, "dc=x", "(title=*)", SEARCH_SUBTREE, 0, "Ant"},
    {"into the scope",
     "dn: cn=Cat,ou=q,dc=x\nchangetype: modrdn\nnewrdn: cn=Cat\ndeleteoldrdn: 1\n"
     "newsuperior: ou=p,dc=x\n\n",
     "ou=p,dc=x", "(sn=*)", SEARCH_ONE, 0, "Ant Bee Cat"},
    {"out of the scope", RENAME_ANT "newrdn: cn=Ant\ndeleteoldrdn: 1\nnewsuperior: ou=q,dc=x\n\n",
     "ou=p,dc=x", "(sn=*)", SEARCH_ONE, 0, "Bee"},
    {"added below one level", ADD_DOG, "dc=x", NULL, SEARCH_ONE, 0, "p q"},
    {"one by name", MODIFY_ANT "add: title\ntitle: b\n-\n\n", "cn=ANT,ou=p,dc=x", NULL, SEARCH_BASE, 0,
     "Ant"},
    {"an untouched one by name", MODIFY_ANT "add: title\ntitle: b\n-\n\n", "cn=Bee,ou=p,dc=x", NULL,
     SEARCH_BASE, 0, "Bee"},
    {"the endpoint's base", ADD_DOG DELETE_ANT, NULL, "(sn=*)", SEARCH_SUBTREE, 0, "Bee Dog"},

    {"modify what is not there", "dn: cn=Z,ou=p,dc=x\nchangetype: modify\nadd: title\ntitle: b\n-\n\n",
     EVERYBODY, 1, "Ant Bee"},
    {"modify what was deleted", DELETE_ANT MODIFY_ANT "add: title\ntitle: b\n-\n\n", EVERYBODY, 1, "Bee"},
    {"delete a value that is not there",
     MODIFY_ANT "add: title\ntitle: b\n-\ndelete: title\ntitle: z\n-\n\n" MODIFY_ANT
                "add: title\ntitle: c\n-\n\n",
     EVERYBODY, 1, "Ant Bee"},
    {"add a value that is there", MODIFY_ANT "add: title\ntitle: WORKER\n-\n\n", EVERYBODY, 1, "Ant Bee"},
    {"add twice", ADD_DOG ADD_DOG, EVERYBODY, 1, "Ant Bee Dog"},
    {"rename what is not there", "dn: cn=Z,ou=p,dc=x\nchangetype: modrdn\nnewrdn: cn=Y\ndeleteoldrdn: 1\n\n",
     EVERYBODY, 1, "Ant Bee"},
    {"rename onto what the plan added", ADD_DOG RENAME_ANT "newrdn: cn=DOG\ndeleteoldrdn: 1\n\n", EVERYBODY,
     1, "Ant Bee Dog"},
    {"rename to no name", RENAME_ANT "newrdn: Bug\ndeleteoldrdn: 1\n\n", EVERYBODY, 1, "Ant Bee"},
    {"delete twice", DELETE_ANT DELETE_ANT, EVERYBODY, 1, "Bee"},
    {"a name that is none", "dn: Z\nchangetype: delete\n\n", EVERYBODY, 1, "Ant Bee"},
};

/* The first values of the RDNs in @text, in its order. */
static char *names_in(const char *text)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (const char *at = strstr(text, "dn: "); at; at = strstr(at, "\ndn: ")) {
        const char *value = strchr(at, '=') + 1;
        g_string_append_printf(names, "%s%.*s", names->len ? " " : "", (int)strcspn(value, ",\n"), value);
        at = value;
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static void run_plan_case(const PlanCase *c)
{
    make_store("after", TREE);
    make_store("before", TREE);
    g_autoptr(Directory) after = open_store("after", "ou=p,dc=x");
    g_autoptr(Directory) before = open_store("before", "ou=p,dc=x");
    g_auto(Plan) plan = parse_plan(c->plan);
    size_t refused = 0;
    for (guint i = 0; i < plan.changes->len; i++)
        refused += carry_out(after, g_ptr_array_index(plan.changes, i)) != -1;
    g_autoptr(Directory) planned = open_planned(before, &plan);
    assert_int_equal(refused, c->left_out);
    assert_int_equal(planned_left_out(planned), c->left_out);

    static const char *const some[] = {"sn", "title", "entryUUID", NULL};
    for (int narrow = 0; narrow < 2; narrow++) {
        ReadRequest request = {
            .base = c->base, .scope = c->scope, .filter = c->filter, .attributes = narrow ? some : NULL};
        g_autofree char *expected = read_text(after, &request), *found = read_text(planned, &request);
        g_autofree char *searched = search_text(planned, &request), *names = names_in(expected);
        assert_same(c->what, names, c->names);
        assert_same(c->what, found, expected);
        assert_same(c->what, searched, expected);
    }
}

static void test_each_kind_of_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(plan_cases); i++)
        run_plan_case(&plan_cases[i]);
}

/* ---- what passes through, and what does not */

static bool take_fingerprint(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    g_hash_table_insert(data, g_strdup(item->where), g_memdup2(&item->fingerprint, sizeof(Fingerprint)));
    return true;
}

static GHashTable *fingerprints(Directory *directory)
{
    GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    ReadRequest request = {.scope = SEARCH_SUBTREE};
    ReadResult result;
    assert_true(directory_read(directory, &request, take_fingerprint, found, &result, NULL));
    return found;
}

static bool same_fingerprint(GHashTable *a, GHashTable *b, const char *dn)
{
    const Fingerprint *left = g_hash_table_lookup(a, dn), *right = g_hash_table_lookup(b, dn);
    assert_non_null(left);
    assert_non_null(right);
    return fingerprint_equal(*left, *right);
}

static const char some_of_each[] = ADD_DOG MODIFY_ANT "add: title\ntitle: b\n-\n\n";

static void test_fingerprints(void **state)
{
    (void)state;
    make_store("before", TREE);
    g_autoptr(Directory) base = open_store("before", NULL);
    g_auto(Plan) plan = parse_plan(some_of_each), again = parse_plan(some_of_each);
    g_auto(Plan) other = parse_plan(ADD_DOG MODIFY_ANT "add: title\ntitle: c\n-\n\n");
    g_autoptr(Directory) planned = open_planned(base, &plan);
    g_autoptr(Directory) repeated = open_planned(base, &again);
    g_autoptr(Directory) different = open_planned(base, &other);
    g_autoptr(GHashTable) plain = fingerprints(base), first = fingerprints(planned);
    g_autoptr(GHashTable) second = fingerprints(repeated), third = fingerprints(different);
    assert_true(same_fingerprint(plain, first, "cn=Bee,ou=p,dc=x"));
    assert_false(same_fingerprint(plain, first, "cn=Ant,ou=p,dc=x"));
    assert_true(same_fingerprint(first, second, "cn=Ant,ou=p,dc=x"));
    assert_true(same_fingerprint(first, second, "cn=Dog,ou=p,dc=x"));
    assert_false(same_fingerprint(first, third, "cn=Ant,ou=p,dc=x"));
}

static void test_description(void **state)
{
    (void)state;
    make_store("before", TREE);
    g_autoptr(Directory) base = open_store("before", "ou=p,dc=x");
    g_auto(Plan) plan = parse_plan(some_of_each);
    g_autoptr(Directory) planned = open_planned(base, &plan);
    DirectoryDescription of_base = *directory_describe(base);
    const DirectoryDescription *description = directory_describe(planned);
    assert_int_equal(description->capabilities,
                     of_base.capabilities & ~(unsigned)(CAN_WRITE | CAN_TELL_CHANGES));
    assert_ptr_equal(description->schema, of_base.schema);
    assert_string_equal(description->default_anchor, "entryUUID");
    assert_string_equal(description->subject, of_base.subject);
    g_autoptr(GError) error = NULL;
    g_autoptr(Change) change = change_new(CHANGE_DELETE, "cn=Ant,ou=p,dc=x");
    assert_false(directory_submit(planned, change, NULL, NULL, &error));
    assert_true(error_is(error, ERROR_PROTOCOL));
}

static bool refuse_second(const DirectoryItem *item, void *data, GError **error)
{
    (void)item;
    if (++*(int *)data < 3)
        return true;
    error_set(error, ERROR_INTERRUPTED, "enough");
    return false;
}

static void test_errors_come_through(void **state)
{
    (void)state;
    make_store("before", TREE);
    g_autoptr(Directory) base = open_store("before", "ou=p,dc=x");
    g_auto(Plan) cut = parse_plan(some_of_each), plan = parse_plan(some_of_each);
    g_autoptr(GError) error = NULL;
    cut.fails = true;
    assert_null(planned_open(base, next_change, &cut, &error));
    assert_true(error_is(error, ERROR_SOURCE));
    g_clear_error(&error);

    g_autoptr(Directory) planned = open_planned(base, &plan);
    ReadRequest nowhere = {.base = "ou=z,dc=x"}, broken = {.filter = "(a="}, all = {.scope = SEARCH_ONE};
    ReadResult result;
    int items = 0;
    assert_false(directory_read(planned, &nowhere, take_text, NULL, &result, &error));
    assert_true(error_is(error, ERROR_NOT_FOUND));
    g_clear_error(&error);
    assert_null(directory_search(planned, &broken, 10, &error));
    assert_true(error_is(error, ERROR_INVALID));
    g_clear_error(&error);
    assert_false(directory_read(planned, &all, refuse_second, &items, &result, &error)); /* a planned one */
    assert_true(error_is(error, ERROR_INTERRUPTED));
    assert_int_equal(items, 3);
}

static void test_a_partial_read_stays_partial(void **state)
{
    (void)state;
    make_store("before", TREE);
    Endpoint endpoint = {.driver = (char *)"failing", .path = (char *)"cut-read@5|before"};
    g_autoptr(Directory) base = directory_open(&endpoint, NULL);
    g_auto(Plan) plan = parse_plan(some_of_each);
    g_autoptr(Directory) planned = open_planned(base, &plan);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    ReadRequest request = {.scope = SEARCH_SUBTREE};
    ReadResult result;
    assert_true(directory_read(planned, &request, take_text, texts, &result, NULL));
    assert_int_equal(result.proof, PROOF_PARTIAL);
    assert_non_null(result.reason);
    assert_int_equal(result.entries, texts->len);
    assert_int_equal(texts->len, 5); /* dc=x, ou=p, ou=q; Ant comes changed, and Dog is added */
    read_result_clear(&result);
}

static void test_a_file_is_refused(void **state)
{
    (void)state;
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("dirsync-planned-XXXXXX", &path, NULL);
    assert_true(fd >= 0);
    close(fd);
    Endpoint endpoint = {.driver = (char *)"ldif", .path = path};
    g_autoptr(Directory) file = directory_open(&endpoint, NULL);
    g_auto(Plan) plan = parse_plan("");
    g_autoptr(GError) error = NULL;
    assert_null(planned_open(file, next_change, &plan, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    remove(path);
}

/* A container that the plan makes can be read, though the base does not have it. */
static void test_a_base_that_the_plan_makes(void **state)
{
    (void)state;
    make_store("before", TREE);
    g_autoptr(Directory) base = open_store("before", NULL);
    g_auto(Plan) plan =
        parse_plan("dn: ou=r,dc=x\nchangetype: add\nobjectClass: organizationalUnit\nou: r\n\n"
                   "dn: cn=Elk,ou=r,dc=x\nchangetype: add\nobjectClass: person\ncn: Elk\nsn: E\n\n");
    g_autoptr(Directory) planned = open_planned(base, &plan);
    ReadRequest request = {.base = "OU=R,dc=x", .scope = SEARCH_ONE};
    g_autofree char *read = read_text(planned, &request), *searched = search_text(planned, &request);
    assert_string_equal(read, "dn: cn=Elk,ou=r,dc=x\ncn: Elk\nobjectClass: person\nsn: E\n");
    assert_string_equal(searched, read);
}

/* ---- fetching and searching */

static void test_fetching(void **state)
{
    (void)state;
    static const char plan_text[] = ADD_DOG RENAME_ANT
        "newrdn: cn=Bug\ndeleteoldrdn: 1\n\n"
        "dn: cn=Cat,ou=q,dc=x\nchangetype: delete\n\n"
        "dn: cn=Bee,ou=p,dc=x\nchangetype: modify\nadd: title\ntitle: b\n-\n"
        "delete: employeeNumber\nemployeeNumber: 2\n-\nadd: employeeNumber\nemployeeNumber: 9\n-\n\n";
    make_store("before", TREE);
    g_autoptr(Directory) base = open_store("before", "dc=x");
    g_auto(Plan) plan = parse_plan(plan_text);
    g_autoptr(Directory) planned = open_planned(base, &plan);
    const struct {
        const char *dn, *attribute, *value, *expected;
    } cases[] = {
        {"cn=dog,ou=p,dc=x", NULL, NULL, "cn=Dog,ou=p,dc=x"},
        {"cn=Bug,ou=p,dc=x", NULL, NULL, "cn=Bug,ou=p,dc=x"},
        {"cn=Ant,ou=p,dc=x", NULL, NULL, NULL},
        {"cn=Cat,ou=q,dc=x", NULL, NULL, NULL},
        {"cn=Nobody,ou=p,dc=x", NULL, NULL, NULL},
        {"ou=p,dc=x", NULL, NULL, "ou=p,dc=x"},
        {"cn=Ant,ou=p,dc=x", "entryUUID", UUID("1"), "cn=Bug,ou=p,dc=x"}, /* the name is out of date */
        {NULL, "entryUUID", UUID("1"), "cn=Bug,ou=p,dc=x"},
        {"cn=Bee,ou=p,dc=x", "entryUUID", UUID("1"), "cn=Bug,ou=p,dc=x"}, /* another has the name */
        {NULL, "entryUUID", UUID("2"), "cn=Bee,ou=p,dc=x"},
        {NULL, "entryUUID", UUID("3"), NULL},
        {"cn=Cat,ou=q,dc=x", "entryUUID", UUID("3"), NULL},
        {NULL, "employeeNumber", "4", "cn=Dog,ou=p,dc=x"},
        {NULL, "employeeNumber", "1", "cn=Bug,ou=p,dc=x"},
        {NULL, "employeeNumber", "2", NULL}, /* given up */
        {NULL, "employeeNumber", "9", "cn=Bee,ou=p,dc=x"},
        {NULL, "employeeNumber", "3", NULL},
        {NULL, "ou", "Q", "ou=q,dc=x"},
    };
    enum { N = G_N_ELEMENTS(cases) };
    FetchId ids[N];
    char *texts[N] = {0};
    static const char *const only_name[] = {"1.1", NULL};
    for (size_t i = 0; i < N; i++) {
        ids[i] = id_of(cases[i].dn, cases[i].attribute, cases[i].value);
        ids[i].index = N - 1 - i;
    }
    assert_true(directory_fetch(planned, ids, N, only_name, take_fetched, texts, NULL));
    for (size_t i = 0; i < N; i++) {
        g_autofree char *text = texts[N - 1 - i];
        g_autofree char *expected =
            cases[i].expected ? g_strdup_printf("dn: %s\n\n", cases[i].expected) : NULL;
        assert_same(cases[i].value ? cases[i].value : cases[i].dn, text, expected ? expected : "gone");
    }
}

/* The identity that an added entry is given can be asked for, and is another one for each entry. */
static void test_an_added_entry_can_be_identified(void **state)
{
    (void)state;
    static const char *const with_id[] = {"*", "entryUUID", NULL};
    make_store("before", TREE);
    g_autoptr(Directory) base = open_store("before", "dc=x");
    g_auto(Plan) plan = parse_plan(
        ADD_DOG "dn: cn=Dog,ou=p,dc=x\nchangetype: modrdn\nnewrdn: cn=Elk\ndeleteoldrdn: 1\n\n" ADD_DOG);
    g_autoptr(Directory) planned = open_planned(base, &plan);
    ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = "(employeeNumber=4)", .attributes = with_id};
    g_autoptr(GPtrArray) added = directory_search(planned, &request, 2, NULL);
    assert_int_equal(added->len, 2);
    for (guint i = 0; i < added->len; i++) {
        const Entry *entry = g_ptr_array_index(added, i);
        const char *id = schema_find_string(schema_standard(), entry, "entryUUID");
        assert_int_equal(strlen(id), strlen(PLANNED_ANCHOR_PREFIX) + 32);
        g_autofree char *found = fetch_text(planned, id_of(NULL, "entryUUID", id), NULL);
        g_autofree char *expected = entry_text(entry);
        assert_same(id, found, expected);
    }
}

static void test_a_search_has_its_maximum(void **state)
{
    (void)state;
    make_store("before", TREE);
    g_autoptr(Directory) base = open_store("before", "dc=x");
    g_auto(Plan) plan = parse_plan(ADD_DOG DELETE_ANT);
    g_autoptr(Directory) planned = open_planned(base, &plan);
    const struct {
        const char *filter;
        size_t n;
    } cases[] = {{"(sn=*)", 3}, {"(cn=Dog)", 1}, {"(cn=Bee)", 1}, {"(cn=Ant)", 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = cases[i].filter};
        g_autoptr(GPtrArray) found = directory_search(planned, &request, cases[i].n, NULL);
        assert_non_null(found);
        assert_int_equal(found->len, cases[i].n);
        g_autoptr(GError) error = NULL;
        if (cases[i].n)
            assert_null(directory_search(planned, &request, cases[i].n - 1, &error));
        assert_true(!cases[i].n || error_is(error, ERROR_SERVER_LIMIT));
    }
    ReadRequest one = {.base = "cn=dog,ou=p,dc=x", .scope = SEARCH_BASE};
    assert_null(directory_search(planned, &one, 0, NULL));
    one.base = "cn=dog,ou=z,dc=x"; /* missing: an empty answer */
    g_autoptr(GPtrArray) none = directory_search(planned, &one, 0, NULL);
    assert_int_equal(none->len, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_change),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_errors_come_through),
        cmocka_unit_test(test_a_partial_read_stays_partial),
        cmocka_unit_test(test_a_file_is_refused),
        cmocka_unit_test(test_a_base_that_the_plan_makes),
        cmocka_unit_test(test_fetching),
        cmocka_unit_test(test_an_added_entry_can_be_identified),
        cmocka_unit_test(test_a_search_has_its_maximum),
    };
    return cmocka_run_group_tests_name("planned", tests, NULL, drop_stores);
}
