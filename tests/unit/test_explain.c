/*
 * test_explain.c - what explain says of a recipient
 *
 * That it says what a run does is tested with the tables of runs (explain_tables.c);
 * here is the rest: who is meant, why, by which line, what is known when a side is
 * down, and what the report makes of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "explain_case.h"

#include "dirsync/filter.h"
#include "dirsync/mapping.h"
#include "dirsync/report/report.h"

#include <string.h>

/* --- what it says --- */

static const char *failure_of(const PassStory *story, const char *what)
{
    for (guint i = 0; i < story->checks->len; i++) {
        const StoryCheck *check = g_ptr_array_index(story->checks, i);
        if (!strcmp(check->what, what))
            return check->why;
    }
    fail_msg("%s was not checked", what);
    return NULL;
}

static const StoryAttribute *attribute_of(const PassStory *story, const char *name)
{
    for (guint i = 0; i < story->attributes->len; i++) {
        const StoryAttribute *attribute = g_ptr_array_index(story->attributes, i);
        if (!g_ascii_strcasecmp(attribute->name, name))
            return attribute;
    }
    fail_msg("nothing about %s", name);
    return NULL;
}

static void assert_value(const PassStory *story, const char *name, const char *data, StoryFate fate)
{
    const StoryAttribute *attribute = attribute_of(story, name);
    for (guint i = 0; i < attribute->values->len; i++) {
        const StoryValue *value = g_ptr_array_index(attribute->values, i);
        if (strcmp(value->data, data) != 0)
            continue;
        assert_string_equal(story_fate_names[value->fate], story_fate_names[fate]);
        return;
    }
    fail_msg("no value %s of %s", data, name);
}

static char *text_of(Case *c, const Explanation *explanation, bool verbose)
{
    g_autoptr(Connector) connector = case_connector(c);
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    report_explanation_text(out, connector, explanation, verbose);
    fclose(out);
    return text;
}

/* --- who is meant --- */

static void one_person_is_meant_by_any_of_their_names(void **state)
{
    static const char *const objects[] = {
        "ann@globex.example", "SMTP:ann@globex.example", "smtp:ANN@globex.example", "X400:c=us;a= ;p=x", "a1",
        "uid=a1,o=globex",    "cn=Ann Ash,ou=in,o=acme"};
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB, .home = ANN_CONTACT});
    for (int synced = 0; synced < 2; synced++) {
        for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
            g_autoptr(Explanation) explanation = case_explain_one(c, objects[i]);
            assert_string_equal(explained_import(explanation)->anchor, "a1");
            assert_string_equal(explained_first(explanation)->home_dn, "cn=Ann Ash,ou=in,o=acme");
            assert_int_equal(explanation->bystanders->len, 0);
            assert_true(explanation->no_state == !synced);
        }
        if (!synced)
            case_sync(c, NULL,
                      &(Expected){.changes = "* cn=Ann Ash,ou=in,o=acme\n  + telephoneNumber: 1\n" CREATED(
                                      "b1", "Bob Birch", "bob@globex.example", ""),
                                  .writes = 2,
                                  .counts = "1 created, 1 modified"});
    }
}

static void nobody_is_an_error_that_says_where_it_looked(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    g_autoptr(GError) error = NULL;
    assert_null(case_explain(c, "nobody@globex.example", &error));
    assert_true(error_is(error, ERROR_NOT_FOUND));
    assert_int_equal(error_exit_status(error), 1);
    assert_non_null(strstr(error->message, "nobody@globex.example"));
    assert_non_null(strstr(error->message, "looked in"));
}

static void an_address_that_several_have_gives_all_of_them(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN, .home = NATIVE("Nat", "ann@globex.example", "")});
    g_autoptr(GError) error = NULL;
    g_autoptr(Explanation) explanation = case_explain(c, "ann@globex.example", &error);
    assert_non_null(explanation);
    assert_int_equal(explanation->objects->len + explanation->bystanders->len, 2);
    assert_string_equal(((Bystander *)g_ptr_array_index(explanation->bystanders, 0))->dn,
                        "cn=Nat,ou=people,o=acme");
    g_autofree char *text = text_of(c, explanation, false);
    assert_non_null(strstr(text, "ambiguous, 2 are found"));
}

