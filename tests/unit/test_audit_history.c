/*
 * test_audit_history.c - audits one after the other: what is new, what stands, what is gone
 *
 * And what an audit is about: the connectors that were named, and what could not be
 * looked at, which must clear nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/audit_store.h"

#include "pass_case.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define PEOPLE ",ou=people,o=acme"
#define N(cn, more)                                                                                          \
    "dn: cn=" cn PEOPLE "\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\ncn: " cn "\nsn: x\n" more \
    "\n"
#define PROXY(address) "proxyAddresses: " address "\n"
#define ANN PERSON("a1", "Ann", "ann@globex.example", "title: Boss\n")
#define DUPLICATE N("Ada", PROXY("SMTP:a@acme.example")) N("Ben", PROXY("SMTP:a@acme.example"))
#define CHANGE(cn, parts) MODIFY("cn=" cn PEOPLE, parts)

typedef struct {
    Case *c;
    Connector *connector;
    AuditScope scope;
    char *last; /* id of the last audit */
} World;

static World *begin(const CaseStart *start)
{
    World *world = g_new0(World, 1);
    world->c = case_new(start);
    world->connector = case_connector(world->c);
    world->scope = (AuditScope){.organisation = world->connector->organisation,
                                .known = g_ptr_array_new(),
                                .chosen = g_ptr_array_new(),
                                .problems = g_ptr_array_new(),
                                .everything = true};
    g_ptr_array_add(world->scope.known, world->connector);
    g_ptr_array_add(world->scope.chosen, world->connector);
    return world;
}

static void end(World *world)
{
    g_ptr_array_unref(world->scope.known);
    g_ptr_array_unref(world->scope.chosen);
    g_ptr_array_unref(world->scope.problems);
    connector_free(world->connector);
    case_free(world->c);
    g_free(world->last);
    g_free(world);
}

/* With the faults that were set. */
static void reload(World *world)
{
    connector_free(world->connector);
    world->connector = case_connector(world->c);
    world->scope.organisation = world->connector->organisation;
    g_ptr_array_index(world->scope.known, 0) = world->connector;
    g_ptr_array_index(world->scope.chosen, 0) = world->connector;
}

static Audit *look_since(World *world, const char *since)
{
    g_autoptr(GError) error = NULL;
    const AuditOptions options = {.state_folder = case_state_folder(world->c), .since = since};
    Audit *audit = audit_run(&world->scope, &options, &error);
    if (!audit)
        fail_msg("%s", error->message);
    g_free(world->last);
    world->last = g_strdup(json_string_value(json_object_get(audit_head(audit), "id")));
    return audit;
}

static Audit *look(World *world)
{
    return look_since(world, NULL);
}

static bool take_row(const json_t *row, void *data, GError **error)
{
    (void)error;
    return json_array_append(data, (json_t *)row) == 0;
}

/* All findings of the kind; the caller's. */
static json_t *findings(Audit *audit, AuditKind kind)
{
    json_t *rows = json_array();
    assert_true(audit_findings(audit, kind, take_row, rows, NULL));
    return rows;
}

static void assert_count(Audit *audit, AuditKind kind, size_t count, size_t fresh, size_t cleared)
{
    AuditCount counts[AUDIT_KINDS];
    assert_true(audit_counts(audit, counts, NULL));
    if (counts[kind].count != count || counts[kind].fresh != fresh || counts[kind].cleared != cleared)
        fail_msg("%s: %zu, %zu new, %zu cleared, instead of %zu, %zu, %zu", audit_kinds[kind].id,
                 counts[kind].count, counts[kind].fresh, counts[kind].cleared, count, fresh, cleared);
}

static const char *text_at(const json_t *rows, size_t i, const char *name)
{
    return json_string_value(json_object_get(json_array_get(rows, i), name));
}

