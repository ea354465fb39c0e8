/*
 * test_schema.c - descriptions as servers send them, look-ups, equality by rule, canonical forms
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dirsync/error.h"
#include "dirsync/schema.h"

static Value text_value(const char *text)
{
    return (Value){text, strlen(text)};
}

static char *normalise(const Schema *schema, const char *type, const char *text)
{
    GString *out = g_string_new(NULL);
    schema_normalise(schema, schema_attribute(schema, type), text_value(text), out);
    return g_string_free(out, FALSE);
}

/** A schema of these descriptions; NULL-terminated lists. */
static Schema *make_schema(const char *const *types, const char *const *classes, const char *const *rules)
{
    g_autoptr(Entry) subschema = entry_new("cn=Subschema");
    g_autoptr(GError) error = NULL;
    for (; types && *types; types++)
        entry_add_string(subschema, "attributeTypes", *types);
    for (; classes && *classes; classes++)
        entry_add_string(subschema, "objectClasses", *classes);
    for (; rules && *rules; rules++)
        entry_add_string(subschema, "dITContentRules", *rules);
    Schema *schema = schema_new_from_subschema(subschema, &error);
    if (error)
        fail_msg("%s", error->message);
    return schema;
}

/* As OpenLDAP prints them, and some as other servers do. */
static const char *const openldap_types[] = {
    "( 2.5.4.0 NAME 'objectClass' DESC 'RFC4512: object classes of the entity' "
    "EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38 )",
    "( 2.5.4.41 NAME 'name' DESC 'RFC4519: common supertype of name attributes' EQUALITY caseIgnoreMatch "
    "SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
    "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'RFC4519: common name(s)' SUP name )",
    "( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )",
    "( 2.5.18.1 NAME 'createTimestamp' EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE NO-USER-MODIFICATION USAGE directoryOperation )",
    "( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )",
    "( 1.2.840.113556.1.2.210 NAME 'proxyAddresses' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
    "( 9.1 NAME ( 'many' 'a1' 'a2' 'a3' 'a4' 'a5' 'a6' 'a7' 'a8' 'a9' 'a10' 'a11' 'a12' ) "
    "EQUALITY 2.5.13.5 SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{12} "
    "X-ORIGIN ( 'RFC 4519' 'it said \\27so\\27 ( there' ) X-NDS '1' )",
    "(ads-oid NAME('tight'\t'narrow')EQUALITY caseIgnoreMatch SYNTAX 'OctetString' SINGLE-VALUE OBSOLETE)",
    "( 9.2 EQUALITY strangeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )",
    "( 9.3 NAME 'below' SUP many USAGE dSAOperation )",
    NULL,
};
static const char *const openldap_classes[] = {
    "( 2.5.6.0 NAME 'top' DESC 'top of the superclass chain' ABSTRACT MUST objectClass )",
    "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( jpegPhoto $ notThere ) )",
    "( 9.6.1 NAME ( 'clerk' 'employee' ) SUP person MAY ( many $ sn $ cn $ many ) )",
    "( 9.6.2 NAME 'mailed' SUP top AUXILIARY MAY proxyAddresses )",
    "( 9.6.3 NAME 'both' SUP ( clerk $ mailed ) STRUCTURAL )",
    NULL,
};

static void types_are_read_as_servers_print_them(void **state)
{
    (void)state;
    g_autoptr(Schema) schema = make_schema(openldap_types, openldap_classes, NULL);
    static const struct {
        const char *name, *first_name;
        EqualityKind equality;
        bool has_equality, has_substring, single_value, operational, no_user_modification;
        size_t max_length;
    } cases[] = {
        {"objectclass", "objectClass", EQUALITY_OID, true, false, false, false, false, 0},
        {"commonName", "cn", EQUALITY_CASE_IGNORE, true, true, false, false, false, 32768},
        {"2.5.4.4", "sn", EQUALITY_CASE_IGNORE, true, true, false, false, false, 32768},
        {"CREATETIMESTAMP", "createTimestamp", EQUALITY_TIME, true, false, true, true, true, 0},
        {"jpegPhoto", "jpegPhoto", EQUALITY_NONE, false, false, false, false, false, 0},
        /* other types name their rule, so silence means none here */
        {"proxyAddresses", "proxyAddresses", EQUALITY_NONE, false, false, false, false, false, 0},
        {"a12", "many", EQUALITY_CASE_EXACT, true, false, false, false, false, 12},
        {"narrow", "tight", EQUALITY_CASE_IGNORE, true, false, true, false, false, 0},
        {"9.2", "9.2", EQUALITY_INTEGER, true, false, false, false, false, 0},
        {"below;x-option", "below", EQUALITY_CASE_EXACT, true, false, false, true, false, 12},
    };
    assert_int_equal(schema_skipped(schema), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const AttributeType *type = schema_attribute(schema, cases[i].name);
        assert_non_null(type);
        assert_string_equal(type->name, cases[i].first_name);
        assert_int_equal(type->equality, cases[i].equality);
        assert_int_equal(type->has_equality, cases[i].has_equality);
        assert_int_equal(type->has_substring, cases[i].has_substring);
        assert_int_equal(type->single_value, cases[i].single_value);
        assert_int_equal(type->operational, cases[i].operational);
        assert_int_equal(type->no_user_modification, cases[i].no_user_modification);
        assert_int_equal(type->max_length, cases[i].max_length);
    }
    assert_ptr_equal(schema_attribute(schema, "cn")->superior, schema_attribute(schema, "name"));
    assert_null(schema_attribute(schema, "notThere"));
    assert_null(schema_attribute(schema, ""));
    assert_null(schema_attribute(schema, "a13"));
}

