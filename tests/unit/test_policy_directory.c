/*
 * test_policy_directory.c - policies and address lists that stand in the directory
 *
 * A case is the objects that are there, and the policies and lists that come of them,
 * as text, or every problem.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/memory.h"
#include "proxygen/policy.h"

#include <string.h>

#define CONFIGURATION "cn=acme,dc=x"
#define POLICIES "CN=Recipient Policies," CONFIGURATION
#define LISTS "CN=Address Lists Container," CONFIGURATION

#define POLICY(name, rest)                                                                                   \
    "dn: CN=" name "," POLICIES "\nobjectClass: msExchRecipientPolicy\ncn: " name "\n" rest "\n"
#define SALES                                                                                                \
    POLICY("Sales", "msExchPolicyOrder: 1\npurportedSearch: (department=Sales)\n"                            \
                    "gatewayProxy: smtp:%m@globex.example\ngatewayProxy: SMTP:%g.%s@acme.example\n")
#define DEFAULT                                                                                              \
    POLICY("Default Policy", "msExchPolicyOrder: 0\npurportedSearch: (mailNickname=*)\n"                     \
                             "gatewayProxy: SMTP:@acme.example\n")
#define LIST(name, rest)                                                                                     \
    "dn: CN=" name "," LISTS "\nobjectClass: addressBookContainer\ndisplayName: x\n" rest "\n"

static MemoryStore *store;

static int make_store(void **state)
{
    (void)state;
    store = memory_store("policies");
    return 0;
}

static int drop_store(void **state)
{
    (void)state;
    memory_store_drop("policies");
    return 0;
}

static Directory *open_home(const char *ldif)
{
    static Endpoint endpoint = {
        .driver = (char *)"memory", .path = (char *)"policies", .base = (char *)"dc=x"};
    g_autoptr(GError) error = NULL;
    store = memory_store("policies");
    if (!memory_store_load(store, ldif, &error))
        fail_msg("%s", error->message);
    Directory *home = directory_open(&endpoint, &error);
    assert_null(error);
    return home;
}

static Policies *load(const char *ldif, AddressSettings settings, GError **error)
{
    Organisation organisation = {
        .name = (char *)"acme", .path = (char *)"organisation.xml", .addresses = settings};
    g_autoptr(Directory) home = open_home(ldif);
    return policies_load(&organisation, home, error);
}

static const AddressSettings policies_there = {.container = (char *)CONFIGURATION,
                                               .policies_from_directory = true};
static const AddressSettings lists_there = {.container = (char *)CONFIGURATION, .lists_from_directory = true};

static void append_templates(GString *text, const Policy *policy)
{
    for (size_t i = 0; i < policy->n_templates; i++) {
        const PolicyTemplate *template = &policy->templates[i];
        g_autofree char *small = g_ascii_strdown(template->type, -1);
        assert_true(g_str_has_prefix(template->text, template->type));
        g_string_append_printf(text, " %s%s", template->primary ? template->type : small,
                               template->text + strlen(template->type));
    }
}

/* "Sales (department=Sales) SMTP:a smtp:b -X400 !globex.example\n" for each, strongest first; secondary
 * templates in small letters, "-" types that are disabled, "!" foreign domains. */
static char *policies_text(const Policies *policies)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < policies_count(policies); i++) {
        const Policy *policy = policies_at(policies, i);
        g_autofree char *filter = filter_format(policy->filter);
        g_string_append_printf(text, "%s %s", policy->name, filter);
        append_templates(text, policy);
        for (char **type = policy->disabled_types; *type; type++)
            g_string_append_printf(text, " -%s", *type);
        for (char **domain = policy->foreign_domains; *domain; domain++)
            g_string_append_printf(text, " !%s", *domain);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static char *lists_text(const Policies *policies)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < address_lists_count(policies); i++) {
        const AddressList *list = address_lists_at(policies, i);
        g_autofree char *filter = filter_format(list->filter);
        g_string_append_printf(text, "%s %s\n", list->dn, filter);
    }
    return g_string_free(text, FALSE);
}

typedef struct {
    const char *what, *ldif;
    const char *expected;
} Case;

