/*
 * test_policy.c - which recipient policy applies, and when the set of them is another one
 *
 * Policies and lists of a definition; those of a directory: test_policy_directory.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/policy.h"

#include <string.h>

static char *no_words[] = {NULL};
static char *smtp[] = {(char *)"SMTP:%g.%s@acme.example", NULL};

/* An organisation of these policies alone. */
static Organisation of_policies(PolicySettings *policies, size_t n)
{
    return (Organisation){.name = (char *)"acme",
                          .path = (char *)"organisation.xml",
                          .addresses = {.policies = policies, .n_policies = n}};
}

static PolicySettings policy(const char *name, unsigned priority, const char *filter)
{
    return (PolicySettings){.name = (char *)name,
                            .where = (char *)name,
                            .priority = priority,
                            .filter = (char *)filter,
                            .templates = smtp,
                            .foreign_domains = no_words};
}

static Policies *load(const Organisation *organisation)
{
    g_autoptr(GError) error = NULL;
    Policies *policies = policies_load(organisation, NULL, &error);
    if (!policies)
        fail_msg("%s", error->message);
    return policies;
}

/* "department=Sales|cn=a" */
static Entry *recipient(const char *text)
{
    Entry *entry = entry_new("cn=a,dc=x");
    g_auto(GStrv) lines = g_strsplit(text, "|", -1);
    for (char **line = lines; *line && **line; line++) {
        g_auto(GStrv) pair = g_strsplit(*line, "=", 2);
        entry_add_string(entry, pair[0], pair[1]);
    }
    return entry;
}

static void assert_applies(const Policies *policies, const char *to, const char *name)
{
    g_autoptr(Entry) entry = recipient(to);
    const Policy *chosen = policies_choose(policies, schema_standard(), entry);
    if (g_strcmp0(chosen ? chosen->name : NULL, name) != 0)
        fail_msg("to %s applies %s, not %s", to, chosen ? chosen->name : "none", name ? name : "none");
}

/* --- which one ---------------------------------------------------------------------------------- */

static void without_policies_none_applies(void **state)
{
    (void)state;
    Organisation organisation = of_policies(NULL, 0);
    g_autoptr(Policies) policies = load(&organisation);
    assert_int_equal(policies_count(policies) + address_lists_count(policies), 0);
    assert_applies(policies, "cn=a", NULL);
}

static void the_strongest_that_matches_applies(void **state)
{
    (void)state;
    PolicySettings settings[] = {policy("everybody", 30, NULL), policy("sales", 10, "(department=Sales)"),
                                 policy("berlin", 20, "(l=Berlin)")};
    Organisation organisation = of_policies(settings, 3);
    g_autoptr(Policies) policies = load(&organisation);
    assert_string_equal(policies_at(policies, 0)->name, "sales");
    assert_string_equal(policies_at(policies, 1)->name, "berlin");
    assert_string_equal(policies_at(policies, 2)->name, "everybody");
    assert_applies(policies, "department=sales|l=Berlin", "sales");
    assert_applies(policies, "department=Research|l=BERLIN", "berlin");
    assert_applies(policies, "l=Bonn", "everybody");
    assert_applies(policies, "", "everybody");
}

static void where_no_filter_matches_none_applies(void **state)
{
    (void)state;
    PolicySettings settings[] = {policy("sales", 0, "(department=Sales)")};
    Organisation organisation = of_policies(settings, 1);
    g_autoptr(Policies) policies = load(&organisation);
    assert_applies(policies, "department=Research", NULL);
    assert_applies(policies, "", NULL);
}

static void to_who_opted_out_none_applies(void **state)
{
    (void)state;
    static const struct {
        const char *values;
        bool out;
    } cases[] = {
        {"cn=a", false},
        {"msExchPoliciesExcluded={26491CFC-9E50-4857-861B-0CB8DF22B5D7}", true},
        {"MSEXCHPOLICIESEXCLUDED={26491cfc-9e50-4857-861b-0cb8df22b5d7}", true},
        {"msExchPoliciesExcluded=other|msExchPoliciesExcluded={26491CFC-9E50-4857-861B-0CB8DF22B5D7}", true},
        {"msExchPoliciesExcluded={3B6813EC-CE89-42BA-9442-D87D4AA30DBC}", false},
        {"msExchPoliciesExcluded=26491CFC-9E50-4857-861B-0CB8DF22B5D7", false},
        {"msExchPoliciesIncluded={26491CFC-9E50-4857-861B-0CB8DF22B5D7}", false},
    };
    PolicySettings settings[] = {policy("everybody", 1, NULL)};
    Organisation organisation = of_policies(settings, 1);
    g_autoptr(Policies) policies = load(&organisation);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Entry) entry = recipient(cases[i].values);
        assert_int_equal(policy_opted_out(schema_standard(), entry), cases[i].out);
        assert_applies(policies, cases[i].values, cases[i].out ? NULL : "everybody");
    }
}

