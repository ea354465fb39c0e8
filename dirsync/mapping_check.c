/*
 * mapping_check.c - does a mapping suit the directories it stands between
 *
 * Compares rules with schemas, so that what a server would refuse for every
 * entry is said once, before any write. Values are not known here; what
 * depends on them is found by mapping_apply() and schema_check_entry().
 */
#include "dirsync/error.h"
#include "dirsync/mapping_internal.h"

#include <string.h>

typedef struct {
    const MappingRecipient *recipient; /* the one that is looked at */
    const Schema *target;              /* or NULL */
    const Schema *source;              /* or NULL */
    GString *problems;
    GHashTable *told; /* what stands in problems */
} Checking;

static void problem(Checking *to, const char *where, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Recipients share rules: the same is told once. */
static void problem(Checking *to, const char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    char *line = g_strdup_printf("%s: %s", where, what);
    const char *separator = to->problems->len ? "\n" : "";
    if (g_hash_table_add(to->told, line))
        g_string_append_printf(to->problems, "%s%s", separator, line);
}

/* --- classes ------------------------------------------------------------------------------------ */

static bool is_below(const ObjectClass *one, const ObjectClass *other)
{
    if (one == other)
        return true;
    for (size_t i = 0; one->superiors && one->superiors[i]; i++)
        if (is_below(one->superiors[i], other))
            return true;
    return false;
}

/* Exactly one structural chain: the classes of an entry can never be exchanged later (LDAP 69). */
static void check_classes(Checking *to)
{
    const ObjectClass *lowest = NULL;
    for (const char *const *name = to->recipient->classes; *name; name++) {
        const ObjectClass *class_type = schema_class(to->target, *name);
        if (!class_type) {
            problem(to, to->recipient->where, "the target has no object class %s; load its schema there",
                    *name);
        } else if (class_type->kind == CLASS_STRUCTURAL) {
            if (lowest && !is_below(lowest, class_type) && !is_below(class_type, lowest))
                problem(to, to->recipient->where,
                        "%s and %s are both structural; an object has one such class", lowest->name,
                        class_type->name);
            lowest = !lowest || is_below(class_type, lowest) ? class_type : lowest;
        }
    }
    if (!lowest)
        problem(to, to->recipient->where, "none of the classes is structural; name one, such as contact");
}

/* True for a class that takes everything (extensibleObject, RFC 4512 section 4.3). */
static bool takes_all(const MappingRecipient *recipient)
{
    for (const char *const *name = recipient->classes; *name; name++)
        if (g_ascii_strcasecmp(*name, "extensibleObject") == 0)
            return true;
    return false;
}

static bool list_has(const AttributeType *const *list, const AttributeType *type)
{
    for (; list && *list; list++)
        if (*list == type || strcmp((*list)->oid, type->oid) == 0)
            return true;
    return false;
}

static bool is_allowed(const Checking *to, const AttributeType *type)
{
    bool all_known = *to->recipient->classes != NULL;
    for (const char *const *name = to->recipient->classes; *name; name++) {
        const ObjectClass *class_type = schema_class(to->target, *name);
        all_known = all_known && class_type;
        if (class_type && (list_has(class_type->must, type) || list_has(class_type->may, type)))
            return true;
    }
    /* The missing class is the problem then, not the attribute. */
    return !all_known || takes_all(to->recipient);
}

bool mapping_allows(const MappingRecipient *recipient, const Schema *target, const char *attribute)
{
    const AttributeType *type = schema_attribute(target, attribute);
    Checking to = {.target = target, .recipient = recipient};
    return type && is_allowed(&to, type);
}

/* --- rules -------------------------------------------------------------------------------------- */

/* Whether the rule can give several values, as far as its form and the source's schema tell. */
static bool may_be_several(const Checking *to, const Rule *rule)
{
    if (rule->first_only)
        return false;
    if (rule->from) {
        const AttributeType *type = to->source ? schema_attribute(to->source, rule->from) : NULL;
        return !type || !type->single_value;
    }
    if (!rule->select)
        return false;
    bool one_each = !rule->select->is_nodes || rule->select->is_single;
    bool one_time = !rule->for_each || rule->for_each->is_single;
    return !one_each || !one_time;
}

static void check_target(Checking *to, const Rule *rule)
{
    const AttributeType *type = schema_attribute(to->target, rule->name);
    if (!type)
        problem(to, rule->where,
                "%s: the target has no such attribute; load its schema there or remove the rule", rule->name);
    else if (type->operational || type->no_user_modification || type->constructed)
        problem(to, rule->where, "%s: is kept by the target itself and cannot be written", rule->name);
    else if (!is_allowed(to, type)) {
        g_autofree char *classes = g_strjoinv(", ", (char **)(uintptr_t)to->recipient->classes);
        problem(to, rule->where, "%s: none of the classes %s allows it", rule->name, classes);
    }
    if (type && type->single_value && may_be_several(to, rule))
        problem(to, rule->where, "%s: takes one value, and the rule can give several; add values=\"first\"",
                rule->name);
    if (type && type->single_value && rule->about.wins == WINS_MERGE)
        problem(to, rule->where, "%s: takes one value, so there is nothing to merge", rule->name);
    if (type && rule->is_members && type->equality != EQUALITY_DN)
        problem(to, rule->where, "%s: takes no DNs, and members are written as DNs; name one such as member",
                rule->name);
}

static void check_source(Checking *to, const char *where, const char *what, char *const *sources)
{
    for (char *const *name = sources; to->source && *name; name++)
        if (!schema_attribute(to->source, *name))
            problem(to, where, "%s: the source has no attribute %s", what, *name);
}

/* The same attribute under two names, such as sn and surname; the same name was found at loading. */
static void check_doubles(Checking *to, size_t index)
{
    const MappingRule *rule = to->recipient->rules[index];
    for (size_t i = 0; i < index; i++) {
        const MappingRule *other = to->recipient->rules[i];
        if (schema_same_attribute(to->target, rule->name, other->name))
            problem(to, rule->where, "%s: is the same attribute as %s in %s", rule->name, other->name,
                    other->where);
    }
}

static bool has_rule(const Checking *to, const AttributeType *type)
{
    if (g_ascii_strcasecmp(type->name, "objectClass") == 0)
        return true;
    for (size_t i = 0; i < to->recipient->n_rules; i++)
        if (schema_attribute(to->target, to->recipient->rules[i]->name) == type)
            return true;
    return false;
}

static void check_musts(Checking *to)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (const char *const *name = to->recipient->classes; *name; name++) {
        const ObjectClass *class_type = schema_class(to->target, *name);
        for (const AttributeType *const *must = class_type ? class_type->must : NULL; must && *must; must++)
            if (!has_rule(to, *must) && !schema_server_provides(*must) &&
                g_hash_table_add(told, (void *)(uintptr_t)*must))
                problem(to, to->recipient->where, "%s: the class %s requires it, and no rule gives it",
                        (*must)->name, class_type->name);
    }
}

