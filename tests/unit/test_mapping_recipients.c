/*
 * test_mapping_recipients.c - mappings with several recipients: which one an entry is, and what they share
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/error.h"
#include "mapping_case.h"

#include <string.h>

#define BEGIN "<mapping xmlns='urn:x-dirsync:mapping:1' name='test'><import>\n"
#define END "</import></mapping>"
#define CN "<name attribute='cn' from='cn'/>"
#define CONTACT "<object class='contact'/>" CN
#define GROUP "<object class='groupOfNames'/>" CN

/* --- which recipient an entry is ---------------------------------------------------------------- */

/* What an entry is stands in its title; who has a uid becomes a user where that is asked for. */
static const char directory[] =
    BEGIN "<recipient of='group' as='group' when=\"$title = 'list'\">" GROUP "</recipient>\n"
          "<recipient of='group' as='contact' when=\"$title = 'list' and $mail\">" CONTACT "</recipient>\n"
          "<recipient of='resource' as='contact' when=\"$title = 'room'\">" CONTACT "</recipient>\n"
          "<recipient of='person' as='user' when='$uid'>" CONTACT "</recipient>\n"
          "<recipient of='person' as='contact' when=\"$title != 'contact'\">" CONTACT "</recipient>\n"
          "<recipient of='contact' as='contact'>" CONTACT "</recipient>\n" END;

typedef struct {
    RecipientAs as[OF_KINDS]; /* people, contacts, groups, resources */
    const char *entry[4];
    int index;
} Choice;