static void filters_compare_as_the_attribute_does(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *yes, *no;
    } cases[] = {
        {"(mailNickname=*)", "mailNickname=a", "mail=a"},
        {"(department=north  sales)", "department=North Sales", "department=NorthSales"},
        {"(displayName=Ann*)", "displayName=ann Baker", "displayName=Joann"},
        {"(employeeNumber>=20)", "employeeNumber=30", "employeeNumber=10"},
        {"(telephoneNumber=+49 30-1)", "telephoneNumber=+49301", "telephoneNumber=+49302"},
        {"(manager=CN=Boss, DC=X)", "manager=cn=boss,dc=x", "manager=cn=boss2,dc=x"},
        {"(msExchHideFromAddressLists=TRUE)", "msExchHideFromAddressLists=TRUE",
         "msExchHideFromAddressLists=FALSE"},
        {"(!(msExchHideFromAddressLists=TRUE))", "msExchHideFromAddressLists=FALSE",
         "msExchHideFromAddressLists=TRUE"},
        {"(userAccountControl:1.2.840.113556.1.4.803:=2)", "userAccountControl=514",
         "userAccountControl=512"},
        {"(objectClass=person)", "objectClass=inetOrgPerson", "objectClass=device"},
        {"(proxyAddresses=notes:*)", "proxyAddresses=NOTES:A/Acme@X", "proxyAddresses=SMTP:notes@x"},
        {"(whenCreated>=20030101000000Z)", "whenCreated=20040101000000Z", "whenCreated=20020101000000Z"},
        {"(&(|(l=Bonn)(l=Berlin))(!(title=Intern)))", "l=Bonn|title=Boss", "l=Bonn|title=intern"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        PolicySettings settings[] = {policy("p", 1, cases[i].filter)};
        Organisation organisation = of_policies(settings, 1);
        g_autoptr(Policies) policies = load(&organisation);
        assert_applies(policies, cases[i].yes, "p");
        assert_applies(policies, cases[i].no, NULL);
    }
}

/* As Exchange writes them for its own lists. */
static void filters_of_exchange_hold_without_object_categories(void **state)
{
    (void)state;
    PolicySettings settings[] = {
        policy("users", 1,
               "(& (mailnickname=*) (| (&(objectCategory=person)(objectClass=user)(!(homeMDB=*))"
               "(!(msExchHomeServerName=*)))(&(objectCategory=person)(objectClass=user)(|(homeMDB=*)"
               "(msExchHomeServerName=*))) ))"),
        policy("contacts", 2, "(&(mailnickname=*)(objectCategory=person)(objectClass=contact))"),
        policy("groups", 3, "(&(mailnickname=*)(objectCategory=group))")};
    Organisation organisation = of_policies(settings, 3);
    g_autoptr(Policies) policies = load(&organisation);
    assert_applies(policies, "objectClass=user|mailNickname=a", "users");
    assert_applies(policies, "objectClass=user|mailNickname=a|homeMDB=cn=x", "users");
    assert_applies(policies, "objectClass=user|objectClass=computer|mailNickname=a", NULL);
    assert_applies(policies, "objectClass=contact|mailNickname=a", "contacts");
    assert_applies(policies, "objectClass=group|mailNickname=a", "groups");
    assert_applies(policies, "objectClass=group", NULL);
}

/* --- what is loaded ----------------------------------------------------------------------------- */