static void test_a_finding_is_new_then_stands_then_is_gone(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN, .home = DUPLICATE});
    g_autoptr(Audit) first = look(world);
    json_t *found = findings(first, AUDIT_DUPLICATE_ADDRESS);
    assert_true(json_is_null(json_object_get(audit_head(first), "since")));
    assert_count(first, AUDIT_DUPLICATE_ADDRESS, 1, 0, 0);
    assert_string_equal(text_at(found, 0, "state"), "new");
    g_autofree char *first_id = g_strdup(world->last);

    g_autoptr(Audit) second = look(world);
    json_t *again = findings(second, AUDIT_DUPLICATE_ADDRESS);
    assert_count(second, AUDIT_DUPLICATE_ADDRESS, 1, 0, 0);
    assert_string_equal(text_at(again, 0, "state"), "standing");
    assert_string_equal(text_at(again, 0, "key"), text_at(found, 0, "key"));
    assert_string_equal(json_string_value(json_object_get(audit_head(second), "since")), first_id);

    case_edit_home(world->c, CHANGE("Ben", SET("proxyAddresses", "SMTP:ben@acme.example")));
    g_autoptr(Audit) third = look(world);
    json_t *cleared = json_array();
    assert_count(third, AUDIT_DUPLICATE_ADDRESS, 0, 0, 1);
    assert_true(audit_cleared(third, AUDIT_DUPLICATE_ADDRESS, take_row, cleared, NULL));
    assert_int_equal(json_array_size(cleared), 1);
    assert_string_equal(text_at(cleared, 0, "key"), text_at(found, 0, "key"));
    assert_null(text_at(cleared, 0, "state"));

    g_autoptr(Audit) fourth = look(world);
    assert_count(fourth, AUDIT_DUPLICATE_ADDRESS, 0, 0, 0);
    json_decref(found);
    json_decref(again);
    json_decref(cleared);
    end(world);
}

static void test_an_earlier_audit_can_be_compared_with(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN, .home = DUPLICATE});
    audit_free(look(world));
    g_autofree char *first = g_strdup(world->last);
    case_edit_home(world->c, CHANGE("Ben", SET("proxyAddresses", "SMTP:ben@acme.example")));
    audit_free(look(world));
    g_autofree char *second = g_strdup(world->last);
    case_edit_home(world->c, CHANGE("Ben", SET("proxyAddresses", "SMTP:a@acme.example")));
    g_autoptr(Audit) came_back = look_since(world, first);
    assert_count(came_back, AUDIT_DUPLICATE_ADDRESS, 1, 0, 0); /* it was there then, and is now */
    g_autoptr(Audit) since_second = look_since(world, second);
    assert_count(since_second, AUDIT_DUPLICATE_ADDRESS, 1, 1, 0);
    case_edit_home(world->c, CHANGE("Ben", SET("proxyAddresses", "SMTP:ben@acme.example")));
    g_autoptr(Audit) gone = look_since(world, first);
    assert_count(gone, AUDIT_DUPLICATE_ADDRESS, 0, 0, 1);
    end(world);
}

static void test_an_audit_that_is_not_there(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN});
    g_autoptr(GError) error = NULL;
    const AuditOptions options = {.state_folder = case_state_folder(world->c), .since = "yesterday"};
    assert_null(audit_run(&world->scope, &options, &error));
    assert_true(error_is(error, ERROR_NOT_FOUND));
    assert_non_null(strstr(error->message, "--list"));
    end(world);
}

static void test_history_has_every_audit_and_its_counts(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = "", .home = DUPLICATE});
    audit_free(look(world));
    case_edit_home(world->c, CHANGE("Ben", SET("proxyAddresses", "SMTP:ben@acme.example")));
    g_autoptr(Audit) second = look(world);
    json_t *rows = json_array();
    assert_true(audit_history(second, take_row, rows, NULL));
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(text_at(rows, 1, "id"), world->last);
    const json_t *counts = json_object_get(json_array_get(rows, 0), "counts");
    assert_int_equal(json_integer_value(json_object_get(counts, "duplicate-address")), 1);
    assert_null(json_object_get(json_object_get(json_array_get(rows, 1), "counts"), "duplicate-address"));
    json_decref(rows);

    json_t *listed = json_array();
    assert_true(audit_list(world->scope.organisation, case_state_folder(world->c), take_row, listed, NULL));
    assert_int_equal(json_array_size(listed), 2);
    json_decref(listed);
    end(world);
}

