/*
 * test_memory.c - the directory in memory behaves as a server does
 *
 * A change case is a start state, one change, and what comes of it: an error
 * code with a word of its message, or the state after it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/memory.h"
#include "dirsync/ldif.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT "dn: dc=x\nobjectClass: domain\ndc: x\n\n"
#define OU "dn: ou=p,dc=x\nobjectClass: organizationalUnit\nou: p\n\n"
#define ANT "dn: cn=Ant,ou=p,dc=x\ncn: Ant\nobjectClass: person\nsn: A\n\n"
#define BEE "dn: cn=Bee,ou=p,dc=x\ncn: Bee\nobjectClass: person\nsn: B\n\n"
#define TREE ROOT OU ANT
#define SORTED_ROOT "dn: dc=x\ndc: x\nobjectClass: domain\n\n"
#define SORTED_OU "dn: ou=p,dc=x\nobjectClass: organizationalUnit\nou: p\n\n"

typedef struct {
    Outcome outcome;
    int code;
    char *message;
    unsigned calls;
    GString *order;
} Answer;

static void take_answer(const Change *change, Outcome outcome, const GError *error, void *data)
{
    Answer *answer = data;
    answer->outcome = outcome;
    answer->code = error ? error->code : -1;
    g_free(answer->message);
    answer->message = error ? g_strdup(error->message) : NULL;
    answer->calls++;
    if (answer->order)
        g_string_append_printf(answer->order, "%s;", change->dn);
}

static Directory *open_store(const char *name, const char *base)
{
    static Endpoint endpoint;
    g_autoptr(GError) error = NULL;
    endpoint = (Endpoint){.driver = (char *)"memory", .path = (char *)name, .base = (char *)base};
    Directory *directory = directory_open(&endpoint, &error);
    assert_null(error);
    return directory;
}

static Change *parse_change(const char *text)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "test");
    g_autoptr(GError) error = NULL;
    Change *change = NULL;
    RecordStatus status = ldif_read_change(reader, &change, &error);
    if (status != RECORD_GOOD)
        fail_msg("%s: %s", text, error ? error->message : "no record");
    return change;
}

static MemoryStore *make_store(const char *ldif)
{
    g_autoptr(GError) error = NULL;
    MemoryStore *store = memory_store("t");
    bool loaded = memory_store_load(store, ldif, &error);
    if (!loaded)
        fail_msg("%s", error->message);
    return store;
}

static Answer apply(const char *text)
{
    g_autoptr(Change) change = parse_change(text);
    g_autoptr(Directory) directory = open_store("t", NULL);
    Answer answer = {0};
    assert_true(directory_submit(directory, change, take_answer, &answer, NULL));
    assert_true(directory_flush(directory, NULL));
    assert_int_equal(answer.calls, 1);
    return answer;
}

typedef struct {
    const char *what, *before, *change;
    int code;             /* -1: done */
    const char *expected; /* the state after it, or a part of the message */
} ChangeCase;

#define MODIFY_ANT "dn: cn=Ant,ou=p,dc=x\nchangetype: modify\n"
#define RENAME_ANT "dn: cn=Ant,ou=p,dc=x\nchangetype: modrdn\n"
#define ADD_BEE "dn: cn=Bee,ou=p,dc=x\nchangetype: add\nobjectClass: person\ncn: Bee\n"