static void everything_of_a_policy_is_kept(void **state)
{
    (void)state;
    char *templates[] = {(char *)"SMTP:%g.%s@acme.example", (char *)"smtp:%m@globex.example",
                         (char *)"NOTES:&d/Acme@X", NULL};
    char *domains[] = {(char *)"globex.example", NULL};
    PolicySettings settings[] = {policy("sales", 7, "(l=a)")};
    settings[0].where = (char *)"organisation.xml:9";
    char *disabled[] = {(char *)"X400", (char *)"SMTP", NULL};
    settings[0].templates = templates;
    settings[0].disabled_types = disabled;
    settings[0].foreign_domains = domains;
    Organisation organisation = of_policies(settings, 1);
    g_autoptr(Policies) policies = load(&organisation);
    const Policy *kept = policies_at(policies, 0);
    assert_string_equal(kept->where, "organisation.xml:9");
    assert_int_equal(kept->priority, 7);
    assert_non_null(kept->filter);
    assert_int_equal(kept->n_templates, 3);
    assert_string_equal(kept->templates[0].text, "SMTP:%g.%s@acme.example");
    assert_string_equal(kept->templates[0].type, "SMTP");
    assert_true(kept->templates[0].primary);
    assert_string_equal(kept->templates[1].text, "SMTP:%m@globex.example");
    assert_string_equal(kept->templates[1].type, "SMTP");
    assert_false(kept->templates[1].primary);
    assert_string_equal(kept->templates[2].type, "NOTES");
    assert_true(kept->templates[2].primary);
    assert_string_equal(kept->disabled_types[0], "X400");
    assert_null(kept->disabled_types[1]);
    assert_string_equal(kept->foreign_domains[0], "globex.example");
    assert_null(kept->foreign_domains[1]);
}

static void lists_keep_the_order_of_the_definition(void **state)
{
    (void)state;
    AddressListSettings settings[] = {
        {.dn = (char *)"cn=b", .where = (char *)"x:1"},
        {.dn = (char *)"cn=a", .where = (char *)"x:2", .filter = (char *)"(l=a)"}};
    Organisation organisation = {.addresses = {.lists = settings, .n_lists = 2}};
    g_autoptr(Policies) policies = load(&organisation);
    assert_int_equal(address_lists_count(policies), 2);
    assert_string_equal(address_lists_at(policies, 0)->dn, "cn=b");
    assert_null(address_lists_at(policies, 0)->filter);
    assert_string_equal(address_lists_at(policies, 1)->dn, "cn=a");
    assert_non_null(address_lists_at(policies, 1)->filter);
}

static void attributes_of_all_filters_and_of_opting_out_are_collected(void **state)
{
    (void)state;
    static const char *const wanted[] = {"department", "l", "objectClass", "c", "msExchPoliciesExcluded"};
    PolicySettings settings[] = {policy("a", 1, "(&(department=x)(!(l=*)))"),
                                 policy("b", 2, "(objectCategory=group)"), policy("c", 3, NULL)};
    AddressListSettings lists[] = {{.dn = (char *)"cn=us", .where = (char *)"x", .filter = (char *)"(c=us)"}};
    Organisation organisation = of_policies(settings, 3);
    organisation.addresses.lists = lists;
    organisation.addresses.n_lists = 1;
    g_autoptr(Policies) policies = load(&organisation);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    policies_collect_attributes(policies, names);
    assert_int_equal(g_hash_table_size(names), G_N_ELEMENTS(wanted));
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        assert_true(g_hash_table_contains(names, wanted[i]));
}