static char *list_names(const AttributeType *const *list)
{
    GString *out = g_string_new(NULL);
    for (; *list; list++)
        g_string_append_printf(out, "%s%s", out->len ? " " : "", (*list)->name);
    return g_string_free(out, FALSE);
}

static void classes_hold_what_their_superiors_say(void **state)
{
    (void)state;
    g_autoptr(Schema) schema = make_schema(openldap_types, openldap_classes, NULL);
    static const struct {
        const char *name, *must, *may;
        ClassKind kind;
    } cases[] = {
        {"top", "objectClass", "", CLASS_ABSTRACT},
        {"PERSON", "sn cn objectClass", "jpegPhoto", CLASS_STRUCTURAL},
        {"employee", "sn cn objectClass", "many jpegPhoto", CLASS_STRUCTURAL},
        {"9.6.2", "objectClass", "proxyAddresses", CLASS_AUXILIARY},
        {"both", "sn cn objectClass", "many jpegPhoto proxyAddresses", CLASS_STRUCTURAL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const ObjectClass *class = schema_class(schema, cases[i].name);
        assert_non_null(class);
        g_autofree char *must = list_names(class->must), *may = list_names(class->may);
        assert_string_equal(must, cases[i].must);
        assert_string_equal(may, cases[i].may);
        assert_int_equal(class->kind, cases[i].kind);
    }
    const ObjectClass *both = schema_class(schema, "both");
    assert_string_equal(both->superiors[0]->name, "clerk");
    assert_string_equal(both->superiors[1]->name, "mailed");
    assert_null(both->superiors[2]);
    assert_null(schema_class(schema, "nobody"));
}

/* Active Directory and Samba name no rules at all, and quote OIDs. */
static const char *const ad_types[] = {
    "( 2.5.4.0 NAME 'objectClass' SYNTAX '1.3.6.1.4.1.1466.115.121.1.38' NO-USER-MODIFICATION )",
    "( 2.5.4.3 NAME 'cn' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
    "( 1.2.840.113556.1.2.210 NAME 'proxyAddresses' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' )",
    "( 2.5.4.31 NAME 'member' SYNTAX '1.3.6.1.4.1.1466.115.121.1.12' )",
    "( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX '1.3.6.1.4.1.1466.115.121.1.27' SINGLE-VALUE )",
    "( 1.2.840.113556.1.2.120 NAME 'uSNChanged' SYNTAX '1.2.840.113556.1.4.906' SINGLE-VALUE "
    "NO-USER-MODIFICATION )",
    "( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' SINGLE-VALUE )",
    "( 1.2.840.113556.1.4.655 NAME 'legacyExchangeDN' SYNTAX '1.2.840.113556.1.4.905' SINGLE-VALUE )",
    "( 1.2.840.113556.1.4.1301 NAME 'tokenGroups' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' )",
    NULL,
};
static const char *const ad_classes[] = {
    "( 2.5.6.0 NAME 'top' ABSTRACT MUST (objectClass ) )",
    "( 1.2.840.113556.1.5.15 NAME 'contact' SUP top STRUCTURAL MUST (cn ) )",
    "( 1.2.840.113556.1.3.46 NAME 'mailRecipient' SUP top AUXILIARY MUST (cn ) MAY (proxyAddresses ) )",
    NULL,
};
static const char *const ad_rules[] = {
    "( 1.2.840.113556.1.5.15 NAME 'contact' AUX ( mailRecipient ) MUST (objectClass ) "
    "MAY (legacyExchangeDN ) )",
    NULL,
};

static void syntax_decides_where_a_server_names_no_rules(void **state)
{
    (void)state;
    g_autoptr(Schema) schema = make_schema(ad_types, ad_classes, ad_rules);
    static const struct {
        const char *name;
        EqualityKind equality;
        bool has_substring, constructed;
    } cases[] = {
        {"objectClass", EQUALITY_OID, false, true},
        {"cn", EQUALITY_CASE_IGNORE, true, false},
        {"proxyAddresses", EQUALITY_CASE_IGNORE, true, false},
        {"member", EQUALITY_DN, false, false},
        {"userAccountControl", EQUALITY_INTEGER, false, false},
        {"uSNChanged", EQUALITY_INTEGER, false, true},
        {"objectGUID", EQUALITY_OCTETS, false, false},
        {"legacyExchangeDN", EQUALITY_CASE_IGNORE, true, false},
        {"tokenGroups", EQUALITY_OCTETS, false, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const AttributeType *type = schema_attribute(schema, cases[i].name);
        assert_int_equal(type->equality, cases[i].equality);
        assert_true(type->has_equality);
        assert_int_equal(type->has_substring, cases[i].has_substring);
        assert_int_equal(type->constructed, cases[i].constructed);
    }
}

static void content_rules_attach_auxiliary_classes(void **state)
{
    (void)state;
    g_autoptr(Schema) schema = make_schema(ad_types, ad_classes, ad_rules);
    g_autofree char *may = list_names(schema_class(schema, "contact")->may);
    assert_string_equal(may, "legacyExchangeDN proxyAddresses");
}

static void broken_descriptions_are_skipped_and_counted(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "(",
        "()",
        "( )",
        "( 1.2 NAME 'a'",
        "( 1.2 NAME 'a )",
        "( 1.2 NAME ( 'a' )",
        "( 1.2 NAME )",
        "( 1.2 NAME 'a b' )",
        "( 1.2 NAME 'a' ) more",
        "1.2 NAME 'a'",
        "( 1.2 SYNTAX )",
        "( 1.2 X-A ( 'b' )",
        "( 1.2 MAY ( a $ ( b ) ) )",
        "( 1.2 NAME 'a' 'b' )",
        "( 1.2 DESC 'open )",
        "( $ )",
        "( 1.2 ) )",
    };
    g_autoptr(Entry) subschema = entry_new("cn=Subschema");
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++)
        entry_add_string(subschema, "attributeTypes", broken[i]);
    entry_add(subschema, "attributeTypes", "( 1.2 NAME 'a\0b' )", 18);
    g_autoptr(GError) error = NULL;
    assert_null(schema_new_from_subschema(subschema, &error));
    assert_true(error_is(error, ERROR_PROTOCOL));
    entry_add_string(subschema, "attributeTypes", "( 2.5.4.3 NAME 'cn' )");
    assert_null(schema_new_from_subschema(subschema, NULL)); /* no class yet */
    entry_add_string(subschema, "objectClasses", "( 2.5.6.0 NAME 'top' ABSTRACT )");
    g_autoptr(Schema) schema = schema_new_from_subschema(subschema, NULL);
    assert_non_null(schema);
    assert_int_equal(schema_skipped(schema), G_N_ELEMENTS(broken) + 1);
}

