/*
 * test_mapping.c - mappings: what their rules make of an entry, what is wrong with them
 *
 * In the short form, one recipient; test_mapping_recipients.c has several.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/dn.h"
#include "dirsync/error.h"
#include "dirsync/mapping.h"
#include "mapping_case.h"

#include <string.h>

#define BEGIN "<mapping xmlns='urn:x-dirsync:mapping:1' name='test'><import>\n"
#define CLASSES "<object class='top'/><object class='contact'/>\n"
#define NAME "<name attribute='cn' from='cn'/>\n"
#define END "</import></mapping>"

/* What a connector asks for that wants people only. */
static const RecipientAs people[OF_KINDS] = {[OF_PERSON] = AS_CONTACT};

static Mapping *load(const char *text, GError **error)
{
    return mapping_load_memory(text, strlen(text), "m.xml", MAPPING_IMPORT, error);
}

static Mapping *load_rules(const char *rules)
{
    g_autofree char *text = g_strconcat(BEGIN CLASSES NAME, rules, END, NULL);
    return mapping_case_load(text);
}

static char *apply(Mapping *mapping, const Entry *source)
{
    return mapping_case_apply(mapping, 0, source);
}

/* --- applying ----------------------------------------------------------------------------------- */

static void rules_make_values(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"<attribute name='sn' from='sn'/>", "sn: Doe\n"},
        {"<attribute name='sn' from='SURNAME'/>", "sn: Doe\n"},
        {"<attribute name='mail' from='mail'/>", "mail: a@x\nmail: b@x\n"},
        {"<attribute name='mail' from='mail' values='first'/>", "mail: a@x\n"},
        {"<attribute name='mail' select='$mail'/>", "mail: a@x\nmail: b@x\n"},
        {"<attribute name='mail' from='nowhere'/>", ""},
        {"<attribute name='mail' select='$nowhere'/>", ""},
        {"<attribute name='mail' select=\"''\"/>", ""},
        {"<attribute name='mail' from='nowhere' default='none@x'/>", "mail: none@x\n"},
        {"<attribute name='mail' from='mail' values='first' default='none@x'/>", "mail: a@x\n"},
        {"<attribute name='mail' from='mail' when=\"$sn = 'Smith'\" default='none@x'/>", ""},
        {"<attribute name='mail' from='mail' values='first' when='$sn'/>", "mail: a@x\n"},
        {"<attribute name='mail' for-each='$mail' select=\"concat(position(), '/', last(), ' ', .)\"/>",
         "mail: 1/3 a@x\nmail: 2/3 b@x\nmail: 3/3 A@x\n"},
        {"<attribute name='mail' for-each='$mail' select=\"concat(., substring-before('-', .))\" "
         "values='first'/>",
         "mail: a@x\n"},
        {"<attribute name='mail' for-each='$mail' select=\"'same'\"/>", "mail: same\n"},
        {"<attribute name='mail' for-each='$mail' select=\"$mail[. != 'A@x']\"/>", "mail: a@x\nmail: b@x\n"},
        {"<attribute name='mail' for-each='$nowhere' select='.' default='none@x'/>", "mail: none@x\n"},
        {"<attribute name='title' select='count($mail)'/>", "title: 3\n"},
        {"<attribute name='msExchHideFromAddressLists' select=\"$sn = 'Doe'\"/>",
         "msExchHideFromAddressLists: TRUE\n"},
        {"<attribute name='sn' select=\"'Müllerin '\" max-length='2' too-long='cut'/>", "sn: Mü\n"},
        {"<attribute name='sn' select=\"'Doe Jane'\" max-length='4' too-long='cut'/>", "sn: Doe\n"},
        {"<attribute name='sn' select=\"' x'\" max-length='1' too-long='cut' default='d'/>", ""},
        {"<attribute name='sn' select=\"'Müller'\" max-length='6'/>", "sn: Müller\n"},
        {"<attribute name='proxyAddresses' wins='merge' owns='SMTP: smtp:' for-each='$mail' "
         "select=\"concat('smtp:', .)\"/>",
         "proxyAddresses: smtp:a@x\nproxyAddresses: smtp:b@x\n"},
    };
    g_autoptr(Entry) source = ENTRY("cn=Jane", "cn=J.", "sn=Doe", "mail=a@x", "mail=b@x", "mail=A@x");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Mapping) mapping = load_rules(cases[i][0]);
        g_autofree char *got = apply(mapping, source);
        g_autofree char *expected =
            g_strconcat("cn=Jane\nobjectClass: top\nobjectClass: contact\ncn: Jane\n", cases[i][1], NULL);
        if (strcmp(got, expected) != 0)
            fail_msg("\n%s\ngives\n%s\nnot\n%s", cases[i][0], got, expected);
    }
}

