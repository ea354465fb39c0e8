/*
 * test_account.c - disabled and enabled accounts, as each sort of server keeps them
 *
 * A case is a server, an account as it is, whether it is disabled, and what
 * disabling and enabling it would change; doing that has the effect, and
 * leaves nothing to do.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/account.h"
#include "dirsync/ldif.h"

#include <string.h>

#define INTEGER "EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE"
#define TIME "EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE"
#define TEXT "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
#define RULES "EQUALITY caseIgnoreMatch " TEXT
#define OPERATIONAL " USAGE directoryOperation"

#define TYPE_CLASS "( 2.5.4.0 NAME 'objectClass' " RULES " )"
#define TYPE_CN "( 2.5.4.3 NAME 'cn' " RULES " )"
#define TYPE_CONTROL "( 1.2.840.113556.1.4.8 NAME 'userAccountControl' " INTEGER " )"
#define TYPE_LOCK "( 1.3.6.1.4.1.42.2.27.8.1.17 NAME 'pwdAccountLockedTime' " TIME OPERATIONAL " )"
#define TYPE_NSLOCK "( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' " TEXT OPERATIONAL " )"
#define TYPE_PASSWORD "( 2.5.4.35 NAME 'userPassword' " RULES " )"
#define CLASS_USER "( 1.2.840.113556.1.5.9 NAME 'user' STRUCTURAL MUST cn MAY userAccountControl )"
#define CLASS_PERSON "( 2.5.6.6 NAME 'person' STRUCTURAL MUST cn MAY userPassword )"

typedef struct {
    const char *types[8], *classes[3];
} Descriptions;

/* Active Directory names no rules at all. */
static const Descriptions active_directory = {{"( 2.5.4.0 NAME 'objectClass' " TEXT " )",
                                               "( 2.5.4.3 NAME 'cn' " TEXT " )",
                                               "( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX "
                                               "'1.3.6.1.4.1.1466.115.121.1.27' SINGLE-VALUE )"},
                                              {CLASS_USER}};
static const Descriptions ppolicy = {{TYPE_CLASS, TYPE_CN, TYPE_PASSWORD, TYPE_LOCK}, {CLASS_PERSON}};
static const Descriptions ds389 = {{TYPE_CLASS, TYPE_CN, TYPE_PASSWORD, TYPE_NSLOCK}, {CLASS_PERSON}};
static const Descriptions plain = {{TYPE_CLASS, TYPE_CN, TYPE_PASSWORD}, {CLASS_PERSON}};

static Schema *schema_of(const Descriptions *descriptions)
{
    g_autoptr(Entry) subschema = entry_new("cn=Subschema");
    g_autoptr(GError) error = NULL;
    for (const char *const *type = descriptions->types; *type; type++)
        entry_add_string(subschema, "attributeTypes", *type);
    for (const char *const *class = descriptions->classes; *class; class ++)
        entry_add_string(subschema, "objectClasses", *class);
    Schema *schema = schema_new_from_subschema(subschema, &error);
    if (!schema)
        fail_msg("%s", error->message);
    return schema;
}

static Entry *entry_of(const char *attributes)
{
    g_autofree char *ldif = g_strconcat("dn: cn=Ann,o=acme\ncn: Ann\n", attributes, NULL);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), "case");
    g_autoptr(GError) error = NULL;
    Entry *entry = NULL;
    if (ldif_read_entry(reader, &entry, &error) != RECORD_GOOD)
        fail_msg("the case's LDIF: %s", error ? error->message : attributes);
    return entry;
}

static char *entry_text(const Entry *entry)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < entry_n_attributes(entry); i++)
        for (size_t j = 0; j < entry_attribute(entry, i)->n_values; j++)
            g_string_append_printf(text, "%s: %s\n", entry_attribute(entry, i)->name,
                                   entry_attribute(entry, i)->values[j].data);
    return g_string_free(text, FALSE);
}

/* "-nsAccountLock: FALSE;+nsAccountLock: TRUE;", with "password;" in front; "nothing" without a change */
static char *change_text(const Change *change)
{
    GString *text = g_string_new(!change ? "nothing" : change->random_password ? "password;" : "");
    for (size_t i = 0; change && i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        g_string_append_printf(text, "%c%s", modification->kind == MODIFY_ADD ? '+' : '-',
                               modification->name);
        for (size_t j = 0; j < modification->n_values; j++)
            g_string_append_printf(text, ": %s", modification->values[j].data);
        g_string_append_c(text, ';');
    }
    return g_string_free(text, FALSE);
}

/* Single-valued attributes are all that such a change touches. */
static Entry *result_of(const Entry *current, const Change *change)
{
    Entry *entry = entry_copy(current);
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        if (modification->kind == MODIFY_DELETE)
            entry_remove(entry, (size_t)entry_index(entry, modification->name));
        else
            entry_add_string(entry, modification->name, modification->values[0].data);
    }
    return entry;
}