static void who_comes_and_goes_out_is_one_recipient(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .source = ANN, .home = INSIDER("a9", "Nat", "nat@acme.example", ""), .export = FROM_PEOPLE});
    case_sync(c, NULL,
              &(Expected){.changes = CREATED("a1", "Ann Ash", "ann@globex.example", "  telephoneNumber: 1\n"),
                          .writes = 1,
                          .counts = "1 created",
                          .foreign = EXPORTED("a9", "Nat", "nat@acme.example", ""),
                          .foreign_writes = 1,
                          .exported = "1 created"});
    g_autoptr(Explanation) there = case_explain_one(c, "cn=Nat,ou=out,o=globex");
    g_autoptr(Explanation) here = case_explain_one(c, "cn=Nat,ou=people,o=acme");
    assert_situation(explained_first(there)->import->story, "out-of-scope", NULL);
    assert_situation(explained_first(there)->export->story, "in-sync", NULL);
    assert_situation(explained_first(here)->export->story, "in-sync", NULL);
    assert_string_equal(explained_first(there)->home_dn, "cn=Nat,ou=people,o=acme");
}

/* Whom the import leaves out as one of us has its addresses at home. */
static void an_address_that_an_exported_native_has_is_there(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .source = BOB,
        .home = INSIDER("a9", "Nat", "nat@acme.example", "proxyAddresses: NOTES:Nat/Acme@Exchange\n"),
        .export = FROM_PEOPLE,
        .addresses = "type=\"NOTES\" template=\"NOTES:&amp;d/Acme@Exchange\""});
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    g_auto(RunResult) result = {0};
    assert_true(run_sync(connector, &options, &result, NULL));
    g_autoptr(Explanation) explanation = case_explain_one(c, "cn=Nat,ou=out,o=globex");
    const ExplainedObject *nat = explained_first(explanation);
    assert_non_null(nat->import);
    assert_int_equal(nat->addresses->len, 1);
    assert_true(((const ExplainedAddress *)g_ptr_array_index(nat->addresses, 0))->there);
}

/* --- why --- */

static void a_filter_tells_which_part_fails(void **state)
{
    static const struct {
        const char *filter, *why;
    } table[] = {
        {"(sn=x)", NULL},
        {"(&(sn=x)(telephoneNumber=2))", "(telephoneNumber=2): its telephoneNumber is \"1\""},
        {"(&(title=*)(sn=x)(l=y))", "(title=*): it has no title; (l=y): it has no l"},
        {"(|(sn=y)(sn=z))", "(|(sn=y)(sn=z)): none of these holds"},
        {"(!(sn=x))", "(!(sn=x)): this holds, and must not"},
        {"(&(sn=x)(|(l=a)(&(sn=x)(l=b))))", "(|(l=a)(&(sn=x)(l=b))): none of these holds"},
    };
    (void)state;
    g_autoptr(Entry) entry = entry_new("cn=Ann");
    entry_add_string(entry, "sn", "x");
    entry_add_string(entry, "telephoneNumber", "1");
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(Filter) filter = filter_parse(table[i].filter, NULL);
        g_autofree char *why = filter_why_not(filter, schema_standard(), entry);
        assert_true(!why == !table[i].why);
        if (why)
            assert_string_equal(why, table[i].why);
    }
}

static void a_filter_does_not_tell_a_password(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = entry_new("cn=Ann");
    entry_add_string(entry, "userPassword", "s3cret");
    g_autoptr(Filter) filter = filter_parse("(userPassword=x)", NULL);
    g_autofree char *why = filter_why_not(filter, schema_standard(), entry);
    assert_non_null(why);
    assert_null(strstr(why, "s3cret"));
}