static void entries_that_cannot_be_mapped_say_why(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"<attribute name='mail' from='mail' required='yes'/>",
         "! m.xml:4: mail: no value, and one is required; it is made from mail, which the entry lacks or "
         "which give "
         "none"},
        {"<attribute name='mail' select=\"concat($a, $b)\" required='yes'/>",
         "! m.xml:4: mail: no value, and one is required; it is made from a, b, which the entry lacks or "
         "which give "
         "none"},
        {"<attribute name='sn' from='sn' max-length='2'/>",
         "! m.xml:4: sn: the value has 3 characters, and max-length is 2"},
        {"<attribute name='sn' from='photo' max-length='2' too-long='cut'/>",
         "! m.xml:4: sn: the value has 3 bytes, and max-length is 2"},
        {"<attribute name='proxyAddresses' wins='merge' owns='SMTP: smtp:' select=\"'X400:c=US'\"/>",
         "! m.xml:4: proxyAddresses: the value \"X400:c=US\" begins with none of the prefixes that the rule "
         "owns"},
        {"<attribute name='proxyAddresses' wins='merge' owns='SMTP:' select=\"'smtp:a@x'\"/>",
         "! m.xml:4: proxyAddresses: the value \"smtp:a@x\" begins with none of the prefixes that the rule "
         "owns"},
        {"<attribute name='sn' select=\"replace($long, 'x', $long)\"/>",
         "! m.xml:4: sn: replace(): the result is larger than a mebibyte"},
    };
    g_autofree char *longest = g_strnfill(3000, 'x');
    g_autofree char *pair = g_strconcat("long=", longest, NULL);
    g_autoptr(Entry) source = ENTRY("cn=Jane", "sn=Doe", pair);
    entry_add(source, "photo", "\xff\xd8\xff", 3);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Mapping) mapping = load_rules(cases[i][0]);
        g_autofree char *got = apply(mapping, source);
        if (strcmp(got, cases[i][1]) != 0)
            fail_msg("\n%s\ngives  %s\nnot    %s", cases[i][0], got, cases[i][1]);
    }
}

static void an_entry_without_name_is_invalid(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_rules("");
    g_autoptr(Entry) source = ENTRY("sn=Doe");
    g_autofree char *got = apply(mapping, source);
    assert_string_equal(
        got, "! m.xml:3: cn: no value, and one is required; it is made from cn, which the entry lacks "
             "or which give none");
}

static void names_are_escaped(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_rules("");
    g_autoptr(Entry) source = ENTRY("cn= Doe, \"J\" + <x>;\\#=");
    g_autoptr(Entry) result = mapping_apply(mapping, 0, schema_standard(), schema_standard(), source, NULL);
    g_autoptr(Dn) dn = dn_parse(entry_dn(result), NULL);
    assert_int_equal(dn->n_rdns, 1);
    assert_string_equal(dn->rdns[0].avas[0].value, " Doe, \"J\" + <x>;\\#=");
    assert_string_equal(schema_find_string(schema_standard(), result, "cn"), " Doe, \"J\" + <x>;\\#=");
}

static void bytes_are_copied_and_invisible_to_xpath(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_rules("<attribute name='jpegPhoto' from='jpegPhoto'/>"
                                            "<attribute name='title' select='count($jpegPhoto)'/>"
                                            "<attribute name='info' select='$description'/>");
    g_autoptr(Entry) source = ENTRY("cn=Jane", "description=good", "description=control \x01");
    entry_add(source, "jpegPhoto", "\xff\xd8\0\xff", 4);
    entry_add(source, "description", "with\0nul", 8);
    entry_add(source, "description", "latin\xe4", 6);
    g_autoptr(Entry) result = mapping_apply(mapping, 0, schema_standard(), schema_standard(), source, NULL);
    const Attribute *photo = schema_find(schema_standard(), result, "jpegPhoto");
    assert_int_equal(photo->values[0].len, 4);
    assert_memory_equal(photo->values[0].data, "\xff\xd8\0\xff", 4);
    assert_string_equal(schema_find_string(schema_standard(), result, "title"), "0");
    assert_int_equal(schema_find(schema_standard(), result, "info")->n_values, 1);
    assert_string_equal(schema_find_string(schema_standard(), result, "info"), "good");
}