static const ChangeCase change_cases[] = {
    {"add", ROOT OU, ADD_BEE "sn: B\n", -1, SORTED_ROOT SORTED_OU BEE},
    {"add what is there", TREE BEE, ADD_BEE "sn: B\n", ERROR_EXISTS, "68"},
    {"add what is there, in other spelling", TREE, "dn: CN=ANT , ou=P,dc=X\nchangetype: add\ncn: Ant\n",
     ERROR_EXISTS, "68"},
    {"add without a parent", ROOT, ADD_BEE "sn: B\n", ERROR_NOT_FOUND, "parent"},
    {"add to an empty store", "", ADD_BEE "sn: B\n", -1, BEE},
    {"add above everything", OU, "dn: dc=x\nchangetype: add\nobjectClass: domain\ndc: x\n", -1,
     SORTED_ROOT SORTED_OU},
    {"add a second tree", ROOT, "dn: dc=y\nchangetype: add\nobjectClass: domain\ndc: y\n", -1,
     SORTED_ROOT "dn: dc=y\ndc: y\nobjectClass: domain\n\n"},
    {"add under a suffix that is no entry", OU,
     "dn: ou=q,dc=x\nchangetype: add\nobjectClass: organizationalUnit\n"
     "ou: q\n",
     -1, SORTED_OU "dn: ou=q,dc=x\nobjectClass: organizationalUnit\nou: q\n\n"},
    {"add against the schema", ROOT OU, ADD_BEE, ERROR_REFUSED, "sn"},
    {"add without the name", ROOT OU,
     "dn: cn=Bee,ou=p,dc=x\nchangetype: add\nobjectClass: person\ncn: B\nsn: B\n", ERROR_REFUSED, "64"},
    {"add an unknown attribute", ROOT OU, ADD_BEE "sn: B\nwings: 4\n", ERROR_REFUSED, "wings"},
    {"add a value twice", ROOT OU, ADD_BEE "sn: B\nsn: b\n", ERROR_MOVED, "20"},
    {"add with a UUID", ROOT OU, ADD_BEE "sn: B\nentryUUID: 1\n", ERROR_CONSTRAINT, "19"},
    {"add under a bad name", ROOT OU, "dn: Bee\nchangetype: add\ncn: B\n", ERROR_REFUSED, "34"},

    {"modify", TREE, MODIFY_ANT "delete: sn\nsn: a\n-\nadd: sn\nsn: C\n-\n", -1,
     SORTED_ROOT "dn: cn=Ant,ou=p,dc=x\ncn: Ant\nobjectClass: person\nsn: C\n\n" SORTED_OU},
    {"modify by another name of the attribute", TREE, MODIFY_ANT "add: surname\nsurname: C\n-\n", -1,
     SORTED_ROOT "dn: cn=Ant,ou=p,dc=x\ncn: Ant\nobjectClass: person\nsn: A\nsn: C\n\n" SORTED_OU},
    {"add an attribute", TREE, MODIFY_ANT "add: description\ndescription: six legs\n-\n", -1,
     SORTED_ROOT
     "dn: cn=Ant,ou=p,dc=x\ncn: Ant\ndescription: six legs\nobjectClass: person\nsn: A\n\n" SORTED_OU},
    {"delete a value that is not there", TREE, MODIFY_ANT "delete: sn\nsn: B\n-\n", ERROR_MOVED, "16"},
    {"delete an attribute that is not there", TREE, MODIFY_ANT "delete: title\n-\n", ERROR_MOVED, "16"},
    {"add a value that is there", TREE, MODIFY_ANT "add: sn\nsn:: ICBB\n-\n", ERROR_MOVED, "20"},
    {"delete what must be there", TREE, MODIFY_ANT "delete: sn\n-\n", ERROR_REFUSED, "65"},
    {"delete the name", TREE, MODIFY_ANT "delete: cn\ncn: Ant\n-\nadd: cn\ncn: B\n-\n", ERROR_REFUSED, "64"},
    {"a refused part undoes the others", TREE, MODIFY_ANT "add: sn\nsn: C\n-\ndelete: sn\nsn: Z\n-\n",
     ERROR_MOVED, "16"},
    {"modify what is not there", TREE, "dn: cn=Cat,ou=p,dc=x\nchangetype: modify\ndelete: sn\n-\n",
     ERROR_NOT_FOUND, "32"},
    {"add an auxiliary class", TREE,
     MODIFY_ANT "add: objectClass\nobjectClass: uidObject\n-\nadd: uid\nuid: a\n-\n", -1,
     SORTED_ROOT "dn: cn=Ant,ou=p,dc=x\ncn: Ant\nobjectClass: person\nobjectClass: uidObject\nsn: A\nuid: "
                 "a\n\n" SORTED_OU},
    {"change the structural class", TREE,
     MODIFY_ANT "add: objectClass\nobjectClass: organizationalPerson\n-\n", ERROR_REFUSED, "69"},
    {"a random password", TREE, "# password: random\n" MODIFY_ANT "delete: sn\nsn: A\n-\nadd: sn\nsn: B\n-\n",
     -1,
     SORTED_ROOT
     "dn: cn=Ant,ou=p,dc=x\ncn: Ant\nobjectClass: person\nsn: B\nuserPassword: {RANDOM}\n\n" SORTED_OU},
    {"a random password instead of one that is known",
     TREE "dn: cn=Z,dc=x\nobjectClass: person\ncn: Z\nsn: Z\n"
          "userPassword: open\n",
     "# password: random\ndn: cn=Z,dc=x\nchangetype: modify\n", -1,
     SORTED_ROOT SORTED_OU ANT
     "dn: cn=Z,dc=x\ncn: Z\nobjectClass: person\nsn: Z\nuserPassword: {RANDOM}\n\n"},
    {"a random password with a part that is refused", TREE,
     "# password: random\n" MODIFY_ANT "delete: sn\nsn: Z\n-\n", ERROR_MOVED, "16"},
    {"a random password where the classes have no place for it", ROOT,
     "# password: random\ndn: dc=x\nchangetype: modify\nadd: objectClass\nobjectClass: person\n-\n",
     ERROR_REFUSED, "6"},
    {"change the UUID", TREE, MODIFY_ANT "delete: entryUUID\n-\n", ERROR_CONSTRAINT, "19"},

    {"rename", TREE, RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 1\n", -1,
     SORTED_ROOT "dn: cn=Bug,ou=p,dc=x\ncn: Bug\nobjectClass: person\nsn: A\n\n" SORTED_OU},
    {"rename and keep the old name", TREE, RENAME_ANT "newrdn: cn=Bug\ndeleteoldrdn: 0\n", -1,
     SORTED_ROOT "dn: cn=Bug,ou=p,dc=x\ncn: Ant\ncn: Bug\nobjectClass: person\nsn: A\n\n" SORTED_OU},
    {"rename to another attribute", TREE, RENAME_ANT "newrdn: sn=A\ndeleteoldrdn: 0\n", -1,
     SORTED_ROOT SORTED_OU "dn: sn=A,ou=p,dc=x\ncn: Ant\nobjectClass: person\nsn: A\n\n"},
    {"rename by case", TREE, RENAME_ANT "newrdn: cn=ANT\ndeleteoldrdn: 1\n", -1,
     SORTED_ROOT "dn: cn=ANT,ou=p,dc=x\ncn: ANT\nobjectClass: person\nsn: A\n\n" SORTED_OU},
    {"move", TREE, RENAME_ANT "newrdn: cn=Ant\ndeleteoldrdn: 1\nnewsuperior: dc=x\n", -1,
     SORTED_ROOT "dn: cn=Ant,dc=x\ncn: Ant\nobjectClass: person\nsn: A\n\n" SORTED_OU},
    {"rename takes the subtree along", TREE,
     "dn: ou=p,dc=x\nchangetype: modrdn\nnewrdn: ou=q\ndeleteoldrdn: 1\n", -1,
     SORTED_ROOT "dn: ou=q,dc=x\nobjectClass: organizationalUnit\nou: q\n\n"
                 "dn: cn=Ant,ou=q,dc=x\ncn: Ant\nobjectClass: person\nsn: A\n\n"},
    {"rename onto another", TREE BEE, RENAME_ANT "newrdn: cn=bee\ndeleteoldrdn: 1\n", ERROR_EXISTS, "68"},
    {"move below nothing", TREE, RENAME_ANT "newrdn: cn=Ant\ndeleteoldrdn: 1\nnewsuperior: ou=z,dc=x\n",
     ERROR_NOT_FOUND, "parent"},
    {"move below itself", TREE,
     "dn: ou=p,dc=x\nchangetype: modrdn\nnewrdn: ou=p\ndeleteoldrdn: 1\nnewsuperior: cn=Ant,ou=p,dc=x\n",
     ERROR_REFUSED, "53"},
    {"rename what is not there", TREE, "dn: cn=Z\nchangetype: modrdn\nnewrdn: cn=Y\ndeleteoldrdn: 1\n",
     ERROR_NOT_FOUND, "32"},
    {"rename to no name", TREE, RENAME_ANT "newrdn: Bug\ndeleteoldrdn: 1\n", ERROR_REFUSED, "34"},

    {"delete", TREE, "dn: cn=Ant,ou=p,dc=x\nchangetype: delete\n", -1, SORTED_ROOT SORTED_OU},
    {"delete what has children", TREE, "dn: ou=p,dc=x\nchangetype: delete\n", ERROR_REFUSED, "66"},
    {"delete what is not there", TREE, "dn: cn=Z,dc=x\nchangetype: delete\n", ERROR_NOT_FOUND, "32"},
};