static void who_is_left_out_is_told_by_which_check(void **state)
{
    static const struct {
        const char *source, *filter, *check, *why;
    } table[] = {
        {ANN, "(&(objectClass=inetOrgPerson)(title=Boss))", "source and filter",
         "(title=Boss): it has no title"},
        {PERSON("a1", "Ann Ash", "ann@acme.example", ""), NULL, "own domains", "one of our own domains"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(Case) c = case_new(&(CaseStart){.source = table[i].source, .filter = table[i].filter});
        g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
        const PassStory *story = explained_import(explanation);
        assert_situation(story, "out-of-scope", NULL);
        const char *why = failure_of(story, table[i].check);
        assert_non_null(why);
        if (!strstr(why, table[i].why))
            fail_msg("%s: %s", table[i].check, why);
        assert_int_equal(explained_first(explanation)->import->planned->len, 0);
    }
}

static size_t count_verdicts(const PassStory *story, RecipientVerdict verdict)
{
    size_t n = 0;
    for (guint i = 0; i < story->recipients->len; i++) {
        const StoryRecipient *recipient = g_ptr_array_index(story->recipients, i);
        n += !strcmp(recipient->verdict, recipient_verdict_names[verdict]);
        assert_true(recipient->chosen ==
                    !strcmp(recipient->verdict, recipient_verdict_names[RECIPIENT_CHOSEN]));
    }
    return n;
}

static void each_recipient_of_the_mapping_has_a_verdict(void **state)
{
    static const struct {
        const char *kinds;
        size_t chosen, not_asked;
    } table[] = {{"groups=\"group\" resources=\"no\"", 1, 0}, {"groups=\"no\" resources=\"no\"", 0, 1}};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(Case) c =
            case_new(&(CaseStart){.kinds = table[i].kinds, .source = BOB GROUP("g1", "Team", IN("b1"))});
        g_autoptr(Explanation) group = case_explain_one(c, "g1");
        g_autoptr(Explanation) person = case_explain_one(c, "b1");
        assert_true(explained_import(group)->recipients->len > 2);
        assert_int_equal(count_verdicts(explained_import(group), RECIPIENT_CHOSEN), table[i].chosen);
        assert_true((count_verdicts(explained_import(group), RECIPIENT_NOT_ASKED) > 0) ==
                    (table[i].not_asked > 0));
        assert_int_equal(count_verdicts(explained_import(person), RECIPIENT_CHOSEN), 1);
        assert_situation(explained_import(group), table[i].chosen ? "new" : "out-of-scope", NULL);
    }
}

static void every_value_has_the_line_that_gave_it(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN,
                              .home = CONTACT("a1", "Ann Ash", "old@globex.example",
                                              "proxyAddresses: X400:c=us;a= ;p=x\ndescription: by hand\n"
                                              "physicalDeliveryOfficeName: 7\n")});
    g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
    const PassStory *story = explained_import(explanation);
    assert_situation(story, "changed", NULL);
    assert_value(story, "mail", "old@globex.example", VALUE_REMOVED);
    assert_value(story, "mail", "ann@globex.example", VALUE_ADDED);
    assert_value(story, "proxyAddresses", "X400:c=us;a= ;p=x", VALUE_KEPT);
    assert_value(story, "proxyAddresses", "SMTP:ann@globex.example", VALUE_ADDED);
    assert_value(story, "importedFrom", CASE_UUID, VALUE_STAYS);
    assert_string_equal(attribute_of(story, "mailNickname")->wins, "initial");
    assert_string_equal(attribute_of(story, "proxyAddresses")->owns, "SMTP: smtp:");
    assert_null(attribute_of(story, "physicalDeliveryOfficeName")->wins);
    assert_non_null(strstr(attribute_of(story, "mail")->where, "mapping.xml:"));
    const StoryAttribute *mail = attribute_of(story, "mail");
    for (guint i = 0; i < mail->values->len; i++) {
        const StoryValue *value = g_ptr_array_index(mail->values, i);
        if (value->fate == VALUE_ADDED)
            assert_string_equal(value->where, mail->where);
    }
}