static void values_may_be_long_and_many(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping =
        load_rules("<attribute name='info' from='info'/><attribute name='description' "
                   "for-each='$description' select='upper(.)'/>");
    g_autofree char *longest = g_strnfill(100000, 'x');
    g_autofree char *pair = g_strconcat("info=", longest, NULL);
    g_autoptr(Entry) source = ENTRY("cn=Jane", pair);
    for (int i = 0; i < 5000; i++) {
        g_autofree char *value = g_strdup_printf("value %d", i);
        entry_add_string(source, "description", value);
    }
    g_autoptr(Entry) result = mapping_apply(mapping, 0, schema_standard(), schema_standard(), source, NULL);
    assert_int_equal(schema_find(schema_standard(), result, "info")->values[0].len, 100000);
    assert_int_equal(schema_find(schema_standard(), result, "description")->n_values, 5000);
    assert_string_equal(schema_find(schema_standard(), result, "description")->values[4999].data,
                        "VALUE 4999");
}

static void an_entry_leaves_nothing_behind_for_the_next(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_rules("<attribute name='sn' select='$sn'/>");
    g_autoptr(Entry) one = ENTRY("cn=Jane", "sn=Doe"), two = ENTRY("cn=Cher");
    for (int i = 0; i < 3; i++) {
        g_autofree char *first = apply(mapping, one), *second = apply(mapping, two);
        assert_string_equal(first, "cn=Jane\nobjectClass: top\nobjectClass: contact\ncn: Jane\nsn: Doe\n");
        assert_string_equal(second, "cn=Cher\nobjectClass: top\nobjectClass: contact\ncn: Cher\n");
    }
}

/* --- loading ------------------------------------------------------------------------------------ */

static void mistakes_are_found_at_loading(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {BEGIN CLASSES END, "m.xml:1: <import> lacks <name>"},
        {BEGIN END, "m.xml:1: <import> lacks <name>"},
        {BEGIN CLASSES NAME NAME END, "m.xml:4: a second <name> in <import>; allowed: one"},
        {BEGIN CLASSES NAME "<attribute name='sn'/>" END,
         "m.xml:4: <attribute> lacks one of the attributes select, from"},
        {BEGIN CLASSES NAME "<attribute name='sn' from='a' select='$b'/>" END,
         "m.xml:4: <attribute> has several of the attributes select, from; allowed: one"},
        {BEGIN CLASSES NAME "<attribute name='sn' form='a'/>" END,
         "m.xml:4: <attribute> has no attribute form; allowed: name, select, from, max-length, too-long, "
         "for-each, when, "
         "default, wins, unique, owns, values, required"},
        {BEGIN CLASSES NAME "<attribute name='sn' from='sn'/>\n<attribute name='SN' from='sn'/>" END,
         "m.xml:5: SN has a rule already, in line 4; allowed: one for each attribute"},
        {BEGIN CLASSES NAME "<attribute name='cn' from='cn'/>" END,
         "m.xml:4: cn has a rule already, in line 3"},
        {BEGIN CLASSES NAME "<attribute name='a' from='a' wins='merge'/>" END,
         "m.xml:4: wins=\"merge\" needs owns"},
        {BEGIN CLASSES NAME "<attribute name='a' from='a' owns='X:'/>" END,
         "m.xml:4: owns goes with wins=\"merge\" only"},
        {BEGIN CLASSES NAME "<attribute name='a' from='a' too-long='cut'/>" END,
         "m.xml:4: too-long says what happens"},
        {BEGIN CLASSES NAME "<attribute name='a' from='a' for-each='$b'/>" END,
         "m.xml:4: for-each goes with select"},
        {BEGIN CLASSES NAME "<attribute name='a' select='.' for-each='upper($b)'/>" END,
         "m.xml:4: for-each wants values such as $mail, and this gives one text"},
        {BEGIN CLASSES NAME "<attribute name='a' from='a' when='nothing($b)'/>" END,
         "m.xml:4: when=\"nothing($b)\": nothing(): there is no such function"},
        {BEGIN CLASSES NAME "<attribute name='a' from='a' wins='always'/>" END,
         "allowed: replace, initial, merge"},
        {BEGIN CLASSES NAME "<attribute name='a' from='a' max-length='0'/>" END,
         "allowed: characters, 1 to 1000000"},
        {BEGIN CLASSES NAME "<attribute name='objectclass' select=\"'person'\"/>" END,
         "m.xml:4: objectClass has no rule"},
        {BEGIN CLASSES "<object class='top'/>" NAME END, "m.xml:3: the class top is listed twice"},
        {"<mapping xmlns='urn:x-dirsync:mapping:1' name='t'><export>" CLASSES NAME "</export></mapping>",
         "m.xml:1: the mapping has no <import>, and it is used for that"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Mapping) mapping = load(cases[i][0], &error);
        if (mapping || !strstr(error->message, cases[i][1]))
            fail_msg("\nfor     %s\ngot     %s\nwithout %s", cases[i][0], error ? error->message : "nothing",
                     cases[i][1]);
        assert_true(error_is(error, ERROR_DEFINITION));
    }
}

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Mapping) mapping =
        load(BEGIN CLASSES NAME "<attribute name='a' select='x'/>\n<attribute name='b' "
                                "select='y'/>" END,
             &error);
    assert_null(mapping);
    assert_string_equal(error->message,
                        "m.xml:4: select=\"x\": x: is a path, and values have no parts; the attribute is $x\n"
                        "m.xml:5: select=\"y\": y: is a path, and values have no parts; the attribute is $y");
}