static void the_schema_tells_the_means(void **state)
{
    (void)state;
    static const Descriptions other_vendors = {{TYPE_CLASS, TYPE_CN, TYPE_PASSWORD, TYPE_LOCK,
                                                "( 1.2 NAME 'nsAccountLock' " RULES " )", TYPE_CONTROL},
                                               {CLASS_PERSON}};
    static const Descriptions without_rule = {
        {TYPE_CLASS, TYPE_CN, "( 1.2.840.113556.1.4.8 NAME 'userAccountControl' " TEXT " )", TYPE_LOCK},
        {CLASS_USER}};
    static const Descriptions both_locks = {{TYPE_CLASS, TYPE_CN, TYPE_LOCK, TYPE_NSLOCK}, {CLASS_PERSON}};
    static const struct {
        const char *name;
        const Descriptions *descriptions;
        AccountMeans means;
        const char *attribute;
    } cases[] = {
        {"Active Directory", &active_directory, ACCOUNT_BY_CONTROL, "userAccountControl"},
        {"slapd with ppolicy", &ppolicy, ACCOUNT_BY_LOCK, "pwdAccountLockedTime"},
        {"389", &ds389, ACCOUNT_BY_NSLOCK, "nsAccountLock"},
        {"slapd without ppolicy", &plain, ACCOUNT_BY_PASSWORD, NULL},
        {"descriptions that mean nothing to the server", &other_vendors, ACCOUNT_BY_LOCK,
         "pwdAccountLockedTime"},
        {"slapd with msuser.schema", &without_rule, ACCOUNT_BY_LOCK, "pwdAccountLockedTime"},
        {"a server that has both locks", &both_locks, ACCOUNT_BY_NSLOCK, "nsAccountLock"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Schema) schema = schema_of(cases[i].descriptions);
        if (account_means(schema) != cases[i].means)
            fail_msg("%s: %d", cases[i].name, account_means(schema));
        assert_true(g_strcmp0(account_attribute(cases[i].means), cases[i].attribute) == 0);
    }
    assert_int_equal(account_means(schema_standard()), ACCOUNT_BY_LOCK);
}

typedef struct {
    const Descriptions *server;
    const char *current;
    bool disabled;
    const char *disable, *enable;
    const char *with_password; /* enabling with a new password; NULL: the same, and the password */
} AccountCase;

static const AccountCase accounts[] = {
    {&active_directory, "userAccountControl: 512\n", false,
     "-userAccountControl: 512;+userAccountControl: 514;", "nothing", NULL},
    {&active_directory, "userAccountControl: 514\n", true, "nothing",
     "-userAccountControl: 514;+userAccountControl: 512;", NULL},
    {&active_directory, "USERACCOUNTCONTROL: 66048\n", false,
     "-USERACCOUNTCONTROL: 66048;+USERACCOUNTCONTROL: 66050;", "nothing", NULL},
    {&active_directory, "userAccountControl: 66050\n", true, "nothing",
     "-userAccountControl: 66050;+userAccountControl: 66048;", NULL},
    {&active_directory, "userAccountControl: 546\n", true, "nothing",
     "-userAccountControl: 546;+userAccountControl: 544;", NULL},
    {&active_directory, "userAccountControl: -2147483134\n", true, "nothing",
     "-userAccountControl: -2147483134;+userAccountControl: -2147483136;", NULL},
    {&active_directory, "userAccountControl: 513\n", false,
     "-userAccountControl: 513;+userAccountControl: 515;", "nothing", NULL},
    {&active_directory, "userAccountControl: two\n", false,
     "-userAccountControl: two;+userAccountControl: 514;", "nothing", NULL},
    {&active_directory, "userAccountControl: 5140000000000000000000\n", false,
     "-userAccountControl: 5140000000000000000000;+userAccountControl: 514;", "nothing", NULL},
    {&active_directory, "", false, "+userAccountControl: 514;", "nothing", NULL},
    {&ppolicy, "", false, "+pwdAccountLockedTime: 000001010000Z;", "nothing", NULL},
    {&ppolicy, "pwdAccountLockedTime: 000001010000Z\n", true, "nothing",
     "-pwdAccountLockedTime: 000001010000Z;", "password;"},
    {&ppolicy, "pwdaccountlockedtime: 000001010000Z\n", true, "nothing",
     "-pwdaccountlockedtime: 000001010000Z;", "password;"},
    {&ppolicy, "pwdAccountLockedTime: 00000101000000Z\n", true, "nothing",
     "-pwdAccountLockedTime: 00000101000000Z;", "password;"},
    {&ppolicy, "pwdAccountLockedTime: 20261122101500Z\n", false,
     "-pwdAccountLockedTime: 20261122101500Z;+pwdAccountLockedTime: 000001010000Z;",
     "-pwdAccountLockedTime: 20261122101500Z;", "password;"},
    {&ds389, "", false, "+nsAccountLock: TRUE;", "nothing", NULL},
    {&ds389, "nsAccountLock: TRUE\n", true, "nothing", "-nsAccountLock;", NULL},
    {&ds389, "nsaccountlock: true\n", true, "nothing", "-nsaccountlock;", NULL},
    {&ds389, "nsAccountLock: FALSE\n", false, "-nsAccountLock;+nsAccountLock: TRUE;", "nothing", NULL},
    {&ds389, "nsAccountLock: false\n", false, "-nsAccountLock;+nsAccountLock: TRUE;", "nothing", NULL},
    {&ds389, "nsAccountLock: TRUE, more\n", false, "-nsAccountLock;+nsAccountLock: TRUE;", "nothing", NULL},
    {&plain, "", false, "nothing", "nothing", "password;"},
    {&plain, "userPassword: secret\n", false, "nothing", "nothing", "password;"},
    /* What an entry shows of other servers' marks counts, too. */
    {&plain, "nsAccountLock: TRUE\n", true, "nothing", "-nsAccountLock: TRUE;", NULL},
    {&ds389, "pwdAccountLockedTime: 20261122101500Z\n", false, "+nsAccountLock: TRUE;",
     "-pwdAccountLockedTime: 20261122101500Z;", NULL},
};