static void who_has_the_address_is_a_candidate_with_a_verdict(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB,
                                              .home = NATIVE("Nat", "ann@globex.example", "")
                                                  CONTACT("b1", "Bob Birch", "bob@globex.example", "")});
    g_autoptr(Explanation) ann = case_explain_one(c, "a1");
    const PassStory *story = explained_import(ann);
    assert_situation(story, "unowned", "cn=Nat,ou=people,o=acme");
    assert_int_equal(story->candidates->len, 1);
    const StoryCandidate *candidate = g_ptr_array_index(story->candidates, 0);
    assert_string_equal(candidate->dn, "cn=Nat,ou=people,o=acme");
    assert_string_equal(candidate->rule, "address");
    assert_null(candidate->refused);
    assert_value(story, "mail", "ann@globex.example", VALUE_NOT_GIVEN); /* nothing is made */
    /* An address that is new to a contact and belongs to a native is a conflict. */
    case_set_source(c, ANN PERSON("b1", "Bob Birch", "ann@globex.example", ""));
    g_autoptr(Explanation) bob = case_explain_one(c, "b1");
    assert_situation(explained_import(bob), "conflict", "smtp:ann@globex.example");
    candidate = g_ptr_array_index(explained_import(bob)->candidates, 0);
    assert_non_null(strstr(candidate->refused, "conflict"));
    assert_value(explained_import(bob), "proxyAddresses", "SMTP:ann@globex.example", VALUE_NOT_GIVEN);
}

static void grace_has_a_beginning_and_an_end(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = BOB,
                              .import = "<grace days=\"3650\"/>",
                              .home = CONTACT("a1", "Ann Ash", "ann@globex.example", IN_GRACE)});
    g_autoptr(Explanation) explanation = case_explain_one(c, "ann@globex.example");
    const PassStory *story = explained_import(explanation);
    assert_situation(story, "missing", "grace goes on");
    assert_string_equal(story->grace, LONG_AGO);
    assert_value(story, "mail", "ann@globex.example", VALUE_STAYS);
    assert_string_equal(story->grace_until, "20291229000000.0Z");
}

static void the_last_changes_are_told_with_what_became_of_them(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    case_sync(c, NULL,
              &(Expected){.changes = CREATED("a1", "Ann Ash", "ann@globex.example", "  telephoneNumber: 1\n"),
                          .writes = 1,
                          .counts = "1 created"});
    g_autofree char *made = g_strdup(case_last_run(c));
    case_set_source(c, PERSON("a1", "Ann Ash", "ann@globex.example", ""));
    case_sync(c, NULL,
              &(Expected){.changes = "* cn=Ann Ash,ou=in,o=acme\n  - telephoneNumber: 1\n",
                          .writes = 1,
                          .counts = "1 modified"});
    g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
    const GPtrArray *history = explained_first(explanation)->history;
    assert_int_equal(history->len, 2);
    const ExplainedChange *last = g_ptr_array_index(history, 0), *earliest = g_ptr_array_index(history, 1);
    assert_int_equal(last->change->kind, CHANGE_MODIFY);
    assert_string_equal(earliest->run, made);
    assert_int_equal(earliest->change->kind, CHANGE_ADD);
    assert_string_equal(earliest->outcome, "done");
}

static void quarantine_has_a_reason_and_the_run_since_when(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN, .home = NATIVE("Nat", "ann@globex.example", "")});
    case_sync(
        c, NULL,
        &(Expected){
            .counts = "1 quarantined", .quarantine = "a1: cn=Nat*\n", .events = "unowned", .status = 3});
    g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
    assert_non_null(strstr(explained_first(explanation)->import->quarantine, "cn=Nat"));
    assert_string_equal(explained_first(explanation)->import->quarantined_since, case_last_run(c));
}