/* Nodes are sorted by canonical DN, in which the leftmost RDN comes first. */
static int by_record(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted_records(const char *ldif)
{
    g_auto(GStrv) records = g_strsplit(ldif, "\n\n", -1);
    qsort(records, g_strv_length(records), sizeof *records, by_record);
    return g_strjoinv("\n\n", records);
}

static void assert_state(const char *what, MemoryStore *store, const char *expected)
{
    g_autofree char *dump = memory_store_dump(store, false);
    g_autofree char *found = sorted_records(dump), *wanted = sorted_records(expected);
    if (strcmp(found, wanted) != 0)
        fail_msg("%s:\n%s\ninstead of\n%s", what, found, wanted);
}

static void run_change_case(const ChangeCase *c)
{
    MemoryStore *store = make_store(c->before);
    g_autofree char *before = memory_store_dump(store, true);
    Answer answer = apply(c->change);
    g_autofree char *message = answer.message, *after = memory_store_dump(store, true);
    if (answer.code != c->code)
        fail_msg("%s: %s", c->what, message ? message : "done");
    assert_int_equal(answer.outcome, c->code < 0 ? OUTCOME_DONE : OUTCOME_FAILED);
    assert_int_equal(memory_store_writes(store), c->code < 0 ? 1 : 0);
    if (c->code < 0)
        assert_state(c->what, store, c->expected);
    else if (!strstr(message, c->expected))
        fail_msg("%s: \"%s\" without \"%s\"", c->what, message, c->expected);
    else
        assert_string_equal(after, before);
}

static int drop_store(void **state)
{
    (void)state;
    memory_store_drop("t");
    return 0;
}

static void test_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(change_cases); i++)
        run_change_case(&change_cases[i]);
}