static const Case good_policies[] = {
    {"one", SALES, "Sales (department=Sales) SMTP:%g.%s@acme.example smtp:%m@globex.example\n"},
    {"Default Policy is the last, whatever its order says", DEFAULT SALES,
     "Sales (department=Sales) SMTP:%g.%s@acme.example smtp:%m@globex.example\n"
     "Default Policy (mailNickname=*) SMTP:@acme.example\n"},
    {"by order, not by name or place",
     POLICY("a", "msExchPolicyOrder: 10\npurportedSearch: (l=a)\ngatewayProxy: X:a\n")
         POLICY("b", "msExchPolicyOrder: 9\npurportedSearch: (l=b)\ngatewayProxy: X:b\n"),
     "b (l=b) X:b\na (l=a) X:a\n"},
    {"without an order weaker than all but Default Policy",
     DEFAULT POLICY("a", "purportedSearch: (l=a)\ngatewayProxy: X:a\n")
         POLICY("b", "msExchPolicyOrder: 2147483647\npurportedSearch: (l=b)\ngatewayProxy: X:b\n"),
     "b (l=b) X:b\na (l=a) X:a\nDefault Policy (mailNickname=*) SMTP:@acme.example\n"},
    {"templates and types that are disabled",
     POLICY("a", "msExchPolicyOrder: 1\npurportedSearch: (l=a)\ngatewayProxy: X400:c=de\ngatewayProxy: MS:x\n"
                 "gatewayProxy: SMTP:a@b\ngatewayProxy: smtp:c@d\ngatewayProxy: CCMAIL:x\n"
                 "gatewayProxy: X:1\ndisabledGatewayProxy: x400:c=de\ndisabledGatewayProxy: MS\n"
                 "disabledGatewayProxy: ccmail:\ndisabledGatewayProxy: smtp:c@d\n"
                 "disabledGatewayProxy: X:12\n"),
     "a (l=a) SMTP:a@b X:1 -MS -CCMAIL -X400\n"},
    {"all disabled: it applies and gives nothing",
     POLICY("a", "msExchPolicyOrder: 1\npurportedSearch: (l=a)\ndisabledGatewayProxy: SMTP:a@b\n"),
     "a (l=a) -SMTP\n"},
    {"a policy that has nothing to do with addresses",
     SALES POLICY("Mailbox Manager", "msExchPolicyOrder: 1\n"),
     "Sales (department=Sales) SMTP:%g.%s@acme.example smtp:%m@globex.example\n"},
    {"foreign domains, in any form",
     POLICY("a", "msExchPolicyOrder: 1\npurportedSearch: (l=a)\ngatewayProxy: SMTP:a@b\n"
                 "msExchNonAuthoritativeDomains: Globex.example\n"
                 "msExchNonAuthoritativeDomains: smtp:%m@Initech.example\n"
                 "msExchNonAuthoritativeDomains: @b\n"),
     "a (l=a) SMTP:a@b !b !globex.example !initech.example\n"},
    {"a filter of Exchange",
     POLICY("a", "msExchPolicyOrder: 1\ngatewayProxy: X:a\n"
                 "purportedSearch: (&(mailnickname=*)(|(objectCategory=group)))\n"),
     "a (&(mailnickname=*)(|(objectClass=group))) X:a\n"},
    {"objects of other classes and further down",
     SALES "dn: CN=y," POLICIES "\nobjectClass: container\ncn: y\n\n"
           "dn: CN=z,CN=y," POLICIES "\nobjectClass: msExchRecipientPolicy\ncn: z\ngatewayProxy: X:a\n\n",
     "Sales (department=Sales) SMTP:%g.%s@acme.example smtp:%m@globex.example\n"},
};

static void policies_of_the_directory_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good_policies); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Policies) policies = load(good_policies[i].ldif, policies_there, &error);
        g_autofree char *text = policies ? policies_text(policies) : g_strdup(error->message);
        if (strcmp(text, good_policies[i].expected) != 0)
            fail_msg("%s\ngot  %s\nnot  %s", good_policies[i].what, text, good_policies[i].expected);
        assert_int_equal(address_lists_count(policies), 0);
    }
}

