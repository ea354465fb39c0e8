/*
 * test_policy_slapd.c - recipient policies and address lists in a real slapd with our schema
 *
 * The objects are those that Exchange would have, in the classes of
 * schema/openldap/dirsync.schema; recipients are read back with the server's schema.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/policy.h"
#include "tests/lab/ldap_case.h"

#include <string.h>

#define CONTAINER "cn=acme," SUFFIX
#define POLICIES "cn=Recipient Policies," CONTAINER
#define LISTS "cn=Address Lists Container," CONTAINER

static const char containers[] =
    "dn: " CONTAINER "\nobjectClass: msExchContainer\ncn: acme\n\n"
    "dn: " POLICIES "\nobjectClass: msExchRecipientPolicyContainer\ncn: Recipient Policies\n\n"
    "dn: " LISTS "\nobjectClass: msExchContainer\ncn: Address Lists Container\n\n"
    "dn: cn=All Address Lists," LISTS "\nobjectClass: addressBookContainer\ncn: All Address Lists\n"
    "displayName: All Address Lists\n\n";

static const char policies_ldif[] =
    "dn: cn=Default Policy," POLICIES "\nobjectClass: msExchRecipientPolicy\ncn: Default Policy\n"
    "msExchPolicyOrder: 2147483647\npurportedSearch: (mailnickname=*)\n"
    "gatewayProxy: SMTP:@acme.example\ngatewayProxy: X400:c=de;a= ;p=acme;o=Exchange;\n"
    "disabledGatewayProxy: X400:c=de;a= ;p=acme;o=Exchange;\n\n"
    "dn: cn=Sales," POLICIES "\nobjectClass: msExchRecipientPolicy\ncn: Sales\n"
    "msExchPolicyOrder: 1\npurportedSearch: (&(objectCategory=person)(description=Sales))\n"
    "gatewayProxy: SMTP:%g.%s@sales.acme.example\ngatewayProxy: smtp:%m@globex.example\n"
    "msExchNonAuthoritativeDomains: @globex.example\n\n";

static const char lists_ldif[] =
    "dn: cn=All Contacts,cn=All Address Lists," LISTS "\nobjectClass: addressBookContainer\n"
    "cn: All Contacts\ndisplayName: All Contacts\n"
    "purportedSearch: (& (mailnickname=*) (| (&(objectCategory=person)(objectClass=contact)) ))\n\n"
    "dn: cn=All Groups,cn=All Address Lists," LISTS "\nobjectClass: addressBookContainer\n"
    "cn: All Groups\ndisplayName: All Groups\n"
    "purportedSearch: (& (mailnickname=*) (| (objectCategory=group) ))\n\n";

static const char people[] =
    "dn: cn=ann," PEOPLE "\nobjectClass: contact\ncn: ann\nmailNickname: ann\ndescription: SALES\n\n"
    "dn: cn=bob," PEOPLE "\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\ncn: bob\nsn: b\n"
    "mailNickname: bob\ndescription: sales\n\n"
    "dn: cn=cid," PEOPLE "\nobjectClass: contact\ncn: cid\nmailNickname: cid\n\n"
    "dn: cn=dot," PEOPLE "\nobjectClass: contact\ncn: dot\nmailNickname: dot\ndescription: Sales\n"
    "msExchPoliciesExcluded: {26491cfc-9e50-4857-861b-0cb8df22b5d7}\n\n"
    "dn: cn=eva," PEOPLE "\nobjectClass: contact\ncn: eva\n\n"
    "dn: cn=all," PEOPLE "\nobjectClass: group\ncn: all\nmailNickname: all\ndescription: Sales\n\n";

static Policies *load(Directory *home, const char *container, GError **error)
{
    Organisation organisation = {.name = (char *)"acme",
                                 .path = (char *)"organisation.xml",
                                 .addresses = {.container = (char *)container,
                                               .policies_from_directory = true,
                                               .lists_from_directory = true}};
    return policies_load(&organisation, home, error);
}

static void policies_and_lists_are_found(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) home = fresh_tree(&place);
    g_autofree char *ldif = g_strconcat(containers, policies_ldif, lists_ldif, NULL);
    lab_ldif_load(shared, ldif);
    g_autoptr(GError) error = NULL;
    g_autoptr(Policies) policies = load(home, CONTAINER, &error);
    assert_null(error);
    assert_int_equal(policies_count(policies), 2);
    const Policy *sales = policies_at(policies, 0), *weakest = policies_at(policies, 1);
    assert_string_equal(sales->name, "Sales");
    assert_string_equal(sales->where, "cn=Sales," POLICIES);
    assert_int_equal(sales->n_templates, 2);
    assert_string_equal(sales->templates[0].text, "SMTP:%g.%s@sales.acme.example");
    assert_true(sales->templates[0].primary);
    assert_string_equal(sales->templates[1].text, "SMTP:%m@globex.example");
    assert_false(sales->templates[1].primary);
    assert_string_equal(sales->foreign_domains[0], "globex.example");
    assert_string_equal(weakest->name, "Default Policy");
    assert_int_equal(weakest->n_templates, 1);
    assert_string_equal(weakest->disabled_types[0], "X400");
    assert_int_equal(address_lists_count(policies), 2);
    assert_string_equal(address_lists_at(policies, 0)->dn, "cn=All Contacts,cn=All Address Lists," LISTS);
    assert_string_equal(address_lists_at(policies, 1)->dn, "cn=All Groups,cn=All Address Lists," LISTS);
}

/* The name of the policy, and C or G for each list. */
static char *what_applies(const Policies *policies, const Schema *schema, const Entry *recipient)
{
    const Policy *policy = policies_choose(policies, schema, recipient);
    GString *text = g_string_new(policy ? policy->name : "none");
    for (size_t i = 0; i < address_lists_count(policies); i++)
        if (filter_matches(address_lists_at(policies, i)->filter, schema, recipient))
            g_string_append(text, i ? " G" : " C");
    return g_string_free(text, FALSE);
}

