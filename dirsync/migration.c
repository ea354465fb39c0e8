/*
 * migration.c - see migration.h
 */
#include "dirsync/migration.h"

#include "dirsync/entry.h"

#include <assert.h>
#include <string.h>

const char *const match_class_names[] = {
    [MATCH_OURS] = "ours",           [MATCH_EXACT] = "exact", [MATCH_PROBABLE] = "probable",
    [MATCH_AMBIGUOUS] = "ambiguous", [MATCH_NONE] = "none",   [MATCH_UNFIT] = "unfit",
};
static_assert(G_N_ELEMENTS(match_class_names) == MATCH_CLASSES, "a name for each class");

const char *const match_action_names[] = {
    [MIGRATE_SKIP] = "skip",     [MIGRATE_ADOPT] = "adopt",   [MIGRATE_CONVERT] = "convert",
    [MIGRATE_CREATE] = "create", [MIGRATE_UPDATE] = "update",
};
static_assert(G_N_ELEMENTS(match_action_names) == MIGRATE_ACTIONS, "a name for each action");

static const char *const legacy_keys[] = {"legacyExchangeDN", NULL};
static const char *const alias_keys[] = {"mailNickname", "uid", "sAMAccountName", NULL};
static const char *const employee_keys[] = {"employeeNumber", NULL};
static const char *const name_keys[] = {"displayName", NULL};

/* Addresses and the legacyExchangeDN belong to one recipient in the world. Two organisations can each have an
 * alias jdoe and an employee 1007, and many a Jane Doe: whoever is sure of them says so by a <join>. */
const MatchRule match_rules[] = {
    [RULE_JOIN] = {"join", MATCH_EXACT, NULL},
    [RULE_PRIMARY] = {"primary address", MATCH_EXACT, NULL},
    [RULE_ADDRESS] = {"address", MATCH_EXACT, NULL},
    [RULE_LEGACY] = {"legacyExchangeDN", MATCH_EXACT, legacy_keys},
    [RULE_ALIAS] = {"alias", MATCH_PROBABLE, alias_keys},
    [RULE_EMPLOYEE] = {"employee number", MATCH_PROBABLE, employee_keys},
    [RULE_NAME] = {"name and surname", MATCH_PROBABLE, name_keys},
};
static_assert(G_N_ELEMENTS(match_rules) == RULES, "a row for each rule");

const char *const match_attributes[] = {"legacyExchangeDN", "mailNickname", "uid", "sAMAccountName",
                                        "employeeNumber",   "sn",           NULL};

void migration_begin(Migration *migration)
{
    *migration = (Migration){.action = {[MATCH_OURS] = MIGRATE_UPDATE,
                                        [MATCH_EXACT] = MIGRATE_ADOPT,
                                        [MATCH_PROBABLE] = MIGRATE_SKIP,
                                        [MATCH_NONE] = MIGRATE_CREATE}};
    migration->tried = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, NULL);
}

void migration_end(Migration *migration)
{
    g_clear_pointer(&migration->tried, g_hash_table_unref);
}

/* Who has an address of somebody else cannot be made beside him. */
static const struct {
    MatchClass class;
    MatchAction action;
} choices[] = {
    {MATCH_EXACT, MIGRATE_ADOPT},     {MATCH_EXACT, MIGRATE_SKIP},    {MATCH_PROBABLE, MIGRATE_ADOPT},
    {MATCH_PROBABLE, MIGRATE_CREATE}, {MATCH_PROBABLE, MIGRATE_SKIP}, {MATCH_NONE, MIGRATE_CREATE},
    {MATCH_NONE, MIGRATE_SKIP},
};

bool migration_choose(Migration *migration, MatchClass class, const char *word, GError **error)
{
    g_autoptr(GString) words = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        if (choices[i].class != class)
            continue;
        const char *name = match_action_names[choices[i].action];
        if (!strcmp(word, name)) {
            migration->action[class] = choices[i].action;
            return true;
        }
        g_string_append_printf(words, "%s%s", words->len ? ", " : "", name);
    }
    error_set(error, ERROR_DEFINITION, "--%s %s: say one of %s", match_class_names[class], word, words->str);
    return false;
}