static bool count_rows(const json_t *row, void *data, GError **error)
{
    (void)row;
    (void)error;
    ++*(size_t *)data;
    return true;
}

/* One finding that all of them have, and one that the first alone has: it goes with the last audit that had
 * it. */
static void test_the_oldest_audits_are_forgotten(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN});
    g_autoptr(AuditStore) store =
        audit_store_open(world->scope.organisation, case_state_folder(world->c), NULL);
    const Fingerprint standing = {1, 2}, early = {3, 4};
    AuditPlace place = {0};
    for (unsigned i = 0; i < AUDITS_KEPT + 2; i++) {
        g_autofree char *id = g_strdup_printf("audit-%u", i), *since = NULL;
        assert_true(audit_store_since(store, "", NULL, &place, &since, NULL));
        assert_true(audit_store_begin(store, id, "2026-11-28T00:00:00Z", &place, NULL));
        assert_true(audit_store_add(store, &place, &standing, "group-cycle", "home", "{}", NULL));
        assert_true(i || audit_store_add(store, &place, &early, "group-cycle", "home", "{}", NULL));
        assert_true(audit_store_finish(store, &place, "2026-11-28T00:00:01Z", NULL));
    }
    size_t audits = 0;
    AuditCount counts[AUDIT_KINDS];
    g_autofree char *none = NULL;
    g_autoptr(GError) error = NULL;
    assert_true(audit_store_history(store, place.scope, count_rows, &audits, NULL));
    assert_int_equal(audits, AUDITS_KEPT);
    assert_true(audit_store_counts(store, &place, counts, NULL));
    assert_int_equal(counts[AUDIT_GROUP_CYCLE].count, 1);
    assert_int_equal(counts[AUDIT_GROUP_CYCLE].fresh, 0);
    AuditPlace from = place;
    size_t left = 0;
    from.since = 1; /* the first audit, which alone had it */
    assert_true(audit_store_cleared(store, &from, AUDIT_GROUP_CYCLE, count_rows, &left, NULL));
    assert_int_equal(left, 0);
    assert_false(audit_store_since(store, "", "audit-0", &place, &none, &error));
    assert_true(error_is(error, ERROR_NOT_FOUND));
    end(world);
}

/* The file holds names and addresses of people. */
static void test_the_file_is_private_and_alone(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = "", .home = DUPLICATE});
    audit_free(look(world));
    g_autofree char *path = g_build_filename(case_state_folder(world->c), "acme.audit.db", NULL);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    g_autoptr(GDir) folder = g_dir_open(case_state_folder(world->c), 0, NULL);
    for (const char *name; (name = g_dir_read_name(folder));)
        if (!g_str_has_prefix(name, "acme."))
            fail_msg("%s was left behind", name);
    end(world);
}

static void test_losing_the_file_loses_the_comparison_alone(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = "", .home = DUPLICATE});
    audit_free(look(world));
    g_autofree char *path = g_build_filename(case_state_folder(world->c), "acme.audit.db", NULL);
    assert_int_equal(g_remove(path), 0);
    g_autoptr(Audit) again = look(world);
    assert_count(again, AUDIT_DUPLICATE_ADDRESS, 1, 0, 0);
    assert_true(json_is_null(json_object_get(audit_head(again), "since")));
    end(world);
}