static void cycles_and_endless_chains_of_superiors_end(void **state)
{
    (void)state;
    g_autoptr(Entry) subschema = entry_new("cn=Subschema");
    entry_add_string(subschema, "attributeTypes", "( 1.1 NAME 'a' SUP b EQUALITY caseExactMatch )");
    entry_add_string(subschema, "attributeTypes", "( 1.2 NAME 'b' SUP a )");
    entry_add_string(subschema, "attributeTypes", "( 1.3 NAME 'self' SUP self )");
    entry_add_string(subschema, "objectClasses", "( 2.1 NAME 'ring' SUP ( ring2 $ ring ) MAY a )");
    entry_add_string(subschema, "objectClasses", "( 2.2 NAME 'ring2' SUP ring MAY b )");
    for (int i = 0; i < 20000; i++) {
        g_autofree char *type = g_strdup_printf("( 3.%d NAME 't%d' SUP t%d )", i, i, i + 1);
        g_autofree char *class = g_strdup_printf("( 4.%d NAME 'c%d' SUP ( c%d $ c%d ) )", i, i, i + 1, i + 2);
        entry_add_string(subschema, "attributeTypes", type);
        entry_add_string(subschema, "objectClasses", class);
    }
    g_autoptr(Schema) schema = schema_new_from_subschema(subschema, NULL);
    assert_non_null(schema);
    assert_true(schema_skipped(schema) >= 4);
    size_t n = 0;
    for (const AttributeType *type = schema_attribute(schema, "t0"); type; type = type->superior)
        n++;
    assert_in_range(n, 1, 100);
    g_autoptr(Entry) entry = entry_new("cn=x");
    entry_add_string(entry, "objectClass", "c0");
    assert_true(schema_entry_is(schema, entry, "c1")); /* and comes to an end */
    assert_false(schema_entry_is(schema, entry, "ring"));
}