static void assert_text(size_t i, const char *what, const Change *change, const char *expected)
{
    g_autofree char *text = change_text(change);
    if (strcmp(text, expected) != 0)
        fail_msg("case %zu, %s: %s, not %s", i, what, text, expected);
    assert_true(!change || (change->kind == CHANGE_MODIFY && !strcmp(change->dn, "cn=Ann,o=acme")));
}

static void accounts_are_disabled_and_enabled(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(accounts); i++) {
        g_autoptr(Schema) schema = schema_of(accounts[i].server);
        g_autoptr(Entry) current = entry_of(accounts[i].current);
        g_autoptr(Change) disable = account_disable(schema, current);
        g_autoptr(Change) enable = account_enable(schema, current, false);
        g_autoptr(Change) with_password = account_enable(schema, current, true);
        if (account_is_disabled(schema, current) != accounts[i].disabled)
            fail_msg("case %zu: not %s", i, accounts[i].disabled ? "disabled" : "enabled");
        assert_text(i, "disabling", disable, accounts[i].disable);
        assert_text(i, "enabling", enable, accounts[i].enable);
        g_autofree char *both = g_strconcat(enable ? "password;" : "", accounts[i].enable, NULL);
        assert_text(i, "with a password", with_password,
                    accounts[i].with_password ? accounts[i].with_password : both);
        g_autoptr(Entry) disabled = disable ? result_of(current, disable) : NULL;
        assert_true(!disabled || account_is_disabled(schema, disabled));
        assert_true(!disabled || !account_disable(schema, disabled));
        g_autoptr(Entry) enabled = enable ? result_of(current, enable) : NULL;
        assert_true(!enabled || !account_is_disabled(schema, enabled));
        assert_true(!enabled || !account_enable(schema, enabled, false));
    }
}

static void new_accounts_are_made_disabled(void **state)
{
    (void)state;
    static const struct {
        const Descriptions *server;
        const char *given, *made;
    } cases[] = {
        {&active_directory, "", "userAccountControl: 514\n"},
        {&active_directory, "userAccountControl: 66048\n", "userAccountControl: 66050\n"},
        {&active_directory, "useraccountcontrol: 512\n", "userAccountControl: 514\n"},
        {&active_directory, "userAccountControl: none\n", "userAccountControl: 514\n"},
        {&ppolicy, "", "pwdAccountLockedTime: 000001010000Z\n"},
        {&ppolicy, "pwdAccountLockedTime: 20261122101500Z\n", "pwdAccountLockedTime: 000001010000Z\n"},
        {&ds389, "", "nsAccountLock: TRUE\n"},
        {&ds389, "nsAccountLock: false\n", "nsAccountLock: TRUE\n"},
        {&plain, "userPassword: secret\nuserpassword: two\n", ""},
        {&plain, "", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Schema) schema = schema_of(cases[i].server);
        g_autoptr(Entry) entry = entry_of(cases[i].given);
        account_make_disabled(schema, entry);
        g_autofree char *text = entry_text(entry), *expected = g_strconcat("cn: Ann\n", cases[i].made, NULL);
        if (strcmp(text, expected) != 0)
            fail_msg("case %zu: %s, not %s", i, text, expected);
        assert_int_equal(account_is_disabled(schema, entry), cases[i].server != &plain);
        assert_null(account_disable(schema, entry));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_tells_the_means),
        cmocka_unit_test(accounts_are_disabled_and_enabled),
        cmocka_unit_test(new_accounts_are_made_disabled),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