static void they_apply_to_what_the_server_delivers(void **state)
{
    (void)state;
    static const struct {
        const char *dn, *applies;
    } cases[] = {
        {"cn=ann," PEOPLE, "Sales C"}, {"cn=bob," PEOPLE, "Sales"}, {"cn=cid," PEOPLE, "Default Policy C"},
        {"cn=dot," PEOPLE, "none C"},  {"cn=eva," PEOPLE, "none"},  {"cn=all," PEOPLE, "Default Policy G"},
    };
    Place place;
    g_autoptr(Directory) home = fresh_tree(&place);
    g_autofree char *ldif = g_strconcat(containers, policies_ldif, lists_ldif, people, NULL);
    lab_ldif_load(shared, ldif);
    g_autoptr(Policies) policies = load(home, CONTAINER, NULL);
    assert_non_null(policies);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Entry) recipient = find_one(home, cases[i].dn);
        g_autofree char *text = what_applies(policies, directory_describe(home)->schema, recipient);
        if (strcmp(text, cases[i].applies) != 0)
            fail_msg("%s: %s, not %s", cases[i].dn, text, cases[i].applies);
    }
}

static void a_container_without_policies_is_told(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) home = fresh_tree(&place);
    lab_ldif_load(shared, containers);
    static const char *const missing[] = {CONTAINER, "cn=other," SUFFIX};
    for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(load(home, missing[i], &error));
        assert_true(error_is(error, ERROR_DEFINITION));
        assert_non_null(strstr(error->message, "Recipient Policies,"));
        assert_non_null(strstr(error->message, missing[i]));
    }
}

static void without_a_configuration_partition_the_container_must_be_said(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) home = fresh_tree(&place);
    g_autoptr(GError) error = NULL;
    assert_null(load(home, NULL, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_non_null(strstr(error->message, "add <configuration dn=\"cn="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_and_lists_are_found),
        cmocka_unit_test(they_apply_to_what_the_server_delivers),
        cmocka_unit_test(a_container_without_policies_is_told),
        cmocka_unit_test(without_a_configuration_partition_the_container_must_be_said),
    };
    return cmocka_run_group_tests_name("policies in slapd", tests, NULL, stop_shared);
}