static void the_built_in_schema_is_whole(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    assert_int_equal(schema_skipped(schema), 0);
    static const struct {
        const char *name;
        EqualityKind equality;
        bool single_value;
    } cases[] = {
        {"cn", EQUALITY_CASE_IGNORE, false},
        {"c", EQUALITY_CASE_IGNORE, true},
        {"dc", EQUALITY_CASE_IGNORE, true},
        {"member", EQUALITY_DN, false},
        {"uniqueMember", EQUALITY_DN, false},
        {"telephoneNumber", EQUALITY_TELEPHONE, false},
        {"postalAddress", EQUALITY_LIST, false},
        {"jpegPhoto", EQUALITY_NONE, false},
        {"userPassword", EQUALITY_OCTETS, false},
        {"labeledURI", EQUALITY_CASE_EXACT, false},
        {"displayName", EQUALITY_CASE_IGNORE, true},
        {"proxyAddresses", EQUALITY_CASE_IGNORE, false},
        {"targetAddress", EQUALITY_CASE_IGNORE, true},
        {"mAPIRecipient", EQUALITY_BOOLEAN, true},
        {"internetEncoding", EQUALITY_INTEGER, true},
        {"showInAddressBook", EQUALITY_DN, false},
        {"importedFrom", EQUALITY_CASE_IGNORE, true},
        {"dirsyncAnchor", EQUALITY_CASE_EXACT, true},
        {"dirsyncGraceSince", EQUALITY_TIME, true},
        {"extensionAttribute15", EQUALITY_CASE_IGNORE, true},
        {"x121Address", EQUALITY_NUMERIC, false},
        {"objectGUID", EQUALITY_OCTETS, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const AttributeType *type = schema_attribute(schema, cases[i].name);
        assert_non_null(type);
        assert_int_equal(type->equality, cases[i].equality);
        assert_int_equal(type->single_value, cases[i].single_value);
        assert_int_equal(type->has_equality, cases[i].equality != EQUALITY_NONE);
    }
    assert_true(schema_attribute(schema, "entryUUID")->operational);
    assert_int_equal(schema_attribute(schema, "mailNickname")->max_length, 64);
    static const char *const classes[] = {"person",        "organizationalPerson",
                                          "inetOrgPerson", "organizationalUnit",
                                          "organization",  "domain",
                                          "dcObject",      "groupOfNames",
                                          "account",       "groupOfUniqueNames",
                                          "contact",       "dirsyncStamp"};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        assert_non_null(schema_class(schema, classes[i]));
    g_autofree char *stamp = list_names(schema_class(schema, "dirsyncStamp")->may);
    assert_string_equal(stamp, "importedFrom dirsyncAnchor dirsyncGraceSince");
    g_autofree char *must = list_names(schema_class(schema, "contact")->must);
    assert_string_equal(must, "cn objectClass");
}

static void descriptions_of_the_same_attribute(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"cn", "cn", true},
        {"cn", "CN", true},
        {"cn", "commonName", true},
        {"2.5.4.3", "COMMONNAME", true},
        {"cn", "sn", false},
        {"cn", "name", false}, /* its superior is another attribute */
        {"cn", "c", false},
        {"cn;lang-en", "cn", false},
        {"cn;lang-en", "commonName;LANG-EN", true},
        {"cn;lang-en;phonetic", "cn;phonetic;lang-en", true},
        {"cn;lang-en", "cn;lang-en;phonetic", false},
        {"cn;lang-en", "cn;lang-de", false},
        {"userCertificate;binary", "userCertificate", true},
        {"userCertificate;BINARY;lang-en", "2.5.4.36;lang-en", true},
        {"member;range=0-1499", "member", true},
        {"member;range=1500-*", "member;range=0-1499", true},
        {"unheardOf", "UnheardOf", true},
        {"unheardOf", "unheard", false},
        {"", "cn", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_int_equal(schema_same_attribute(schema_standard(), cases[i].a, cases[i].b), cases[i].same);
        assert_int_equal(schema_same_attribute(schema_standard(), cases[i].b, cases[i].a), cases[i].same);
    }
}