static void test_a_source_that_is_down_clears_nothing(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN, .home = DUPLICATE});
    g_autoptr(Audit) first = look(world);
    assert_count(first, AUDIT_SOURCE_WITHOUT_OBJECT, 1, 0, 0);
    case_set_faults(world->c, NULL, "open@1+");
    reload(world);
    case_edit_home(world->c, CHANGE("Ben", SET("proxyAddresses", "SMTP:ben@acme.example")));
    g_autoptr(Audit) second = look(world);
    assert_false(audit_is_whole(second));
    assert_true(json_array_size(json_object_get(audit_head(second), "incomplete")) > 0);
    assert_count(second, AUDIT_SOURCE_WITHOUT_OBJECT, 1, 0, 0);
    assert_count(second, AUDIT_DUPLICATE_ADDRESS, 0, 0, 1); /* what was looked at is cleared */
    end(world);
}

/* Whose findings those were is known only by what the audit before said. */
static void test_a_definition_that_is_broken_clears_nothing_of_its_connector(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN, .home = DUPLICATE});
    g_autoptr(Audit) first = look(world);
    assert_count(first, AUDIT_SOURCE_WITHOUT_OBJECT, 1, 0, 0);
    g_ptr_array_set_size(world->scope.known, 0);
    g_ptr_array_set_size(world->scope.chosen, 0);
    g_ptr_array_add(world->scope.problems, (gpointer) "globex.xml:1: it is broken");
    case_edit_home(world->c, CHANGE("Ben", SET("proxyAddresses", "SMTP:ben@acme.example")));
    for (int i = 0; i < 2; i++) {
        g_autoptr(Audit) broken = look(world);
        assert_false(audit_is_whole(broken));
        assert_count(broken, AUDIT_SOURCE_WITHOUT_OBJECT, 1, 0, 0);
        assert_count(broken, AUDIT_DUPLICATE_ADDRESS, 0, 0, i ? 0 : 1);
    }
    g_ptr_array_set_size(world->scope.problems, 0); /* and then it is gone, on purpose */
    g_autoptr(Audit) last = look(world);
    assert_count(last, AUDIT_SOURCE_WITHOUT_OBJECT, 0, 0, 1);
    end(world);
}

/* What was not read may hold the address: nothing is said of nobody, and nothing is cleared. */
static void test_a_home_that_is_read_in_part_clears_nothing(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN,
                                      .home = N("Ada", "targetAddress: SMTP:gone@acme.example\n")
                                          N("Cat", PROXY("SMTP:cat"))});
    g_autoptr(Audit) first = look(world);
    assert_count(first, AUDIT_TARGET_NOWHERE, 1, 0, 0);
    assert_count(first, AUDIT_INVALID_ADDRESS, 1, 0, 0);
    case_set_faults(world->c, "cut-read@2+", NULL);
    reload(world);
    g_autoptr(Audit) second = look(world);
    assert_false(audit_is_whole(second));
    assert_count(second, AUDIT_TARGET_NOWHERE, 1, 0, 0);
    assert_count(second, AUDIT_INVALID_ADDRESS, 1, 0, 0);
    end(world);
}

/* The directories are looked at all the same. */
static void test_a_state_that_cannot_be_read_is_left_out(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN, .home = DUPLICATE});
    g_autofree char *folder = g_build_filename(case_state_folder(world->c), "globex", NULL);
    g_autofree char *path = g_build_filename(folder, "state.db", NULL);
    g_mkdir_with_parents(folder, 0700);
    assert_true(
        g_file_set_contents(path, "this is no database, and long enough to be seen as none", -1, NULL));
    g_autoptr(Audit) audit = look(world);
    assert_count(audit, AUDIT_DUPLICATE_ADDRESS, 1, 0, 0);
    assert_true(json_array_size(json_object_get(audit_head(audit), "incomplete")) > 0);
    end(world);
}