static void templates_and_generators_are_named(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = BOB,
                              .home = INSIDER("a9", "Nat", "nat@acme.example", "displayName: Nat\n"),
                              .export = FROM_PEOPLE,
                              .addresses = "type=\"NOTES\" template=\"NOTES:&amp;d/Acme@Exchange\""});
    g_autoptr(Explanation) explanation = case_explain_one(c, "nat@acme.example");
    const ExplainedObject *nat = explained_first(explanation);
    assert_int_equal(nat->addresses->len, 1);
    const ExplainedAddress *address = g_ptr_array_index(nat->addresses, 0);
    assert_string_equal(address->address, "NOTES:Nat/Acme@Exchange");
    assert_string_equal(address->site, "NOTES:&d/Acme@Exchange");
    assert_non_null(strstr(address->because, "connector "));
    assert_non_null(strstr(address->generator, "simple.so "));
    assert_false(address->there);
    assert_int_equal(nat->given->len, 1);
    g_autoptr(Explanation) other = case_explain_one(c, "bob@globex.example");
    address = g_ptr_array_index(explained_first(other)->addresses, 0);
    assert_null(address->address);
    assert_non_null(strstr(address->problem, "no policy"));
}

/* --- what a side that is down leaves --- */

static void a_source_that_is_down_leaves_what_the_state_knows(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .file = "count-trailer=\"count\""});
    g_autofree char *file = case_path(c, "people.ldif");
    case_set_source(c, "dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn: Ann Ash\nsn: x\n"
                       "mail: ann@globex.example\n\n# count: 1\n");
    case_sync(c, NULL,
              &(Expected){.changes = CREATED("a1", "Ann Ash", "ann@globex.example", ""),
                          .writes = 1,
                          .counts = "1 created"});
    assert_int_equal(remove(file), 0);
    g_autoptr(Explanation) explanation = case_explain_one(c, "ann@globex.example");
    assert_true(explanation->unreachable);
    assert_int_equal(explanation->notes->len, 1);
    assert_non_null(strstr(g_ptr_array_index(explanation->notes, 0), "people.ldif"));
    const ExplainedPass *import = explained_first(explanation)->import;
    assert_false(import->story->decided);
    assert_string_equal(import->link.dn, "cn=Ann Ash,ou=in,o=acme");
    assert_string_equal(import->indexed_dn, "cn=Ann Ash,ou=in,o=acme");
    assert_string_equal(g_ptr_array_index(import->indexed, 0), "SMTP:ann@globex.example");
    assert_int_equal(explained_first(explanation)->history->len, 1);
    g_autoptr(GError) error = NULL;
    assert_null(case_explain(c, "nobody@globex.example", &error));
    assert_int_equal(error_exit_status(error), 5);
}

/* Both sides answer, and yet nothing can be planned. The anchor is the smallest of the values, wherever the
 * server puts it, and who has never been here is found by it. */
static void without_a_plan_the_source_is_asked_for_the_anchor(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .source = "dn: cn=Zoe,o=globex\nobjectClass: inetOrgPerson\nuid: z2\nuid: a1\ncn: Zoe\nsn: x\n"
                  "mail: zoe@globex.example\n\n"});
    g_autofree char *mapping = case_path(c, "mapping.xml");
    assert_true(g_file_set_contents(mapping, "<mapping/>", -1, NULL));
    static const char *const objects[] = {"zoe@globex.example", "cn=Zoe,o=globex", "a1", "z2"};
    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
        g_autoptr(Explanation) explanation = case_explain_one(c, objects[i]);
        const PassStory *story = explained_import(explanation);
        assert_false(story->decided);
        assert_string_equal(story->anchor, "a1");
        assert_string_equal(entry_dn(story->source), "cn=Zoe,o=globex");
        assert_false(explanation->unreachable);
    }
}

static void a_run_that_is_going_on_is_not_in_the_way(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .home = ANN_CONTACT});
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) running = state_open(connector, case_state_folder(c), NULL);
    assert_non_null(running);
    assert_true(state_begin(running, NULL));
    g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
    assert_situation(explained_import(explanation), "changed", NULL);
    state_rollback(running);
}

static void passwords_are_not_told(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = entry_new("cn=Ann");
    entry_add_string(entry, "cn", "Ann");
    entry_add_string(entry, "userPassword", "s3cret");
    entry_add_string(entry, "unicodePwd", "s3cret");
    g_autoptr(Entry) told = story_copy(entry);
    assert_int_equal(entry_n_attributes(told), 1);
}