static void attributes_are_found_by_any_name(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    g_autoptr(Entry) entry = entry_new("cn=x");
    entry_add_string(entry, "surname", "Berg");
    entry_add_string(entry, "2.5.4.3", "Anna");
    entry_add_string(entry, "title;lang-de", "Chefin");
    entry_add_empty(entry, "mail");
    entry_add_string(entry, "rfc822Mailbox", "anna@example.com");
    entry_add_string(entry, "shoeSize", "38");
    entry_add(entry, "description", "a\0b", 3);
    static const struct {
        const char *description, *value;
    } cases[] = {
        {"sn", "Berg"},         {"SN", "Berg"},  {"2.5.4.4", "Berg"},         {"cn", "Anna"},
        {"commonName", "Anna"}, {"title", NULL}, {"title;lang-DE", "Chefin"}, {"mail", "anna@example.com"},
        {"SHOESIZE", "38"},     {"shoe", NULL},  {"description", NULL},       {"name", NULL},
        {"givenName", NULL},    {"", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *value = schema_find_string(schema, entry, cases[i].description);
        if (cases[i].value)
            assert_string_equal(value, cases[i].value);
        else
            assert_null(value);
    }
    assert_int_equal(schema_find(schema, entry, "description")->values[0].len, 3);
}

/** Values of an attribute that are equal, or not, by its rule. */
static const struct {
    const char *type, *a, *b;
    bool equal;
} pairs[] = {
    {"cn", "Anna Berg", "anna  BERG ", true},
    {"cn", " Anna Berg", "AnnaBerg", false},
    {"cn", "", "   ", true},
    {"cn", "a\tb\nc", "A B C", true},
    {"cn",
     "Stra\xc3\x9f"
     "e",
     "STRASSE", true},
    {"cn", "\xc3\x84rger", "\xc3\xa4rger", true},
    {"cn", "A\xcc\x88rger", "\xc3\xa4rger", true}, /* decomposed */
    {"cn", "\xef\xbc\xa1nna", "anna", true},       /* full width */
    {"cn",
     "Anna\xc2\xa0"
     "Berg",
     "anna berg", true},                           /* no-break space */
    {"cn", "An\xc2\xadna", "anna", true},          /* soft hyphen */
    {"cn", "A\xc2\xad\xcc\x88", "\xc3\xa4", true}, /* soft hyphen before a combining mark */
    {"cn", "\xe2\x84\xa1", "tel", true},           /* compatibility character in capitals */
    {"cn",
     "\xe3\x80\x80"
     "Ann\xc3\xa9\xe3\x80\x80",
     "ann\xc3\xa9", true},
    {"cn", "Ann\xc3\xa9", "Anne", false},
    {"cn",
     "\xff"
     "A",
     "\xff"
     "a",
     false}, /* not UTF-8: octets */
    {"cn",
     "\xff"
     "A",
     "\xff"
     "A",
     true},
    {"cn", "\xff ", "\xff", false},
    {"dirsyncAnchor", "Ab", "Ab ", true},
    {"dirsyncAnchor", "Ab", "ab", false},
    {"dirsyncAnchor", "\xc3\x84", "\xc3\xa4", false},
    {"dirsyncAnchor", "A\xcc\x88", "\xc3\x84", true},
    {"userPassword", "a", "A", false},
    {"userPassword", "a", "a ", false},
    {"jpegPhoto", "a", "a", true},
    {"jpegPhoto", "a", "A", false},
    {"telephoneNumber", "+49 30 1234-56", "+49-30-123456", true},
    {"telephoneNumber", "+49 30 1", "+49 30 2", false},
    {"telephoneNumber", "1 X", "1x", true},
    {"telephoneNumber", "\xc3-\xa4", "\xc3\xa4", false}, /* not UTF-8: nothing is taken out */
    {"x121Address", "12 34", "1234", true},
    {"internetEncoding", "1310720", " 01310720", true},
    {"internetEncoding", "-0", "0", true},
    {"internetEncoding", "-1", "1", false},
    {"internetEncoding", "123456789012345678901234567890", "0123456789012345678901234567890", true},
    {"internetEncoding", "x", "X", false},
    {"mAPIRecipient", "TRUE", "true", true},
    {"mAPIRecipient", "TRUE", "FALSE", false},
    {"mAPIRecipient", "yes", "YES", false},
    {"dirsyncGraceSince", "20240229120000Z", "20240229140000+0200", true},
    {"dirsyncGraceSince", "2024022912Z", "20240229120000.000Z", true},
    {"dirsyncGraceSince", "20240229123000Z", "2024022912,5Z", true},
    {"dirsyncGraceSince", "20240229120030Z", "202402291200.5Z", true},
    {"dirsyncGraceSince", "20231231233000-0100", "20240101003000Z", true},
    {"dirsyncGraceSince", "20240229120000Z", "20240229120001Z", false},
    {"dirsyncGraceSince", "20240229120000.1Z", "20240229120000Z", false},
    {"dirsyncGraceSince", "20230229120000Z", "20230301120000Z", false}, /* there is no such day */
    {"dirsyncGraceSince", "yesterday", "Yesterday", false},
    {"objectClass", "inetorgperson", "2.16.840.1.113730.3.2.2", true},
    {"objectClass", "person", "top", false},
    {"objectClass", "unheardOf", "UNHEARDOF", true},
    {"postalAddress", "Main  Street 1$ Berlin", "main street 1$berlin", true},
    {"postalAddress", "a$b", "a b", false},
    {"postalAddress", "a\\24b", "a$b", false},
    {"manager", "CN=Anna Berg , DC=example", "cn=anna  berg,dc=EXAMPLE", true},
    {"manager", "cn=a+sn=b,dc=x", "surname=B + commonName=A,dc=x", true},
    {"manager", "2.5.4.3=a", "cn=a", true},
    {"manager", "cn=a\\,b", "cn=\"a,b\"", true},
    {"manager", "cn=a\\2cb", "cn=a\\,b", true},
    {"manager", "cn=#0c0141", "cn=a", true}, /* BER of the same string */
    {"manager", "cn=#04024869", "cn=#0402486A", false},
    {"manager", "cn=a", "cn=b", false},
    {"manager", "cn=a,dc=x", "dc=x,cn=a", false},
    {"manager", "", "", true},
    {"manager", "not a name", "NOT A NAME", false},
    {"uniqueMember", "cn=A,dc=x#'0101'B", "CN=a, dc=x#'0101'B", true},
    {"uniqueMember", "cn=a#'01'B", "cn=a#'10'B", false},
    {"uniqueMember", "cn=a#'01'B", "cn=a", false},
};

static void values_are_equal_by_the_rule_of_their_attribute(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        const AttributeType *type = schema_attribute(schema, pairs[i].type);
        Value a = text_value(pairs[i].a), b = text_value(pairs[i].b);
        g_autofree char *left = normalise(schema, pairs[i].type, pairs[i].a);
        g_autofree char *right = normalise(schema, pairs[i].type, pairs[i].b);
        if (schema_values_equal(schema, type, a, b) != pairs[i].equal ||
            schema_values_equal(schema, type, b, a) != pairs[i].equal ||
            (strcmp(left, right) == 0) != pairs[i].equal)
            fail_msg("%s: \"%s\" and \"%s\": \"%s\" and \"%s\"", pairs[i].type, pairs[i].a, pairs[i].b, left,
                     right);
    }
}