/* All objects are compared; told is what concerns the connector. */
static void test_one_connector_is_told_of_its_own(void **state)
{
    (void)state;
    World *world =
        begin(&(CaseStart){.source = ANN,
                           .home = DUPLICATE CONTACT("z9", "Zoe", "zoe@globex.example", "")
                               N("Cat", PROXY("SMTP:zoe@globex.example")) N("Dan", PROXY("SMTP:dan"))});
    world->scope.everything = false;
    g_autoptr(Audit) audit = look(world);
    json_t *found = findings(audit, AUDIT_DUPLICATE_ADDRESS);
    assert_count(audit, AUDIT_DUPLICATE_ADDRESS, 1, 0, 0);
    assert_non_null(strstr(text_at(found, 0, "evidence"), "zoe@globex.example"));
    assert_count(audit, AUDIT_INVALID_ADDRESS, 0, 0, 0);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(audit_head(audit), "connectors"), 0)), "globex");
    json_decref(found);

    world->scope.everything = true; /* another scope: nothing to compare with */
    g_autoptr(Audit) whole = look(world);
    assert_count(whole, AUDIT_DUPLICATE_ADDRESS, 2, 0, 0);
    assert_count(whole, AUDIT_INVALID_ADDRESS, 1, 0, 0);
    assert_true(json_is_null(json_object_get(audit_head(whole), "since")));
    end(world);
}

static void test_rows_say_who_is_where(void **state)
{
    (void)state;
    World *world = begin(
        &(CaseStart){.source = ANN PERSON("b1", "Bob", "bob@globex.example", ""), .filter = "(title=Boss)"});
    g_autoptr(Audit) audit = look(world);
    json_t *rows = json_array();
    assert_true(audit_reconciliation(audit, take_row, rows, NULL));
    assert_int_equal(json_array_size(rows), 2);
    for (size_t i = 0; i < 2; i++) {
        bool ann = !strcmp(text_at(rows, i, "source_dn"), "uid=a1,o=globex");
        assert_string_equal(text_at(rows, i, "connector"), "globex");
        assert_string_equal(text_at(rows, i, "step"), "import");
        assert_string_equal(text_at(rows, i, "verdict"), "only-source");
        assert_string_equal(text_at(rows, i, "reason_id"), ann ? "new" : "filtered-out");
    }
    json_decref(rows);
    end(world);
}

/* Those who have asked for it hear of what is new, and of nothing else. */
static void test_new_findings_are_an_event(void **state)
{
    (void)state;
    World *world = begin(&(CaseStart){.source = ANN, .home = N("Ada", PROXY("SMTP:a@acme.example"))});
    unsigned long before = event_count(EVENT_AUDIT_FOUND);
    audit_free(look(world));
    audit_free(look(world));
    assert_int_equal(event_count(EVENT_AUDIT_FOUND), before);
    case_edit_home(world->c, CHANGE("Ada", "add: proxyAddresses\nproxyAddresses: SMTP:b@acme.example\n-\n"));
    audit_free(look(world));
    assert_int_equal(event_count(EVENT_AUDIT_FOUND), before + 1);
    end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_finding_is_new_then_stands_then_is_gone),
        cmocka_unit_test(test_an_earlier_audit_can_be_compared_with),
        cmocka_unit_test(test_an_audit_that_is_not_there),
        cmocka_unit_test(test_history_has_every_audit_and_its_counts),
        cmocka_unit_test(test_the_oldest_audits_are_forgotten),
        cmocka_unit_test(test_the_file_is_private_and_alone),
        cmocka_unit_test(test_losing_the_file_loses_the_comparison_alone),
        cmocka_unit_test(test_a_source_that_is_down_clears_nothing),
        cmocka_unit_test(test_a_definition_that_is_broken_clears_nothing_of_its_connector),
        cmocka_unit_test(test_a_home_that_is_read_in_part_clears_nothing),
        cmocka_unit_test(test_a_state_that_cannot_be_read_is_left_out),
        cmocka_unit_test(test_one_connector_is_told_of_its_own),
        cmocka_unit_test(test_rows_say_who_is_where),
        cmocka_unit_test(test_new_findings_are_an_event),
    };
    return cmocka_run_group_tests_name("audit_history", tests, NULL, NULL);
}