static void the_export_side_is_read_on_demand(void **state)
{
    (void)state;
    const char *text =
        "<mapping xmlns='urn:x-dirsync:mapping:1' name='t'><export>" CLASSES NAME "</export></mapping>";
    g_autoptr(GError) error = NULL;
    g_autoptr(Mapping) mapping = mapping_load_memory(text, strlen(text), "m.xml", MAPPING_EXPORT, &error);
    assert_null(error);
    assert_int_equal(mapping_recipient(mapping, 0)->n_rules, 1);
}

static void a_mapping_tells_what_it_does(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_rules(
        "<attribute name='a' select=\"concat($x, attribute('sn;lang-de'), $CN)\" when='$y' for-each='$z'/>"
        "<attribute name='b' from='X' wins='initial'/>"
        "<attribute name='proxyAddresses' select='$z' wins='merge' owns=' SMTP:  smtp: '/>");
    const char *const expected[] = {"cn", "x", "sn;lang-de", "z", "y"};
    const char *const *sources = mapping_source_attributes(mapping);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_string_equal(sources[i], expected[i]);
    assert_null(sources[G_N_ELEMENTS(expected)]);
    assert_int_equal(mapping_n_recipients(mapping), 1);
    const MappingRecipient *recipient = mapping_recipient(mapping, 0);
    assert_int_equal(recipient->of, OF_PERSON);
    assert_int_equal(recipient->as, AS_CONTACT);
    assert_null(recipient->members);
    assert_string_equal(recipient->where, "m.xml:1");
    assert_int_equal(recipient->n_rules, 4);
    assert_ptr_equal(recipient->name, recipient->rules[0]);
    assert_true(recipient->rules[0]->is_name);
    assert_int_equal(recipient->rules[1]->wins, WINS_REPLACE);
    assert_int_equal(recipient->rules[2]->wins, WINS_INITIAL);
    const MappingRule *merge = recipient->rules[3];
    assert_int_equal(merge->wins, WINS_MERGE);
    assert_string_equal(merge->owns[0], "SMTP:");
    assert_string_equal(merge->owns[1], "smtp:");
    assert_null(merge->owns[2]);
    assert_string_equal(merge->where, "m.xml:4");
    assert_string_equal(mapping_path(mapping), "m.xml");
    assert_int_equal(strlen(mapping_digest(mapping)), 64);
    assert_string_equal(recipient->classes[1], "contact");
    assert_null(recipient->classes[2]);
}

static void another_text_is_another_version(void **state)
{
    (void)state;
    g_autoptr(Mapping) one = load_rules(""), same = load_rules(""), other = load_rules(" ");
    assert_string_equal(mapping_digest(one), mapping_digest(same));
    assert_string_not_equal(mapping_digest(one), mapping_digest(other));
}

/* --- checking against schemas ------------------------------------------------------------------- */