static void bad_values_never_equal_the_canonical_form_of_good_ones(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    static const char *const types[] = {"manager", "dirsyncGraceSince", "mAPIRecipient", "internetEncoding"};
    static const char *const good[] = {"CN=A,O=x", "20240229120000Z", "true", "007"};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        const AttributeType *type = schema_attribute(schema, types[i]);
        g_autofree char *form = normalise(schema, types[i], good[i]);
        g_autofree char *again = normalise(schema, types[i], form);
        bool fixed = strcmp(form, again) == 0;
        assert_int_equal(schema_values_equal(schema, type, text_value(good[i]), text_value(form)), fixed);
    }
}

static void unknown_attributes_compare_ignoring_case_in_the_built_in_schema_alone(void **state)
{
    (void)state;
    g_autoptr(Schema) schema = make_schema(openldap_types, openldap_classes, NULL);
    assert_true(schema_values_equal(schema_standard(), NULL, text_value("a B"), text_value("A  b")));
    assert_false(schema_values_equal(schema, NULL, text_value("a B"), text_value("A  b")));
    assert_true(schema_values_equal(schema, NULL, text_value("a B"), text_value("a B")));
}

/** The short way through ASCII must say what the canonical forms say. */
static void the_fast_path_agrees_with_the_canonical_forms(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    guint32 seed = g_random_int();
    print_message("seed %u\n", seed);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    static const char *const types[] = {"cn", "dirsyncAnchor", "telephoneNumber", "postalAddress"};
    static const char alphabet[] = "aAb  \t-$\xc3\xa4";
    for (int i = 0; i < 40000; i++) {
        char texts[2][6] = {{0}};
        for (int side = 0; side < 2; side++)
            for (int j = g_rand_int_range(rand, 0, 6); j > 0; j--)
                texts[side][j - 1] = alphabet[g_rand_int_range(rand, 0, sizeof alphabet - 1)];
        const char *name = types[i % 4];
        g_autofree char *a = normalise(schema, name, texts[0]), *b = normalise(schema, name, texts[1]);
        bool equal = schema_values_equal(schema, schema_attribute(schema, name), text_value(texts[0]),
                                         text_value(texts[1]));
        if (equal != (strcmp(a, b) == 0))
            fail_msg("%s: \"%s\" and \"%s\"", name, texts[0], texts[1]);
        g_autofree char *again = normalise(schema, name, a);
        assert_string_equal(again, a);
    }
}