static void assert_answer(const char *change, int code)
{
    Answer answer = apply(change);
    g_autofree char *message = answer.message;
    if (answer.code != code)
        fail_msg("%s: %s", change, message ? message : "done");
}

static void test_values_without_equality(void **state)
{
    (void)state;
    MemoryStore *store = make_store(ROOT);
    assert_answer(
        "dn: cn=P,dc=x\nchangetype: add\nobjectClass: inetOrgPerson\ncn: P\nsn: P\njpegPhoto:: AAE=\n", -1);
    assert_answer("dn: cn=P,dc=x\nchangetype: modify\ndelete: jpegPhoto\njpegPhoto:: AAE=\n-\n",
                  ERROR_REFUSED);
    assert_answer(
        "dn: cn=P,dc=x\nchangetype: modify\ndelete: jpegPhoto\n-\nadd: jpegPhoto\njpegPhoto:: AQ==\n-\n", -1);
    g_autofree char *dump = memory_store_dump(store, false);
    assert_non_null(strstr(dump, "jpegPhoto:: AQ==\n"));
}

#define ASSERT_SN(value) "control: 1.3.6.1.1.12 true:: " value "\n"

static void test_assertions(void **state)
{
    (void)state;
    MemoryStore *store = make_store(TREE);
    const char *holds =
        "dn: cn=Ant,ou=p,dc=x\n" ASSERT_SN("owcEAnNuBAFh") "changetype: modify\nadd: sn\nsn: C\n-\n";
    const char *fails = "dn: cn=Ant,ou=p,dc=x\n" ASSERT_SN("owcEAnNuBAFi") "changetype: delete\n";
    assert_answer(fails, ERROR_MOVED);
    assert_answer(holds, -1);
    memory_store_set_assertions(store, false);
    assert_answer("dn: cn=Ant,ou=p,dc=x\n" ASSERT_SN("owcEAnNuBAFh") "changetype: delete\n", ERROR_REFUSED);
    g_autoptr(Directory) directory = open_store("t", NULL);
    assert_false(directory_describe(directory)->capabilities & CAN_ASSERT);
}