/* --- recipients --------------------------------------------------------------------------------- */

static void check_rule(Checking *to, size_t index)
{
    const Rule *rule = mapping_rule_of(to->recipient->rules[index]);
    check_source(to, rule->where, rule->name, rule->sources);
    if (!to->target)
        return;
    check_target(to, rule);
    check_doubles(to, index);
}

static void check_recipient(Checking *to, const Recipient *recipient)
{
    to->recipient = &recipient->about;
    check_source(to, recipient->where, "when", recipient->sources);
    if (to->target)
        check_classes(to);
    for (size_t i = 0; i < recipient->about.n_rules; i++)
        check_rule(to, i);
    if (to->target)
        check_musts(to);
}

static void check_all_there(Checking *to, const Mapping *mapping, const RecipientAs as[OF_KINDS])
{
    for (int of = 0; of < OF_KINDS; of++) {
        bool is_there = as[of] == AS_NOTHING;
        for (guint i = 0; !is_there && i < mapping->recipients->len; i++) {
            const MappingRecipient *recipient = mapping_recipient(mapping, i);
            is_there = (int)recipient->of == of && recipient->as == as[of];
        }
        if (!is_there)
            problem(to, mapping->where,
                    "there is no <recipient of=\"%s\" as=\"%s\">, and the connector asks for it; add one, or "
                    "set %s=\"no\" there",
                    recipient_of_names[of], recipient_as_names[as[of]], recipient_settings[of]);
    }
}

bool mapping_check(const Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *target,
                   const Schema *source, GError **error)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Checking to = {NULL, target, source, problems, told};
    check_all_there(&to, mapping, as);
    for (guint i = 0; i < mapping->recipients->len; i++) {
        const Recipient *recipient = mapping_recipient_at(mapping, i);
        if (as[recipient->about.of] == recipient->about.as)
            check_recipient(&to, recipient);
    }
    if (problems->len)
        error_set(error, ERROR_DEFINITION, "%s", problems->str);
    return problems->len == 0;
}