/** A mark to be composed in a text sends all of it the long way. Every letter between two others, and every
 *  two letters that follow each other. */
static void letters_one_by_one_agree_with_composed_text(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    static const char *const types[] = {"cn", "dirsyncAnchor"};
    char before[8] = {0};
    for (gunichar c = 0x80; c < 0x11000; c++) {
        char letter[8] = {0};
        if (!g_unichar_validate(c) || !g_unichar_to_utf8(c, letter))
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
            g_autofree char *text = g_strconcat("\u00c4", letter, "X", before, letter, "\u0416", NULL);
            g_autofree char *marked = g_strconcat(text, "-e\u0301", NULL);
            g_autofree char *fast = normalise(schema, types[i], text),
                            *slow = normalise(schema, types[i], marked);
            g_autofree char *expected = g_strconcat(fast, "-\u00e9", NULL);
            if (strcmp(slow, expected) != 0)
                fail_msg("U+%04x by %s: \"%s\" and \"%s\"", c, types[i], expected, slow);
        }
        memcpy(before, letter, sizeof before);
    }
}

static void classes_of_entries_include_those_above(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    g_autoptr(Entry) entry = entry_new("cn=x");
    assert_false(schema_entry_is(schema, entry, "top"));
    entry_add_string(entry, "objectclass", "InetOrgPerson");
    entry_add_string(entry, "objectclass", "unheardOf");
    static const char *const yes[] = {"inetOrgPerson", "person", "TOP", "2.5.6.7", "UNHEARDOF"};
    static const char *const no[] = {"groupOfNames", "unheard", "dirsyncStamp", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
        assert_true(schema_entry_is(schema, entry, yes[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
        assert_false(schema_entry_is(schema, entry, no[i]));
}

/** One attribute more or different than in a good contact, and what the refusal must say; NULL: good. */
static const struct {
    const char *name, *value, *complaint;
} contact_cases[] = {
    {"sn", "Berg", NULL},
    {"sn;lang-de", "Berg", NULL},
    {"commonName", "Annika", NULL},
    {"objectClass", "dirsyncStamp", NULL},
    {"entryUUID", "e4b6c2de-0000-4000-8000-000000000000", NULL},
    {"manager", "cn=Chef,dc=x", NULL},
    {"description", "Ann\xc3\xa9", NULL},
    {"sn", "", "sn: value \"\": empty value"},
    {"sn", "\xff", "sn: value \"(binary)\": not valid UTF-8"},
    {"mail", "ann\xc3\xa9@x", "mail: value"},
    {"mAPIRecipient", "true", "allowed are TRUE and FALSE"},
    {"internetEncoding", "many", "a whole number"},
    {"manager", "Chef", "a distinguished name"},
    {"displayName", "Second", "displayName: 2 values; one is allowed"},
    {"dirsyncAnchor", "1", "dirsyncAnchor: no class of the entry allows it; the structural one is contact"},
    {"shoeSize", "38", "shoeSize: not in the server's schema"},
    {"objectClass", "unheardOf", "class \"unheardOf\""},
    {"objectClass", "person", "structural classes contact and person do not go together"},
    {"mailNickname", "a-nickname-of-more-than-sixty-four-characters-is-refused-by-exchange", "at most 64"},
};

static void entries_are_checked_as_a_server_would(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(contact_cases); i++) {
        g_autoptr(Entry) entry = entry_new("cn=Anna,dc=x");
        entry_add_string(entry, "objectClass", "top");
        entry_add_string(entry, "objectClass", "contact");
        entry_add_string(entry, "cn", "Anna");
        entry_add_string(entry, "displayName", "Anna");
        entry_add_empty(entry, "unknownButEmpty");
        entry_add_string(entry, contact_cases[i].name, contact_cases[i].value);
        g_autoptr(GError) error = NULL;
        bool good = schema_check_entry(schema_standard(), entry, &error);
        if (contact_cases[i].complaint) {
            assert_false(good);
            assert_true(error_is(error, ERROR_INVALID));
            if (!strstr(error->message, contact_cases[i].complaint))
                fail_msg("%s", error->message);
        } else if (!good) {
            fail_msg("%s", error->message);
        }
    }
}

static void classes_of_an_entry_must_go_together(void **state)
{
    (void)state;
    static const struct {
        const char *classes[4];
        bool good;
    } cases[] = {
        {{"inetOrgPerson"}, true},
        {{"person", "organizationalPerson", "inetOrgPerson", "top"}, true},
        {{"person", "dirsyncStamp"}, true},
        {{"dirsyncStamp"}, false},
        {{"top"}, false},
        {{"person", "account"}, false},
        {{"inetOrgPerson", "residentialPerson"}, false},
        {{NULL}, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Entry) entry = entry_new("cn=Anna,dc=x");
        for (size_t j = 0; j < 4 && cases[i].classes[j]; j++)
            entry_add_string(entry, "objectClass", cases[i].classes[j]);
        entry_add_string(entry, "cn", "Anna");
        entry_add_string(entry, "sn", "Berg");
        assert_int_equal(schema_check_entry(schema_standard(), entry, NULL), cases[i].good);
    }
    g_autoptr(Entry) person = entry_new("cn=Anna,dc=x");
    g_autoptr(GError) error = NULL;
    entry_add_string(person, "objectClass", "person");
    entry_add_string(person, "cn", "Anna");
    assert_false(schema_check_entry(schema_standard(), person, &error));
    assert_non_null(strstr(error->message, "sn: missing; class person requires it"));
}

static void an_extensible_object_takes_every_known_attribute(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = entry_new("cn=Anna,dc=x");
    entry_add_string(entry, "objectClass", "contact");
    entry_add_string(entry, "cn", "Anna");
    entry_add_string(entry, "host", "here");
    assert_false(schema_check_entry(schema_standard(), entry, NULL));
    entry_add_string(entry, "objectClass", "extensibleObject");
    assert_true(schema_check_entry(schema_standard(), entry, NULL));
}

static void what_the_server_adds_itself_is_not_missed(void **state)
{
    (void)state;
    g_autoptr(Entry) subschema = entry_new("CN=Aggregate,CN=Schema,CN=Configuration,DC=x");
    entry_add_string(subschema, "attributeTypes",
                     "( 2.5.4.0 NAME 'objectClass' SYNTAX '1.3.6.1.4.1.1466.115.121.1.38' )");
    entry_add_string(subschema, "attributeTypes",
                     "( 2.5.4.3 NAME 'cn' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' )");
    entry_add_string(subschema, "attributeTypes", "( 1.2.840.113556.1.4.782 NAME 'objectCategory' )");
    entry_add_string(subschema, "attributeTypes", "( 1.2.840.113556.1.2.281 NAME 'nTSecurityDescriptor' )");
    entry_add_string(subschema, "attributeTypes",
                     "( 1.2.840.113556.1.4.146 NAME 'objectSid' NO-USER-MODIFICATION )");
    entry_add_string(subschema, "objectClasses",
                     "( 2.5.6.0 NAME 'top' ABSTRACT MUST (objectClass $ objectCategory $ "
                     "nTSecurityDescriptor ) )");
    entry_add_string(subschema, "objectClasses",
                     "( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST (cn $ "
                     "objectSid ) )");
    g_autoptr(Schema) schema = schema_new_from_subschema(subschema, NULL);
    g_autoptr(Entry) group = entry_new("CN=All,DC=x");
    entry_add_string(group, "objectClass", "group");
    assert_false(schema_check_entry(schema, group, NULL));
    entry_add_string(group, "cn", "All");
    assert_true(schema_check_entry(schema, group, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_server_adds_itself_is_not_missed),
        cmocka_unit_test(types_are_read_as_servers_print_them),
        cmocka_unit_test(classes_hold_what_their_superiors_say),
        cmocka_unit_test(syntax_decides_where_a_server_names_no_rules),
        cmocka_unit_test(content_rules_attach_auxiliary_classes),
        cmocka_unit_test(broken_descriptions_are_skipped_and_counted),
        cmocka_unit_test(cycles_and_endless_chains_of_superiors_end),
        cmocka_unit_test(the_built_in_schema_is_whole),
        cmocka_unit_test(descriptions_of_the_same_attribute),
        cmocka_unit_test(attributes_are_found_by_any_name),
        cmocka_unit_test(values_are_equal_by_the_rule_of_their_attribute),
        cmocka_unit_test(bad_values_never_equal_the_canonical_form_of_good_ones),
        cmocka_unit_test(unknown_attributes_compare_ignoring_case_in_the_built_in_schema_alone),
        cmocka_unit_test(the_fast_path_agrees_with_the_canonical_forms),
        cmocka_unit_test(letters_one_by_one_agree_with_composed_text),
        cmocka_unit_test(classes_of_entries_include_those_above),
        cmocka_unit_test(entries_are_checked_as_a_server_would),
        cmocka_unit_test(classes_of_an_entry_must_go_together),
        cmocka_unit_test(an_extensible_object_takes_every_known_attribute),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