static void test_unique_attributes(void **state)
{
    (void)state;
    const char *const unique[] = {"sn", "mail", NULL};
    MemoryStore *store = make_store(TREE BEE);
    memory_store_set_unique(store, unique);
    assert_answer("dn: cn=Bee,ou=p,dc=x\nchangetype: modify\nadd: sn\nsn: a\n-\n", ERROR_CONSTRAINT);
    assert_answer("dn: cn=C,ou=p,dc=x\nchangetype: add\nobjectClass: person\ncn: C\nsn: B\n",
                  ERROR_CONSTRAINT);
    assert_answer("dn: cn=Ant,ou=p,dc=x\nchangetype: modify\nadd: sn\nsn: D\n-\ndelete: sn\nsn: A\n-\n", -1);
    assert_answer("dn: cn=Bee,ou=p,dc=x\nchangetype: modify\nadd: sn\nsn: a\n-\n", -1);
    assert_answer("dn: cn=Bee,ou=p,dc=x\nchangetype: delete\n", -1);
    assert_answer("dn: cn=C,ou=p,dc=x\nchangetype: add\nobjectClass: person\ncn: C\nsn: B\nsn: A\n", -1);
}

static void test_read_only(void **state)
{
    (void)state;
    MemoryStore *store = make_store(TREE);
    memory_store_set_read_only(store, true);
    assert_answer("dn: cn=Ant,ou=p,dc=x\nchangetype: delete\n", ERROR_ACCESS);
    assert_int_equal(memory_store_size(store), 3);
    assert_int_equal(memory_store_writes(store), 0);
}

/* Eight wait at most, and they are done in reverse. */
static void test_order_of_outstanding_changes(void **state)
{
    (void)state;
    make_store(ROOT);
    g_autoptr(Directory) directory = open_store("t", NULL);
    Answer answer = {.order = g_string_new(NULL)};
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    for (int i = 1; i <= 9; i++) {
        g_autofree char *text =
            g_strdup_printf("dn: dc=%d,dc=x\nchangetype: add\nobjectClass: domain\ndc: %d\n", i, i);
        Change *change = parse_change(text);
        g_ptr_array_add(changes, change);
        assert_true(directory_submit(directory, change, take_answer, &answer, NULL));
        assert_int_equal(answer.calls, i < 8 ? 0 : 8);
    }
    assert_true(directory_flush(directory, NULL));
    assert_string_equal(answer.order->str,
                        "dc=8,dc=x;dc=7,dc=x;dc=6,dc=x;dc=5,dc=x;dc=4,dc=x;dc=3,dc=x;dc=2,dc=x;"
                        "dc=1,dc=x;dc=9,dc=x;");
    g_string_free(answer.order, TRUE);
}

static void test_close_drops_what_is_outstanding(void **state)
{
    (void)state;
    MemoryStore *store = make_store(TREE);
    Answer answer = {0};
    g_autoptr(Change) change = parse_change("dn: cn=Ant,ou=p,dc=x\nchangetype: delete\n");
    Directory *directory = open_store("t", NULL);
    assert_true(directory_submit(directory, change, take_answer, &answer, NULL));
    directory_close(directory);
    assert_int_equal(answer.calls, 0);
    assert_int_equal(memory_store_size(store), 3);
}

/* Reading */

static bool trace_item(const DirectoryItem *item, void *data, GError **error)
{
    g_autoptr(Entry) entry = directory_item_decode(item, error);
    assert_non_null(entry);
    assert_string_equal(item->where, entry_dn(entry));
    assert_false(fingerprint_is_zero(item->fingerprint));
    g_string_append_printf(data, "%s(", entry_dn(entry));
    for (size_t i = 0; i < entry_n_attributes(entry); i++)
        g_string_append_printf(data, "%s%s", i ? "," : "", entry_attribute(entry, i)->name);
    g_string_append(data, ") ");
    return true;
}

typedef struct {
    const char *base;
    SearchScope scope;
    const char *filter;
    const char *attributes[3];
    const char *trace;
} ReadCase;