/* Whatever the mapping makes of it, it is not said which value it gives. */
static void a_password_that_the_mapping_gives_is_not_told(void **state)
{
    (void)state;
    static const char *const edits[][2] = {
        {"<object class=\"contact\"/>", "<object class=\"inetOrgPerson\"/><object class=\"mailRecipient\"/>"},
        {"<attribute name=\"description\"",
         "<attribute name=\"sn\" select=\"'x'\"/>\n<attribute name=\"userPassword\""}};
    g_autoptr(Case) c = case_new(
        &(CaseStart){.source = PERSON("a1", "Ann Ash", "ann@globex.example", "description: s3cret\n")});
    g_autofree char *path = case_path(c, "mapping.xml"), *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(GString) mapping = g_string_new(text);
    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++)
        assert_int_equal(g_string_replace(mapping, edits[i][0], edits[i][1], 1), 1);
    assert_true(g_file_set_contents(path, mapping->str, -1, NULL));
    g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
    const PassStory *story = explained_import(explanation);
    assert_non_null(story->desired);
    assert_value(story, "sn", "x", VALUE_ADDED);
    assert_int_equal(attribute_of(story, "userPassword")->values->len, 0);
}

/* --- how it looks --- */

static void everything_fits_80_columns_and_is_safe_for_a_terminal(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .source = PERSON(
            "a1", "Ann Ash", "ann@globex.example",
            "description: a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l\n"
            "description:: G1swbWJhZA==\n")});
    g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
    g_autofree char *text = text_of(c, explanation, true);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_utf8_strlen(*line, -1) > 80 && strchr(g_strchug(*line) + 2, ' '))
            fail_msg("longer than 80 columns: %s", *line);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "\\1b[0mbad"));
}

static void json_has_all_that_a_person_sees(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .home = ANN_CONTACT});
    g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
    json_t *json = report_explanation_json("globex", explanation);
    json_t *import = json_object_get(json_array_get(json_object_get(json, "recipients"), 0), "import");
    static const char *const names[] = {"anchor",     "situations", "planned",    "source",
                                        "checks",     "recipients", "candidates", "current",
                                        "attributes", "link",       "quarantine"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (!json_object_get(import, names[i]))
            fail_msg("no %s", names[i]);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(import, "situations"), 0), "name")),
        "changed");
    assert_true(json_array_size(json_object_get(import, "planned")) == 1);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_person_is_meant_by_any_of_their_names),
        cmocka_unit_test(nobody_is_an_error_that_says_where_it_looked),
        cmocka_unit_test(an_address_that_several_have_gives_all_of_them),
        cmocka_unit_test(who_comes_and_goes_out_is_one_recipient),
        cmocka_unit_test(an_address_that_an_exported_native_has_is_there),
        cmocka_unit_test(a_filter_tells_which_part_fails),
        cmocka_unit_test(a_filter_does_not_tell_a_password),
        cmocka_unit_test(who_is_left_out_is_told_by_which_check),
        cmocka_unit_test(each_recipient_of_the_mapping_has_a_verdict),
        cmocka_unit_test(every_value_has_the_line_that_gave_it),
        cmocka_unit_test(who_has_the_address_is_a_candidate_with_a_verdict),
        cmocka_unit_test(grace_has_a_beginning_and_an_end),
        cmocka_unit_test(the_last_changes_are_told_with_what_became_of_them),
        cmocka_unit_test(quarantine_has_a_reason_and_the_run_since_when),
        cmocka_unit_test(templates_and_generators_are_named),
        cmocka_unit_test(a_source_that_is_down_leaves_what_the_state_knows),
        cmocka_unit_test(without_a_plan_the_source_is_asked_for_the_anchor),
        cmocka_unit_test(a_run_that_is_going_on_is_not_in_the_way),
        cmocka_unit_test(a_password_that_the_mapping_gives_is_not_told),
        cmocka_unit_test(passwords_are_not_told),
        cmocka_unit_test(everything_fits_80_columns_and_is_safe_for_a_terminal),
        cmocka_unit_test(json_has_all_that_a_person_sees),
    };
    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