static const Choice choices[] = {
    {{AS_CONTACT, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=list"}, 0},
    {{AS_CONTACT, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=LIST"}, 4},
    {{AS_CONTACT, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=room"}, 2},
    {{AS_CONTACT, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=head"}, 4},
    {{AS_CONTACT, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=head", "uid=jd"}, 4},
    {{AS_CONTACT, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=contact"}, 5},
    {{AS_CONTACT, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"cn=Jane"}, 5},
    /* what a list is as a contact has a condition of its own */
    {{AS_CONTACT, AS_CONTACT, AS_CONTACT, AS_CONTACT}, {"title=list", "mail=a@x"}, 1},
    {{AS_CONTACT, AS_CONTACT, AS_CONTACT, AS_CONTACT}, {"title=list"}, -1},
    /* left out, and not something else instead */
    {{AS_CONTACT, AS_CONTACT, AS_NOTHING, AS_CONTACT}, {"title=list", "mail=a@x"}, -1},
    {{AS_NOTHING, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=head"}, -1},
    {{AS_CONTACT, AS_NOTHING, AS_GROUP, AS_CONTACT}, {"cn=Jane"}, -1},
    /* asked for, and the mapping has none such */
    {{AS_CONTACT, AS_CONTACT, AS_GROUP, AS_USER}, {"title=room"}, -1},
    /* who has no uid is a person as well, but not one to make a user of */
    {{AS_USER, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=head", "uid=jd"}, 3},
    {{AS_USER, AS_CONTACT, AS_GROUP, AS_CONTACT}, {"title=head"}, -1},
};

static void the_first_condition_that_holds_says_what_an_entry_is(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = mapping_case_load(directory);
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        g_autoptr(Entry) source = mapping_case_entry(choices[i].entry);
        g_autoptr(GError) error = NULL;
        int index = -2;
        assert_true(mapping_choose(mapping, choices[i].as, schema_standard(), source, &index, &error));
        if (index != choices[i].index)
            fail_msg("case %zu (%s) is recipient %d, not %d", i, choices[i].entry[0], index,
                     choices[i].index);
    }
}

static void who_fits_no_condition_is_nobody(void **state)
{
    (void)state;
    static const RecipientAs people[OF_KINDS] = {[OF_PERSON] = AS_CONTACT};
    g_autoptr(Mapping) mapping = mapping_case_load(
        BEGIN "<recipient of='person' as='contact' when='$mail'>" CONTACT "</recipient>" END);
    g_autoptr(Entry) source = ENTRY("cn=Jane");
    int index = 0;
    assert_true(mapping_choose(mapping, people, schema_standard(), source, &index, NULL));
    assert_int_equal(index, -1);
}

static void the_short_form_takes_every_entry(void **state)
{
    (void)state;
    static const RecipientAs people[OF_KINDS] = {[OF_PERSON] = AS_CONTACT};
    static const RecipientAs users[OF_KINDS] = {[OF_PERSON] = AS_USER};
    g_autoptr(Mapping) mapping = mapping_case_load(BEGIN CONTACT END);
    g_autoptr(Entry) source = ENTRY("title=list");
    int index;
    assert_true(mapping_choose(mapping, people, schema_standard(), source, &index, NULL));
    assert_int_equal(index, 0);
    assert_true(mapping_choose(mapping, users, schema_standard(), source, &index, NULL));
    assert_int_equal(index, -1);
}

static void a_condition_that_fails_makes_the_entry_invalid(void **state)
{
    (void)state;
    static const RecipientAs people[OF_KINDS] = {[OF_PERSON] = AS_CONTACT};
    g_autoptr(Mapping) mapping = mapping_case_load(
        BEGIN "<recipient of='person' as='contact' when=\"replace($info, 'x', $info)\">" CONTACT
              "</recipient>" END);
    g_autofree char *longest = g_strnfill(3000, 'x');
    g_autofree char *pair = g_strconcat("info=", longest, NULL);
    g_autoptr(Entry) source = ENTRY(pair), next = ENTRY("info=x");
    g_autoptr(GError) error = NULL;
    int index = 0;
    assert_false(mapping_choose(mapping, people, schema_standard(), source, &index, &error));
    assert_true(error_is(error, ERROR_INVALID));
    assert_string_equal(error->message, "m.xml:2: when: replace(): the result is larger than a mebibyte");
    assert_int_equal(index, -1);
    assert_true(mapping_choose(mapping, people, schema_standard(), next, &index, NULL));
    assert_int_equal(index, 0);
}

/* --- what recipients have ----------------------------------------------------------------------- */

static const char shared[] = BEGIN
    "<attributes id='person'>\n<attribute name='sn' from='sn'/>\n<attribute name='mail' from='mail'/>\n"
    "</attributes>\n"
    "<attributes id='phones'><attribute name='mobile' from='mobile'/></attributes>\n"
    "<recipient of='person' as='contact' uses=' phones\n person' when='$title'>" CONTACT "</recipient>\n"
    "<recipient of='person' as='user' uses='person'>\n" CONTACT
    "<attribute name='MAIL' select=\"concat($mail, '.user')\"/>"
    "<attribute name='sAMAccountName' wins='initial' unique='yes' max-length='20' select='$uid'/>"
    "</recipient>\n" END;

static void rules_of_a_set_are_shared(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = mapping_case_load(shared);
    assert_int_equal(mapping_n_recipients(mapping), 2);
    const MappingRecipient *contact = mapping_recipient(mapping, 0), *user = mapping_recipient(mapping, 1);
    static const char *const of_contact[] = {"cn", "mobile", "sn", "mail"};
    static const char *const of_user[] = {"cn", "sn", "MAIL", "sAMAccountName"};
    assert_int_equal(contact->n_rules, G_N_ELEMENTS(of_contact));
    assert_int_equal(user->n_rules, G_N_ELEMENTS(of_user));
    for (size_t i = 0; i < G_N_ELEMENTS(of_contact); i++)
        assert_string_equal(contact->rules[i]->name, of_contact[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(of_user); i++)
        assert_string_equal(user->rules[i]->name, of_user[i]);
    assert_ptr_equal(contact->rules[2], user->rules[1]);
    assert_string_equal(user->rules[1]->where, "m.xml:3");
    assert_string_equal(user->where, "m.xml:9");
    assert_int_equal(user->as, AS_USER);
}

static void each_recipient_makes_its_own_of_an_entry(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = mapping_case_load(shared);
    g_autoptr(Entry) source = ENTRY("cn=Jane", "sn=Doe", "mail=a@x", "mobile=1", "uid=jd");
    g_autofree char *contact = mapping_case_apply(mapping, 0, source);
    g_autofree char *user = mapping_case_apply(mapping, 1, source);
    assert_string_equal(contact, "cn=Jane\nobjectClass: contact\ncn: Jane\nmobile: 1\nsn: Doe\nmail: a@x\n");
    assert_string_equal(
        user, "cn=Jane\nobjectClass: contact\ncn: Jane\nsn: Doe\nMAIL: a@x.user\nsAMAccountName: jd\n");
}

static void a_name_replaces_what_a_set_says(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping =
        mapping_case_load(BEGIN "<attributes id='a'><attribute name='CN' from='displayName'/></attributes>"
                                "<recipient of='person' as='contact' uses='a'>" CONTACT "</recipient>" END);
    assert_int_equal(mapping_recipient(mapping, 0)->n_rules, 1);
    assert_true(mapping_recipient(mapping, 0)->rules[0]->is_name);
}

static void a_rule_tells_whether_it_is_unique_and_how_long(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = mapping_case_load(shared);
    const MappingRecipient *user = mapping_recipient(mapping, 1);
    assert_true(user->rules[3]->is_unique);
    assert_int_equal(user->rules[3]->wins, WINS_INITIAL);
    assert_int_equal(user->rules[3]->max_length, 20);
    assert_false(user->rules[2]->is_unique);
    assert_int_equal(user->rules[2]->max_length, 0);
}

static void what_is_read_of_the_source_includes_conditions_and_members(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = mapping_case_load(
        BEGIN "<attributes id='a'><attribute name='sn' from='surname'/></attributes>"
              "<recipient of='person' as='contact' uses='a' when='$kind'>" CONTACT "</recipient>"
              "<recipient of='group' as='group'>" GROUP
              "<members name='member' select='$who'/></recipient>" END);
    static const char *const expected[] = {"surname", "kind", "cn", "who"};
    const char *const *sources = mapping_source_attributes(mapping);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_string_equal(sources[i], expected[i]);
    assert_null(sources[G_N_ELEMENTS(expected)]);
}

/* --- members ------------------------------------------------------------------------------------ */

static void members_go_over_as_they_are_in_the_source(void **state)
{
    (void)state;
    static const struct {
        const char *members, *expected;
        MembersBy by;
    } cases[] = {
        {"<members name='member' from='member'/>",
         "member: cn=A,o=x\nmember: CN=a,o=x\nmember: no DN\nmember: no DN\n", MEMBERS_BY_DN},
        {"<members name='uniqueMember' from='member' by='dn'/>",
         "uniqueMember: cn=A,o=x\nuniqueMember: CN=a,o=x\nuniqueMember: no DN\nuniqueMember: no DN\n",
         MEMBERS_BY_DN},
        {"<members name='member' select=\"$member[starts-with(., 'no')]\" by='anchor'/>",
         "member: no DN\nmember: no DN\n", MEMBERS_BY_ANCHOR},
        {"<members name='member' for-each='$member' select='left(., 2)'/>",
         "member: cn\nmember: CN\nmember: no\nmember: no\n", MEMBERS_BY_DN},
        {"<members name='member' from='nothing'/>", "", MEMBERS_BY_DN},
    };
    g_autoptr(Entry) source =
        ENTRY("cn=List", "member=cn=A,o=x", "member=CN=a,o=x", "member=no DN", "member=no DN");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(BEGIN "<recipient of='group' as='group'>" GROUP, cases[i].members,
                                            "</recipient>" END, NULL);
        g_autoptr(Mapping) mapping = mapping_case_load(text);
        const MappingRecipient *group = mapping_recipient(mapping, 0);
        g_autofree char *got = mapping_case_apply(mapping, 0, source);
        g_autofree char *expected =
            g_strconcat("cn=List\nobjectClass: groupOfNames\ncn: List\n", cases[i].expected, NULL);
        assert_string_equal(got, expected);
        assert_int_equal(group->by, cases[i].by);
        assert_ptr_equal(group->members, group->rules[group->n_rules - 1]);
    }
}

/* --- loading ------------------------------------------------------------------------------------ */

#define SET "<attributes id='a'><attribute name='sn' from='sn'/></attributes>\n"
#define OTHER_SET "<attributes id='b'><attribute name='SN' from='sn'/></attributes>\n"
#define PERSON(rest, inner) "<recipient of='person' as='contact'" rest ">" CONTACT inner "</recipient>\n"

static void mistakes_are_found_at_loading(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {CONTACT PERSON("", ""),
         "m.xml:2: <object> has no place in <import>; allowed: <attributes>, "
         "<recipient>\n"
         "m.xml:2: <name> has no place in <import>; allowed: <attributes>, <recipient>"},
        {SET CONTACT, "m.xml:1: <import> lacks <recipient>"},
        {SET, "m.xml:1: <import> lacks <recipient>"},
        {"<recipient as='contact'>" CONTACT "</recipient>",
         "m.xml:2: <recipient> lacks the attribute of; allowed: person, contact, group, resource"},
        {"<recipient of='person'>" CONTACT "</recipient>",
         "m.xml:2: <recipient> lacks the attribute as; allowed: contact, user, group"},
        {"<recipient of='people' as='contact'>" CONTACT "</recipient>",
         "m.xml:2: <recipient of=\"people\"> is not a possible value; allowed: person, contact, group, "
         "resource"},
        {"<recipient of='person' as='contact'/>", "m.xml:2: <recipient> lacks <name>"},
        {PERSON(" when='sn'", ""), "m.xml:2: when=\"sn\": sn: is a path"},
        {PERSON(" when='nothing()'", ""),
         "m.xml:2: when=\"nothing()\": nothing(): there is no such function"},
        {PERSON("", "<attribute name='cn' from='cn'/>"),
         "m.xml:2: cn has a rule already, in line 2; allowed: one for each attribute"},
        {"<attributes id='a'><attribute name='sn' from='sn'/>\n<attribute name='Sn' "
         "from='sn'/></attributes>" PERSON(" uses='a'", ""),
         "m.xml:3: Sn has a rule already, in line 2"},
        {"<attributes id='a'/>" PERSON(" uses='a'", ""), "m.xml:2: <attributes> lacks <attribute>"},
        {"<attributes id='a'><name attribute='cn' from='cn'/></attributes>" PERSON(" uses='a'", ""),
         "m.xml:2: <name> has no place in <attributes>; allowed: <attribute>"},
        {"<attributes id='a b'><attribute name='sn' from='sn'/></attributes>" PERSON("", ""),
         "m.xml:2: <attributes id=\"a b\"> is not a possible value; allowed: 1 to 64 of letters"},
        {SET SET PERSON(" uses='a'", ""), "m.xml:3: there is a set a already, in line 2"},
        {SET PERSON("", ""), "m.xml:2: no recipient uses the set a; name it in uses=\"...\" or remove it"},
        {SET OTHER_SET PERSON(" uses='a'", ""), "m.xml:3: no recipient uses the set b"},
        {SET PERSON(" uses='a nobody'", ""), "m.xml:3: there is no set nobody; allowed in uses: a"},
        {PERSON(" uses='A'", ""), "m.xml:2: there is no set A; allowed in uses: nothing"},
        {SET PERSON(" uses='a a'", ""), "m.xml:3: the set a is used twice"},
        {SET OTHER_SET PERSON(" uses='a b'", ""),
         "m.xml:4: SN is in two of the sets that are used, in line 2 and in line 3; allowed: one"},
        {PERSON(" uses='a,b'", ""),
         "is not a possible value; allowed: ids of <attributes>, separated by blanks"},
        {PERSON("", "<attribute name='uid' from='uid' unique='yes'/>"),
         "m.xml:2: unique=\"yes\" needs wins=\"initial\""},
        {PERSON("", "<attribute name='uid' from='uid' unique='yes' wins='merge' owns='x'/>"),
         "m.xml:2: unique=\"yes\" needs wins=\"initial\""},
        {PERSON("", "<members name='member' from='member'/>"),
         "m.xml:2: <members> goes with as=\"group\" only"},
        {CONTACT "<members name='member' from='member'/>", "m.xml:2: <members> has no place in <import>"},
        {"<recipient of='group' as='group'>" GROUP "<members name='member' from='a'/>"
         "<members name='owner' from='a'/></recipient>",
         "m.xml:2: a second <members> in <recipient>; allowed: one"},
        {"<recipient of='group' as='group'>" GROUP "<attribute name='member' from='a'/>"
         "<members name='member' from='a'/></recipient>",
         "m.xml:2: member has a rule already"},
        {"<recipient of='group' as='group'>" GROUP "<members name='member' from='a' by='name'/></recipient>",
         "m.xml:2: <members by=\"name\"> is not a possible value; allowed: dn, anchor"},
        {PERSON("", "") "<recipient of='group' as='group'>" GROUP "</recipient>",
         "m.xml:3: no entry gets here: the recipient in line 2 has no when and takes every entry"},
        {PERSON("", "") PERSON(" when='$mail'", ""), "m.xml:3: no entry gets here"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(BEGIN, cases[i][0], END, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Mapping) mapping = mapping_load_memory(text, strlen(text), "m.xml", MAPPING_IMPORT, &error);
        if (mapping || !strstr(error->message, cases[i][1]))
            fail_msg("\nfor     %s\ngot     %s\nwithout %s", cases[i][0], error ? error->message : "nothing",
                     cases[i][1]);
        assert_true(error_is(error, ERROR_DEFINITION));
    }
}

static void mistakes_of_sets_and_recipients_are_told_at_once(void **state)
{
    (void)state;
    static const char text[] = BEGIN SET "<recipient of='person' as='contact' when='$a' uses='x'>" CONTACT
                                         "\n<attribute name='b' select='c'/></recipient>"
                                         "\n<recipient of='group' as='contact'>" CONTACT
                                         "\n<members name='member' from='m'/></recipient>" END;
    g_autoptr(GError) error = NULL;
    assert_null(mapping_load_memory(text, strlen(text), "m.xml", MAPPING_IMPORT, &error));
    assert_string_equal(error->message,
                        "m.xml:4: select=\"c\": c: is a path, and values have no parts; the attribute is $c\n"
                        "m.xml:3: there is no set x; allowed in uses: a\n"
                        "m.xml:6: <members> goes with as=\"group\" only; remove it\n"
                        "m.xml:2: no recipient uses the set a; name it in uses=\"...\" or remove it");
}

static void a_mapping_cannot_grow_without_bound(void **state)
{
    (void)state;
    static const struct {
        const char *before, *piece, *after, *expected;
        int n;
    } cases[] = {
        {"", PERSON(" when='$a'", ""), "", "m.xml:102: too many recipients; at most 100", 101},
        {"", "<attributes id='a#'><attribute name='a' from='a'/></attributes>\n", PERSON("", ""),
         "m.xml:202: too many sets of attributes; at most 200", 201},
        {"<attributes id='a'>", "<attribute name='a#' from='a'/>\n", "</attributes>" PERSON(" uses='a'", ""),
         "m.xml:5002: too many rules; at most 5000", 5001},
        {"<recipient of='person' as='contact' uses='", "a# ", "'>" CONTACT "</recipient>",
         "m.xml:2: too many sets in uses; at most 200", 201},
    };
    for (size_t c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(GString) text = g_string_new(BEGIN);
        g_string_append(text, cases[c].before);
        for (int i = 0; i < cases[c].n; i++) {
            g_auto(GStrv) parts = g_strsplit(cases[c].piece, "#", 2);
            g_string_append(text, parts[0]);
            if (parts[1])
                g_string_append_printf(text, "%d%s", i, parts[1]);
        }
        g_string_append_printf(text, "%s%s", cases[c].after, END);
        g_autoptr(GError) error = NULL;
        assert_null(mapping_load_memory(text->str, text->len, "m.xml", MAPPING_IMPORT, &error));
        if (!strstr(error->message, cases[c].expected))
            fail_msg("got %.300s\nwithout %s", error->message, cases[c].expected);
    }
}

/* --- checking ----------------------------------------------------------------------------------- */

static const RecipientAs people_and_groups[OF_KINDS] = {[OF_PERSON] = AS_CONTACT, [OF_GROUP] = AS_GROUP};

#define LIST(inner)                                                                                          \
    "<recipient of='person' as='contact' when='$uid'>" CONTACT "</recipient>\n"                              \
    "<recipient of='group' as='group'>" inner "</recipient>\n"

#define NO_GROUP                                                                                             \
    "m.xml:1: there is no <recipient of=\"group\" as=\"group\">, and the connector asks for it; "            \
    "add one, or set groups=\"no\" there"

/* NULL when the mapping is good, else what is wrong. */
static char *check(const char *content, const Schema *target, const Schema *source)
{
    g_autofree char *text = g_strconcat(BEGIN, content, END, NULL);
    g_autoptr(Mapping) mapping = mapping_case_load(text);
    g_autoptr(GError) error = NULL;
    if (mapping_check(mapping, people_and_groups, target, source, &error))
        return NULL;
    assert_true(error_is(error, ERROR_DEFINITION));
    return g_strdup(error->message);
}

static void what_is_wrong_with_a_recipient_is_found(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {LIST(CN), "m.xml:3: none of the classes is structural; name one, such as contact"},
        {LIST(GROUP), "m.xml:3: member: the class groupOfNames requires it, and no rule gives it"},
        {LIST("<object class='groupOfUniqueNames'/>" CN "<members name='member' from='member'/>"),
         "m.xml:3: member: none of the classes groupOfUniqueNames allows it\n"
         "m.xml:3: uniqueMember: the class groupOfUniqueNames requires it, and no rule gives it"},
        {LIST("<object class='groupOfNames'/>" CN
              "<attribute name='member' from='a'/><members name='description' from='member'/>"),
         "m.xml:3: description: takes no DNs, and members are written as DNs; name one such as member"},
        {LIST(GROUP "<attribute name='member' from='a'/><members name='nowhere' from='member'/>"),
         "m.xml:3: nowhere: the target has no such attribute; load its schema there or remove the rule"},
        {"<recipient of='person' as='contact'>" CONTACT "</recipient>", NO_GROUP},
        {CONTACT, NO_GROUP},
        {"<recipient of='person' as='user' when='$uid'>" CONTACT "</recipient>"
         "<recipient of='group' as='group'>" GROUP "<members name='member' from='member'/></recipient>",
         "m.xml:1: there is no <recipient of=\"person\" as=\"contact\">, and the connector asks for it; "
         "add one, or set people=\"no\" there"},
        {"<attributes id='a'><attribute name='surname' from='sn'/></attributes>\n"
         "<recipient of='person' as='contact' when='$uid' uses='a'>" CONTACT
         "<attribute name='sn' from='sn'/></recipient>\n"
         "<recipient of='group' as='group'>" GROUP "<members name='member' from='member'/></recipient>",
         "m.xml:3: sn: is the same attribute as surname in m.xml:2"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = check(cases[i][0], schema_standard(), NULL);
        if (g_strcmp0(got, cases[i][1]) != 0)
            fail_msg("\nfor %s\ngot %s\nnot %s", cases[i][0], got ? got : "nothing", cases[i][1]);
    }
}

static void members_give_what_a_group_must_have(void **state)
{
    (void)state;
    static const char *const cases[] = {
        LIST(GROUP "<members name='member' from='member'/>"),
        LIST("<object class='groupOfUniqueNames'/>" CN
             "<members name='uniqueMember' select='$a' by='anchor'/>"),
        LIST("<object class='groupOfUniqueNames'/>" CN "<members name='2.5.4.50' from='member'/>"),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = check(cases[i], schema_standard(), NULL);
        if (got)
            fail_msg("\nfor %s\ngot %s", cases[i], got);
    }
}

static void only_what_the_connector_asks_for_is_checked(void **state)
{
    (void)state;
    g_autofree char *got =
        check("<recipient of='resource' as='contact' when='$nowhere'><object class='nothing'/>" CN
              "</recipient>" LIST(GROUP "<members name='member' from='member'/>"),
              schema_standard(), schema_standard());
    assert_null(got);
}

static void what_is_wrong_with_a_shared_rule_is_told_once(void **state)
{
    (void)state;
    g_autofree char *got =
        check("<attributes id='a'><attribute name='nowhere' from='nothing'/></attributes>\n"
              "<recipient of='person' as='contact' when='$kind' uses='a'>" CONTACT "</recipient>\n"
              "<recipient of='group' as='group' uses='a'>" GROUP
              "<members name='member' from='member'/></recipient>",
              schema_standard(), schema_standard());
    assert_string_equal(got,
                        "m.xml:3: when: the source has no attribute kind\n"
                        "m.xml:2: nowhere: the source has no attribute nothing\n"
                        "m.xml:2: nowhere: the target has no such attribute; load its schema there or remove "
                        "the rule");
}

static void a_file_needs_no_classes_and_takes_every_attribute(void **state)
{
    (void)state;
    static const char content[] =
        "<recipient of='person' as='contact' when='$uid'><name attribute='Name' from='cn'/>"
        "<attribute name='E-Mail' from='mail'/></recipient>"
        "<recipient of='group' as='group'><name attribute='Name' from='cn'/>"
        "<members name='Members' from='member'/></recipient>";
    g_autofree char *good = check(content, NULL, schema_standard());
    assert_null(good);
    g_autofree char *lacking = check("<name attribute='Name' from='nothing'/>", NULL, schema_standard());
    assert_string_equal(lacking, NO_GROUP "\nm.xml:2: Name: the source has no attribute nothing");

    g_autofree char *text = g_strconcat(BEGIN, content, END, NULL);
    g_autoptr(Mapping) mapping = mapping_case_load(text);
    g_autoptr(Entry) source = ENTRY("cn=Jane", "mail=a@x", "mail=A@x");
    g_autoptr(Entry) row = mapping_apply(mapping, 0, NULL, schema_standard(), source, NULL);
    assert_string_equal(entry_dn(row), "Name=Jane");
    assert_int_equal(entry_n_attributes(row), 2);
    assert_int_equal(entry_index(row, "objectClass"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_condition_that_holds_says_what_an_entry_is),
        cmocka_unit_test(who_fits_no_condition_is_nobody),
        cmocka_unit_test(the_short_form_takes_every_entry),
        cmocka_unit_test(a_condition_that_fails_makes_the_entry_invalid),
        cmocka_unit_test(rules_of_a_set_are_shared),
        cmocka_unit_test(each_recipient_makes_its_own_of_an_entry),
        cmocka_unit_test(a_name_replaces_what_a_set_says),
        cmocka_unit_test(a_rule_tells_whether_it_is_unique_and_how_long),
        cmocka_unit_test(what_is_read_of_the_source_includes_conditions_and_members),
        cmocka_unit_test(members_go_over_as_they_are_in_the_source),
        cmocka_unit_test(mistakes_are_found_at_loading),
        cmocka_unit_test(mistakes_of_sets_and_recipients_are_told_at_once),
        cmocka_unit_test(a_mapping_cannot_grow_without_bound),
        cmocka_unit_test(what_is_wrong_with_a_recipient_is_found),
        cmocka_unit_test(members_give_what_a_group_must_have),
        cmocka_unit_test(only_what_the_connector_asks_for_is_checked),
        cmocka_unit_test(what_is_wrong_with_a_shared_rule_is_told_once),
        cmocka_unit_test(a_file_needs_no_classes_and_takes_every_attribute),
    };
    return cmocka_run_group_tests_name("mapping_recipients", tests, NULL, NULL);
}