static const ReadCase read_cases[] = {
    {NULL, SEARCH_SUBTREE, NULL, {"1.1"}, "dc=x() ou=p,dc=x() cn=Bee,ou=p,dc=x() cn=Ant,ou=p,dc=x() "},
    {"ou=p,dc=x", SEARCH_SUBTREE, NULL, {"1.1"}, "ou=p,dc=x() cn=Bee,ou=p,dc=x() cn=Ant,ou=p,dc=x() "},
    {"OU=P, dc=x", SEARCH_ONE, NULL, {"1.1"}, "cn=Bee,ou=p,dc=x() cn=Ant,ou=p,dc=x() "},
    {"ou=p,dc=x", SEARCH_BASE, NULL, {"1.1"}, "ou=p,dc=x() "},
    {NULL, SEARCH_SUBTREE, "(sn=b)", {"1.1"}, "cn=Bee,ou=p,dc=x() "},
    {NULL, SEARCH_SUBTREE, "(sn=b)", {NULL}, "cn=Bee,ou=p,dc=x(cn,objectClass,sn) "},
    {NULL, SEARCH_SUBTREE, "(sn=b)", {"*"}, "cn=Bee,ou=p,dc=x(cn,objectClass,sn) "},
    {NULL, SEARCH_SUBTREE, "(sn=b)", {"+"}, "cn=Bee,ou=p,dc=x(entryUUID) "},
    {NULL, SEARCH_SUBTREE, "(sn=b)", {"*", "entryuuid"}, "cn=Bee,ou=p,dc=x(cn,objectClass,sn,entryUUID) "},
    {NULL, SEARCH_SUBTREE, "(sn=b)", {"surname", "title"}, "cn=Bee,ou=p,dc=x(sn) "},
    {NULL, SEARCH_SUBTREE, "(sn=z)", {NULL}, ""},
};

static void test_read(void **state)
{
    (void)state;
    make_store(ROOT OU BEE ANT);
    g_autoptr(Directory) directory = open_store("t", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(read_cases); i++) {
        const ReadCase *c = &read_cases[i];
        GString *trace = g_string_new(NULL);
        ReadRequest request = {.base = c->base, .scope = c->scope, .filter = c->filter};
        ReadResult result;
        request.attributes = c->attributes[0] ? c->attributes : NULL;
        assert_true(directory_read(directory, &request, trace_item, trace, &result, NULL));
        assert_string_equal(trace->str, c->trace);
        assert_int_equal(result.proof, PROOF_COMPLETE);
        g_autoptr(GPtrArray) found = directory_search(directory, &request, 100, NULL);
        assert_int_equal(found->len, result.entries);
        g_string_free(trace, TRUE);
        read_result_clear(&result);
    }
}

static void test_missing_base(void **state)
{
    (void)state;
    make_store(OU ANT);
    g_autoptr(Directory) directory = open_store("t", NULL);
    g_autoptr(GError) error = NULL;
    GString *trace = g_string_new(NULL);
    ReadRequest request = {.base = "ou=q,dc=x", .scope = SEARCH_SUBTREE};
    ReadResult result;
    assert_false(directory_read(directory, &request, trace_item, trace, &result, &error));
    assert_true(error_is(error, ERROR_NOT_FOUND));
    g_autoptr(GPtrArray) found = directory_search(directory, &request, 1, NULL);
    assert_int_equal(found->len, 0);
    request.base = "dc=x"; /* the suffix is no entry, but there are entries below it */
    assert_true(directory_read(directory, &request, trace_item, trace, &result, NULL));
    assert_int_equal(result.entries, 2);
    g_string_free(trace, TRUE);
}

static void test_search_limit(void **state)
{
    (void)state;
    make_store(TREE);
    g_autoptr(Directory) directory = open_store("t", "ou=p,dc=x");
    g_autoptr(GError) error = NULL;
    ReadRequest request = {.scope = SEARCH_SUBTREE};
    g_autoptr(GPtrArray) found = directory_search(directory, &request, 2, &error);
    assert_int_equal(found->len, 2);
    assert_null(directory_search(directory, &request, 1, &error));
    assert_true(error_is(error, ERROR_SERVER_LIMIT));
}

static bool take_fingerprint(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    *(Fingerprint *)data = item->fingerprint;
    return true;
}