static const Case broken_policies[] = {
    {"none", "dn: CN=acme,dc=x\nobjectClass: container\ncn: acme\n",
     POLICIES ": there is nothing to read here; correct <configuration dn=\"...\"/>"},
    {"a filter", SALES POLICY("a", "msExchPolicyOrder: 2\npurportedSearch: (l=a\ngatewayProxy: X:a\n"),
     "CN=a," POLICIES ": cannot be used: filter \"(l=a\": "},
    {"no filter", SALES POLICY("a", "msExchPolicyOrder: 2\ngatewayProxy: X:a\n"),
     "CN=a," POLICIES ": has no purportedSearch; say whom it is for, (mailNickname=*) for everybody"},
    {"a template", SALES POLICY("a", "msExchPolicyOrder: 2\npurportedSearch: (l=a)\ngatewayProxy: @a\n"),
     "CN=a," POLICIES ": \"@a\" is not an address template"},
    {"two primaries",
     POLICY("a", "msExchPolicyOrder: 2\npurportedSearch: (l=a)\ngatewayProxy: X:a\ngatewayProxy: X:b\n"),
     "CN=a," POLICIES ": \"X:b\" is a second primary address of the type X"},
    {"an order that is none",
     POLICY("a", "msExchPolicyOrder: -1\npurportedSearch: (l=a)\ngatewayProxy: X:a\n"),
     "CN=a," POLICIES ": msExchPolicyOrder is -1; allowed: 0 to 2147483647"},
    {"the same order", SALES POLICY("a", "msExchPolicyOrder: 1\npurportedSearch: (l=a)\ngatewayProxy: X:a\n"),
     ": has the same priority as CN="},
    {"two without an order",
     POLICY("a", "purportedSearch: (l=a)\ngatewayProxy: X:a\n")
         POLICY("b", "purportedSearch: (l=a)\ngatewayProxy: X:a\n"),
     ": has no msExchPolicyOrder, and neither has CN="},
    {"a value that is not text",
     POLICY("a", "msExchPolicyOrder: 2\npurportedSearch: (l=a)\ngatewayProxy:: WDph/w==\n"),
     "CN=a," POLICIES ": a value of gatewayProxy is not text"},
};

static void with_one_broken_policy_nothing_is_loaded(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(broken_policies); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Policies) policies = load(broken_policies[i].ldif, policies_there, &error);
        if (policies || !strstr(error->message, broken_policies[i].expected))
            fail_msg("%s\ngot     %s\nwithout %s", broken_policies[i].what,
                     error ? error->message : "policies", broken_policies[i].expected);
        assert_true(error_is(error, ERROR_DEFINITION));
        assert_null(strchr(error->message, '\n'));
    }
}

static const Case good_lists[] = {
    {"sorted by name", LIST("b", "purportedSearch: (l=b)\n") LIST("a", "purportedSearch: (l=a)\n"),
     "CN=a," LISTS " (l=a)\nCN=b," LISTS " (l=b)\n"},
    {"lists in lists, and those that only hold others",
     LIST("All Address Lists", "")
         LIST("Groups,CN=All Address Lists", "purportedSearch: (&(mailnickname=*)(objectCategory=group))\n")
             LIST("Default Global Address List,CN=All Global Address Lists",
                  "purportedSearch: (mailnickname=*)\n"),
     "CN=Default Global Address List,CN=All Global Address Lists," LISTS " (mailnickname=*)\n"
     "CN=Groups,CN=All Address Lists," LISTS " (&(mailnickname=*)(objectClass=group))\n"},
};

static void address_lists_of_the_directory_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good_lists); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Policies) policies = load(good_lists[i].ldif, lists_there, &error);
        g_autofree char *text = policies ? lists_text(policies) : g_strdup(error->message);
        assert_string_equal(text, good_lists[i].expected);
        assert_int_equal(policies_count(policies), 0);
    }
}