static void what_the_target_cannot_take_is_found(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {CLASSES NAME "<attribute name='nowhere' from='sn'/>",
         "m.xml:4: nowhere: the target has no such attribute"},
        {CLASSES NAME "<attribute name='uniqueMember' from='sn'/>",
         "m.xml:4: uniqueMember: none of the classes top, contact allows it"},
        {CLASSES NAME "<attribute name='entryUUID' from='sn'/>",
         "m.xml:4: entryUUID: is kept by the target itself"},
        {CLASSES NAME "<attribute name='targetAddress' from='mail'/>",
         "m.xml:4: targetAddress: takes one value, and the rule can give several; add values=\"first\""},
        {CLASSES NAME "<attribute name='targetAddress' select='$mail'/>", "can give several"},
        {CLASSES NAME "<attribute name='targetAddress' select='$mail[1] | $cn'/>", "can give several"},
        {CLASSES NAME "<attribute name='targetAddress' select=\"$mail[contains(., '@')]\"/>",
         "can give several"},
        {CLASSES NAME "<attribute name='targetAddress' for-each='$mail' select='upper(.)'/>",
         "can give several"},
        {CLASSES NAME "<attribute name='targetAddress' select='string($mail)' wins='merge' owns='SMTP:'/>",
         "m.xml:4: targetAddress: takes one value, so there is nothing to merge"},
        {CLASSES NAME "<attribute name='sn' from='sn'/><attribute name='surname' from='sn'/>",
         "m.xml:4: surname: is the same attribute as sn in m.xml:4"},
        {"<object class='top'/><object class='nothing'/>\n" NAME,
         "m.xml:1: the target has no object class nothing"},
        {"<object class='top'/>\n" NAME, "m.xml:1: none of the classes is structural"},
        {"<object class='contact'/><object class='groupOfNames'/>\n" NAME, "are both structural"},
        {"<object class='inetOrgPerson'/>\n" NAME,
         "m.xml:1: sn: the class inetOrgPerson requires it, and no rule gives it"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(BEGIN, cases[i][0], END, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Mapping) mapping = load(text, &error);
        if (!mapping)
            fail_msg("%s", error->message);
        bool good = mapping_check(mapping, people, schema_standard(), NULL, &error);
        if (good || !strstr(error->message, cases[i][1]))
            fail_msg("\nfor     %s\ngot     %s\nwithout %s", cases[i][0], good ? "nothing" : error->message,
                     cases[i][1]);
        assert_true(error_is(error, ERROR_DEFINITION));
    }
}

static void what_the_target_can_take_is_accepted(void **state)
{
    (void)state;
    static const char *const cases[] = {
        CLASSES NAME "<attribute name='targetAddress' from='mail' values='first'/>",
        CLASSES NAME "<attribute name='targetAddress' select='$mail[1]'/>",
        CLASSES NAME "<attribute name='targetAddress' select=\"$mail[contains(., '@')][last()]\"/>",
        CLASSES NAME "<attribute name='targetAddress' select='($mail | $cn)[1]'/>",
        CLASSES NAME "<attribute name='targetAddress' select='upper($mail)'/>",
        CLASSES NAME "<attribute name='targetAddress' for-each='$mail[1]' select='upper(.)'/>",
        CLASSES NAME "<attribute name='targetAddress' from='employeeNumber'/>",
        "<object class='extensibleObject'/>" CLASSES NAME "<attribute name='uniqueMember' from='member'/>",
        "<object class='person'/><object class='organizationalPerson'/><object class='inetOrgPerson'/>" NAME
        "<attribute name='surname' from='sn'/>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(BEGIN, cases[i], END, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Mapping) mapping = load(text, &error);
        if (!mapping || !mapping_check(mapping, people, schema_standard(), schema_standard(), &error))
            fail_msg("\nfor %s\ngot %s", cases[i], error->message);
    }
}

static void what_the_source_does_not_have_is_found(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_rules("<attribute name='sn' select=\"concat($sn, $nowhere)\"/>");
    g_autoptr(GError) error = NULL;
    assert_true(mapping_check(mapping, people, schema_standard(), NULL, NULL));
    assert_false(mapping_check(mapping, people, schema_standard(), schema_standard(), &error));
    assert_string_equal(error->message, "m.xml:4: sn: the source has no attribute nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_make_values),
        cmocka_unit_test(entries_that_cannot_be_mapped_say_why),
        cmocka_unit_test(an_entry_without_name_is_invalid),
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(bytes_are_copied_and_invisible_to_xpath),
        cmocka_unit_test(values_may_be_long_and_many),
        cmocka_unit_test(an_entry_leaves_nothing_behind_for_the_next),
        cmocka_unit_test(mistakes_are_found_at_loading),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(the_export_side_is_read_on_demand),
        cmocka_unit_test(a_mapping_tells_what_it_does),
        cmocka_unit_test(another_text_is_another_version),
        cmocka_unit_test(what_the_target_cannot_take_is_found),
        cmocka_unit_test(what_the_target_can_take_is_accepted),
        cmocka_unit_test(what_the_source_does_not_have_is_found),
    };
    return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
