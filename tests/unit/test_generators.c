/*
 * test_generators.c - the generators that ship, through their interface: what they make of whom
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/plugin_case.h"

static const ProxygenRecipient doug = {.alias = "dougdo", .first_name = "Doug", .last_name = "Dosdall",
                                       .display_name = "Doug M. Dosdall", .initials = "M"};
static const ProxygenRecipient nan = {.alias = "nanlee", .first_name = "Nancy", .last_name = "Lee",
                                      .display_name = "Lee, Nancy", .fax_number = "+1 (206) 555-0100"};
static const ProxygenRecipient juergen = {.alias = "juergen", .first_name = "J\u00FCrgen",
                                          .last_name = "Gr\u00F6\u00DFer", .display_name = "J\u00FCrgen Gr\u00F6\u00DFer"};
static const ProxygenRecipient olga = {.alias = "olga", .first_name = "\u041E\u043B\u044C\u0433\u0430",
                                       .last_name = "\u0416\u0438\u0436\u043A\u043E\u0432\u0430",
                                       .display_name = "\u0416\u0438\u0436\u043A\u043E\u0432\u0430, \u041E\u043B\u044C\u0433\u0430"};
static const ProxygenRecipient lone = {.alias = "lone"};
static const ProxygenRecipient smith = {.alias = "SMITHJOHNSON", .first_name = "John", .last_name = "Smith"};

typedef struct {
    const char *site;
    const ProxygenRecipient *recipient;
    unsigned retry;
    const char *address;
} Made;

static void check_made(const Made *made, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *address = plugin_case_make(made[i].site, made[i].recipient, made[i].retry);
        if (strcmp(address, made[i].address) != 0)
            fail_msg("%s, retry %u: %s instead of %s", made[i].site, made[i].retry, address, made[i].address);
    }
}

static const Made smtp[] = {
    /* what the EDK's own generator gave */
    {"SMTP:%r _%d@x.example", &doug, 0, "SMTP:Doug_M._Dosdall@x.example"},
    {"SMTP:%r..%d@x.example", &doug, 0, "SMTP:DougMDosdall@x.example"},
    {"SMTP:%g.%s@x.example", &doug, 0, "SMTP:Doug.Dosdall@x.example"},
    {"SMTP:@x.example", &doug, 0, "SMTP:dougdo@x.example"},
};

static void smtp_addresses(void **state)
{
    (void)state;
    check_made(smtp, G_N_ELEMENTS(smtp));
    (void)nan; (void)juergen; (void)olga; (void)lone; (void)smith;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smtp_addresses),
    };
    return cmocka_run_group_tests_name("generators", tests, NULL, NULL);
}