static void problems_of_policies_and_lists_are_told_at_once(void **state)
{
    (void)state;
    AddressSettings both = policies_there;
    both.lists_from_directory = true;
    g_autoptr(GError) error = NULL;
    g_autoptr(Policies) policies =
        load(POLICY("a", "msExchPolicyOrder: x\npurportedSearch: )\ngatewayProxy: X:a\n")
                 LIST("b", "purportedSearch: (\n"),
             both, &error);
    assert_null(policies);
    assert_string_equal(
        error->message,
        "CN=a," POLICIES ": msExchPolicyOrder is x; allowed: 0 to 2147483647\n"
        "CN=a," POLICIES ": cannot be used: filter \")\": character 1: an attribute is expected\n"
        "CN=b," LISTS ": cannot be used: filter \"(\": character 2: an attribute is expected");
}

/* --- where it stands ---------------------------------------------------------------------------- */

#define EXCHANGE "CN=acme,CN=Microsoft Exchange,CN=Services,CN=Configuration,dc=x"

static void on_active_directory_the_root_tells_where_it_is(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Policies) policies =
        load("dn:\nobjectClass: top\nconfigurationNamingContext: CN=Configuration,dc=x\n\n"
             "dn: CN=a,CN=Recipient Policies," EXCHANGE "\nobjectClass: msExchRecipientPolicy\ncn: a\n"
             "msExchPolicyOrder: 1\npurportedSearch: (l=a)\ngatewayProxy: X:a\n",
             (AddressSettings){.policies_from_directory = true}, &error);
    assert_null(error);
    assert_string_equal(policies_at(policies, 0)->where, "CN=a,CN=Recipient Policies," EXCHANGE);
}

static void elsewhere_the_definition_must_tell(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Policies) policies = load(SALES, (AddressSettings){.policies_from_directory = true}, &error);
    assert_null(policies);
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_string_equal(error->message,
                        "organisation.xml: the home directory has no configuration partition; say with "
                        "<configuration dn=\"...\"/> where address types, policies and address lists stand");
}

static void a_directory_that_fails_is_no_empty_set(void **state)
{
    (void)state;
    GString *many = g_string_new(NULL);
    for (int i = 0; i <= 1000; i++)
        g_string_append_printf(many, "dn: CN=%d," POLICIES "\nobjectClass: msExchRecipientPolicy\n\n", i);
    g_autoptr(GError) error = NULL;
    g_autoptr(Policies) policies = load(many->str, policies_there, &error);
    g_string_free(many, TRUE);
    assert_null(policies);
    assert_true(error_is(error, ERROR_SERVER_LIMIT));
}

static void the_order_of_answers_makes_no_other_digest(void **state)
{
    (void)state;
    AddressSettings both = policies_there;
    both.lists_from_directory = true;
    const char *lists[] = {LIST("a", "purportedSearch: (l=a)\n"), LIST("b", "purportedSearch: (l=b)\n")};
    const char *policies[] = {POLICY("p", "msExchPolicyOrder: 1\npurportedSearch: (l=a)\n"
                                          "gatewayProxy: X:a\ngatewayProxy: Y:b\n"),
                              POLICY("p", "gatewayProxy: Y:b\ngatewayProxy: X:a\n"
                                          "purportedSearch: (l=a)\nmsExchPolicyOrder: 1\n")};
    g_autofree char *one = g_strconcat(lists[0], lists[1], policies[0], DEFAULT, NULL);
    g_autofree char *other = g_strconcat(DEFAULT, policies[1], lists[1], lists[0], NULL);
    g_autoptr(Policies) first = load(one, both, NULL);
    g_autoptr(Policies) second = load(other, both, NULL);
    assert_string_equal(policies_digest(first), policies_digest(second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_of_the_directory_are_read),
        cmocka_unit_test(with_one_broken_policy_nothing_is_loaded),
        cmocka_unit_test(address_lists_of_the_directory_are_read),
        cmocka_unit_test(problems_of_policies_and_lists_are_told_at_once),
        cmocka_unit_test(on_active_directory_the_root_tells_where_it_is),
        cmocka_unit_test(elsewhere_the_definition_must_tell),
        cmocka_unit_test(a_directory_that_fails_is_no_empty_set),
        cmocka_unit_test(the_order_of_answers_makes_no_other_digest),
    };
    return cmocka_run_group_tests_name("policies of the directory", tests, make_store, drop_store);
}