static Fingerprint fingerprint_of_ant(void)
{
    g_autoptr(Directory) directory = open_store("t", NULL);
    ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = "(cn=Ant)"};
    ReadResult result;
    Fingerprint fingerprint = {0};
    assert_true(directory_read(directory, &request, take_fingerprint, &fingerprint, &result, NULL));
    return fingerprint;
}

static void test_fingerprint_follows_content(void **state)
{
    (void)state;
    make_store(TREE);
    Fingerprint first = fingerprint_of_ant();
    assert_true(fingerprint_equal(first, fingerprint_of_ant()));
    assert_answer(MODIFY_ANT "add: sn\nsn: B\n-\n", -1);
    assert_false(fingerprint_equal(first, fingerprint_of_ant()));
}

static bool take_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)error;
    g_autoptr(Entry) owned = entry;
    char **answers = data;
    assert_null(answers[index]);
    answers[index] =
        owned ? g_strdup_printf("%s %zu", entry_dn(owned), entry_n_attributes(owned)) : g_strdup("-");
    return true;
}

static void test_fetch(void **state)
{
    (void)state;
    const char *const attributes[] = {"entryUUID", "sn", NULL};
    const FetchId ids[] = {
        {.dn = "cn=moved", .id_attribute = "entryUUID", .id = {.data = "u-1", .len = 3}, .index = 1},
        {.dn = "dc=x", .id_attribute = "entryUUID", .id = {.data = "u-2", .len = 3}, .index = 0},
        {.dn = "OU=p,DC=x", .index = 2},
    };
    g_auto(GStrv) answers = g_new0(char *, 4);
    make_store(ROOT OU "dn: cn=Ant,dc=x\nobjectClass: person\ncn: Ant\nsn: A\nentryUUID: u-1\n\n");
    g_autoptr(Directory) directory = open_store("t", NULL);
    assert_true(directory_fetch(directory, ids, 3, attributes, take_fetched, answers, NULL));
    assert_string_equal(answers[0], "-");
    assert_string_equal(answers[1], "cn=Ant,dc=x 2");
    assert_string_equal(answers[2], "ou=p,dc=x 1");
}

static void test_identity_outlives_a_rename(void **state)
{
    (void)state;
    make_store(ROOT "dn: cn=Ant,dc=x\nobjectClass: person\ncn: Ant\nsn: A\nentryUUID: u-1\n\n");
    const FetchId id = {.id_attribute = "entryUUID", .id = {.data = "u-1", .len = 3}};
    const char *const none[] = {"1.1", NULL};
    assert_answer("dn: cn=Ant,dc=x\nchangetype: modrdn\nnewrdn: cn=Bug\ndeleteoldrdn: 1\n", -1);
    g_autoptr(Directory) directory = open_store("t", NULL);
    char *answers[1] = {NULL};
    assert_true(directory_fetch(directory, &id, 1, none, take_fetched, answers, NULL));
    assert_string_equal(answers[0], "cn=Bug,dc=x 0");
    g_free(answers[0]);
}

/* Stores */

static void test_description(void **state)
{
    (void)state;
    make_store(TREE "dn: dc=y\nobjectClass: domain\ndc: y\n\n");
    g_autoptr(Directory) directory = open_store("t", NULL);
    const DirectoryDescription *description = directory_describe(directory);
    assert_int_equal(description->capabilities,
                     CAN_WRITE | CAN_FETCH | CAN_ASSERT | HAS_SCHEMA | CAN_SET_PASSWORD | CAN_TELL_CHANGES);
    assert_string_equal(description->default_anchor, "entryUUID");
    assert_string_equal(description->subject, "memory:t");
    g_autofree char *contexts = g_strjoinv(" ", description->naming_contexts);
    assert_string_equal(contexts, "dc=x dc=y");
}

static void test_store_that_is_not_there(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    Endpoint endpoint = {.driver = (char *)"memory", .path = (char *)"nowhere"};
    assert_null(directory_open(&endpoint, &error));
    assert_true(error_is(error, ERROR_UNREACHABLE));
    g_autoptr(GError) unknown = NULL;
    endpoint.driver = (char *)"carrier-pigeon";
    assert_null(directory_open(&endpoint, &unknown));
    assert_true(error_is(unknown, ERROR_DEFINITION));
    assert_non_null(strstr(unknown->message, ", memory"));
}