static void all_problems_are_told_at_once(void **state)
{
    (void)state;
    char *templates[] = {(char *)"@acme.example", (char *)"SMTP:a@b", (char *)"SMTP:c@d",
                         (char *)"SMTP:",         (char *)"smtp:e@f", NULL};
    PolicySettings settings[] = {policy("x:1", 1, "(a=b"), policy("x:2", 1, NULL)};
    AddressListSettings lists[] = {{.dn = (char *)"cn=us", .where = (char *)"x:3", .filter = (char *)"y"}};
    settings[0].templates = templates;
    Organisation organisation = of_policies(settings, 2);
    organisation.addresses.lists = lists;
    organisation.addresses.n_lists = 1;
    g_autoptr(GError) error = NULL;
    assert_null(policies_load(&organisation, NULL, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_string_equal(
        error->message,
        "x:1: cannot be used: filter \"(a=b\": character 5: a closing parenthesis is expected\n"
        "x:1: \"@acme.example\" is not an address template; it must be TYPE:... or type:...\n"
        "x:1: \"SMTP:c@d\" is a second primary address of the type SMTP; write the type in small letters\n"
        "x:1: \"SMTP:\" is not an address template; it must be TYPE:... or type:...\n"
        "x:3: cannot be used: filter \"y\": character 2: one of = >= <= ~= := is expected after the "
        "attribute\n"
        "x:2: has the same priority as x:1, 1; change one of them");
}

/* --- the digest --------------------------------------------------------------------------------- */

/* Everything that a digest is made of, once each. */
typedef struct {
    char *templates[3], *domains[2], *disabled[2];
    PolicySettings policies[2];
    AddressListSettings lists[1];
    Organisation organisation;
} Whole;

static void whole_init(Whole *whole)
{
    *whole = (Whole){.templates = {(char *)"SMTP:a@b", (char *)"smtp:c@d"},
                     .domains = {(char *)"b"},
                     .disabled = {(char *)"MS"},
                     .policies = {policy("one", 1, "(l=a)"), policy("two", 2, NULL)},
                     .lists = {{.dn = (char *)"cn=us", .where = (char *)"x", .filter = (char *)"(c=us)"}}};
    whole->policies[0].templates = whole->templates;
    whole->policies[0].disabled_types = whole->disabled;
    whole->policies[0].foreign_domains = whole->domains;
    whole->organisation = of_policies(whole->policies, 2);
    whole->organisation.addresses.lists = whole->lists;
    whole->organisation.addresses.n_lists = 1;
}

static char *digest_of(const Whole *whole)
{
    g_autoptr(Policies) policies = load(&whole->organisation);
    return g_strdup(policies_digest(policies));
}

static void rename_policy(Whole *whole)
{
    whole->policies[0].name = (char *)"other";
}
static void order_otherwise(Whole *whole)
{
    whole->policies[0].priority = 3;
}
static void filter_otherwise(Whole *whole)
{
    whole->policies[0].filter = (char *)"(l=b)";
}
static void filter_none(Whole *whole)
{
    whole->policies[0].filter = NULL;
}
static void template_otherwise(Whole *whole)
{
    whole->templates[0] = (char *)"SMTP:a@c";
}
static void template_secondary(Whole *whole)
{
    whole->templates[0] = (char *)"smtp:a@b";
}
static void template_less(Whole *whole)
{
    whole->templates[1] = NULL;
}
static void disabled_less(Whole *whole)
{
    whole->disabled[0] = NULL;
}
static void domain_otherwise(Whole *whole)
{
    whole->domains[0] = (char *)"c";
}
static void domain_less(Whole *whole)
{
    whole->domains[0] = NULL;
}
static void policy_less(Whole *whole)
{
    whole->organisation.addresses.n_policies = 1;
}
static void list_less(Whole *whole)
{
    whole->organisation.addresses.n_lists = 0;
}
static void list_otherwise(Whole *whole)
{
    whole->lists[0].dn = (char *)"cn=uk";
}
static void list_for_everybody(Whole *whole)
{
    whole->lists[0].filter = NULL;
}
static void lists_for_all(Whole *whole)
{
    whole->organisation.addresses.lists_for_all = true;
}
static void templates_joined(Whole *whole)
{
    whole->templates[0] = (char *)"SMTP:a@bsmtp:c@d";
    whole->templates[1] = NULL;
}

static void the_digest_is_another_one_when_anything_changes(void **state)
{
    (void)state;
    static void (*const changes[])(Whole *) = {
        disabled_less,  rename_policy,      order_otherwise,    filter_otherwise,
        filter_none,    template_otherwise, template_less,      domain_otherwise,
        domain_less,    policy_less,        template_secondary, list_less,
        list_otherwise, lists_for_all,      list_for_everybody, templates_joined};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Whole whole;
    whole_init(&whole);
    g_hash_table_add(seen, digest_of(&whole));
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        whole_init(&whole);
        changes[i](&whole);
        if (!g_hash_table_add(seen, digest_of(&whole)))
            fail_msg("change %zu makes no other digest", i);
    }
}

static void the_digest_stays_when_nothing_counts(void **state)
{
    (void)state;
    Whole whole;
    whole_init(&whole);
    g_autofree char *before = digest_of(&whole);
    PolicySettings first = whole.policies[0];
    whole.policies[0] = whole.policies[1];
    whole.policies[1] = first;
    whole.policies[1].where = (char *)"elsewhere";
    whole.policies[1].filter = (char *)" ( l=a) ";
    g_autofree char *after = digest_of(&whole);
    assert_string_equal(before, after);
    assert_int_equal(strlen(before), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_policies_none_applies),
        cmocka_unit_test(the_strongest_that_matches_applies),
        cmocka_unit_test(where_no_filter_matches_none_applies),
        cmocka_unit_test(to_who_opted_out_none_applies),
        cmocka_unit_test(filters_compare_as_the_attribute_does),
        cmocka_unit_test(filters_of_exchange_hold_without_object_categories),
        cmocka_unit_test(everything_of_a_policy_is_kept),
        cmocka_unit_test(lists_keep_the_order_of_the_definition),
        cmocka_unit_test(attributes_of_all_filters_and_of_opting_out_are_collected),
        cmocka_unit_test(all_problems_are_told_at_once),
        cmocka_unit_test(the_digest_is_another_one_when_anything_changes),
        cmocka_unit_test(the_digest_stays_when_nothing_counts),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
