/*
 * coverage.c - see coverage.h
 */
#include "tests/crash/coverage.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

static const Coverage coverage[] = {
    {"in-sync", "in-sync", "situations", "in-sync: nothing is written, with state or without"},
    {"new", "new", "situations", "new: a person becomes a contact"},
    {"changed", "changed", "situations", "changed: the smallest modification"},
    {"moved", "moved", "situations", "moved: a rename in the source is a rename of the same object"},
    {"kind-changed", "kind-changed", "kinds",
     "a contact becomes an account and a contact again, with what others know of it"},
    {"converted", "converted", "migrate",
     "a contact made by hand becomes an account, with groups, addresses and legacyExchangeDN"},
    {"a migration in batches", "converted", "migrate", "conversions one at a time, each with its groups"},
    {"missing: grace", "missing", "situations", "missing: grace begins, goes on, and ends with the object"},
    {"missing: deleted", "deleted", "situations", "missing: grace begins, goes on, and ends with the object"},
    {"returned", "returned", "situations", "returned: the same object is restored"},
    {"superseded", "superseded", "situations", "superseded: a newcomer has the name of an object in grace"},
    {"moved-home", "moved-home", "situations",
     "moved-home: the contact yields its groups and addresses to the native"},
    {"out-of-scope", "out-of-scope", "situations",
     "out-of-scope: a contact whose address comes to lie in one of our domains is kept"},
    {"unowned: reported", "unowned", "situations",
     "unowned: a contact of ours by hand has the address; reported, nothing written"},
    {"unowned: adopted", "adopted", "situations", "unowned: matched by a join rule, adopted where it is"},
    {"ambiguous", "ambiguous", "situations", "ambiguous: several natives match; every one is named"},
    {"conflict", "conflict", "situations",
     "conflict: two entries of the source want the same address; the first keeps it"},
    {"invalid", "quarantined", "situations",
     "invalid: an entry that cannot be mapped is quarantined, the rest goes on, and it is cleared later"},
    {"names exchanged", "moved", "situations", "two people swap their names"},
    {"addresses exchanged", "changed", "situations", "two people swap their addresses"},
    {"groups: nested", "new", "memory",
     "groups, nested and in a ring, while a member is renamed and another one goes"},
    {"groups: cyclic", "group-cycle", "memory",
     "groups, nested and in a ring, while a member is renamed and another one goes"},
    {"groups: a member leaves", "missing", "groups",
     "a member in grace stands behind no name of the source, and comes back in with its return"},
    {"accounts: disabled", "new", "accounts", "disabled accounts are made disabled, and stay so"},
    {"accounts: enabled last", "new", "accounts",
     "enabled accounts are made disabled, and enabled last with a password that nobody knows"},
    {"accounts: kept", "account-kept", "accounts",
     "grace is over: an account is kept, disabled, and never deleted"},
    {"addresses", "addresses-made", "addresses",
     "a native gets an address of each type of the policy, and what is empty is filled"},
    {"export", "new", "export", "new: natives go out"},
    {"driver memory", "changed", "memory", "two exchange an address, three pass theirs on in a circle"},
    {"driver LDIF", "changed", "files",
     "LDIF with a checksum: people come, change, are renamed and go, members of groups among them"},
    {"driver CSV", "changed", "files",
     "CSV: people come, change, are renamed and go, members of groups among them"},
};

/* What must have a row: the table of situations of the design, what comes beside it, the drivers that write.
 */
static const char *const required[] = {"in-sync",
                                       "new",
                                       "changed",
                                       "moved",
                                       "kind-changed",
                                       "converted",
                                       "a migration in batches",
                                       "missing: grace",
                                       "missing: deleted",
                                       "returned",
                                       "superseded",
                                       "moved-home",
                                       "out-of-scope",
                                       "unowned: reported",
                                       "unowned: adopted",
                                       "ambiguous",
                                       "conflict",
                                       "invalid",
                                       "names exchanged",
                                       "addresses exchanged",
                                       "groups: nested",
                                       "groups: cyclic",
                                       "groups: a member leaves",
                                       "accounts: disabled",
                                       "accounts: enabled last",
                                       "accounts: kept",
                                       "addresses",
                                       "export",
                                       "driver memory",
                                       "driver LDIF",
                                       "driver CSV"};

static bool is_of(const Coverage *row, const char *program, const char *name)
{
    return !strcmp(row->program, program) && !strcmp(row->name, name);
}

bool coverage_names(const char *program, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(coverage); i++)
        if (is_of(&coverage[i], program, name))
            return true;
    return false;
}

void coverage_expect(const char *program, const char *const *names)
{
    for (size_t i = 0; i < G_N_ELEMENTS(coverage); i++)
        if (!strcmp(coverage[i].program, program) && !g_strv_contains(names, coverage[i].name))
            fail_msg("%s: there is no case %s", coverage[i].situation, coverage[i].name);
    for (size_t i = 0; i < G_N_ELEMENTS(required); i++) {
        bool found = false;
        for (size_t j = 0; j < G_N_ELEMENTS(coverage); j++)
            found |= !strcmp(coverage[j].situation, required[i]);
        if (!found)
            fail_msg("no case for %s", required[i]);
    }
}

void coverage_check(const char *program, const char *name, const char *happened)
{
    if (g_getenv("CRASH_HAPPENED")) /* to see what a case could stand for */
        g_printerr("# %s: %s:%s\n", program, name, happened);
    for (size_t i = 0; i < G_N_ELEMENTS(coverage); i++) {
        g_autofree char *word = g_strdup_printf(" %s ", coverage[i].seen);
        if (is_of(&coverage[i], program, name) && !strstr(happened, word))
            fail_msg("%s: does not show the situation %s (%s), but:%s", name, coverage[i].situation,
                     coverage[i].seen, happened);
    }
}