static void test_same_name_is_emptied(void **state)
{
    (void)state;
    MemoryStore *store = make_store(TREE);
    assert_ptr_equal(memory_store("t"), store);
    assert_int_equal(memory_store_size(store), 0);
}

static void assert_load_fails(const char *ldif, ErrorCode code)
{
    g_autoptr(GError) error = NULL;
    assert_false(memory_store_load(memory_store("t"), ldif, &error));
    assert_true(error_is(error, code));
}

static void test_content_that_cannot_be_loaded(void **state)
{
    (void)state;
    assert_load_fails(ANT ANT, ERROR_EXISTS);
    assert_load_fails("dn: Ant\ncn: Ant\n", ERROR_INVALID);
    assert_load_fails("dn: cn=Ant\ncn:: Q\n", ERROR_INVALID);
    assert_load_fails("dn: cn=Ant\ncn: An", ERROR_INVALID);
}

static void test_dump_is_sorted(void **state)
{
    (void)state;
    MemoryStore *store =
        make_store("dn: cn=b\nsn: y\nSN: x\nentryUUID: 1\ncn: b\n\ndn: cn=a\ncn: a\nentryUUID: 2\n\n");
    g_autofree char *plain = memory_store_dump(store, false), *with_uuid = memory_store_dump(store, true);
    assert_string_equal(plain, "dn: cn=a\ncn: a\n\ndn: cn=b\ncn: b\nsn: x\nsn: y\n\n");
    assert_string_equal(with_uuid,
                        "dn: cn=a\ncn: a\nentryUUID: 2\n\ndn: cn=b\ncn: b\nentryUUID: 1\nsn: x\nsn: y\n\n");
}

static void test_file_keeps_the_store(void **state)
{
    (void)state;
    g_autofree char *folder = g_dir_make_tmp("test-memory-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "store.ldif", NULL);
    MemoryStore *store = make_store(TREE);
    assert_true(memory_store_set_file(store, path, NULL));
    assert_answer("dn: cn=Ant,ou=p,dc=x\nchangetype: modrdn\nnewrdn: cn=Bug\ndeleteoldrdn: 1\n", -1);
    g_autofree char *before = memory_store_dump(store, true);
    memory_store_drop("t");
    store = memory_store("t");
    assert_true(memory_store_set_file(store, path, NULL));
    g_autofree char *after = memory_store_dump(store, true);
    assert_string_equal(after, before);
    unlink(path);
    rmdir(folder);
    g_autoptr(GError) error = NULL;
    assert_false(memory_store_set_file(store, "/dev/null/x", &error));
    assert_true(error_is(error, ERROR_IO));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_changes, drop_store),
        cmocka_unit_test_teardown(test_values_without_equality, drop_store),
        cmocka_unit_test_teardown(test_assertions, drop_store),
        cmocka_unit_test_teardown(test_unique_attributes, drop_store),
        cmocka_unit_test_teardown(test_read_only, drop_store),
        cmocka_unit_test_teardown(test_order_of_outstanding_changes, drop_store),
        cmocka_unit_test_teardown(test_close_drops_what_is_outstanding, drop_store),
        cmocka_unit_test_teardown(test_read, drop_store),
        cmocka_unit_test_teardown(test_missing_base, drop_store),
        cmocka_unit_test_teardown(test_search_limit, drop_store),
        cmocka_unit_test_teardown(test_fingerprint_follows_content, drop_store),
        cmocka_unit_test_teardown(test_fetch, drop_store),
        cmocka_unit_test_teardown(test_identity_outlives_a_rename, drop_store),
        cmocka_unit_test_teardown(test_description, drop_store),
        cmocka_unit_test(test_store_that_is_not_there),
        cmocka_unit_test_teardown(test_same_name_is_emptied, drop_store),
        cmocka_unit_test_teardown(test_content_that_cannot_be_loaded, drop_store),
        cmocka_unit_test_teardown(test_dump_is_sorted, drop_store),
        cmocka_unit_test_teardown(test_file_keeps_the_store, drop_store),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
