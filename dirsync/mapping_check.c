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
    const Mapping *mapping;
    const Schema *target;
    const Schema *source;
    GString *problems;
} Checking;

static void problem(Checking *to, const char *where, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void problem(Checking *to, const char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_printf(to->problems, "%s%s: ", to->problems->len ? "\n" : "", where);
    g_string_append_vprintf(to->problems, format, args);
    va_end(args);
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
    for (char **name = to->mapping->classes; *name; name++) {
        const ObjectClass *class_type = schema_class(to->target, *name);
        if (!class_type) {
            problem(to, to->mapping->where, "the target has no object class %s; load its schema there",
                    *name);
        } else if (class_type->kind == CLASS_STRUCTURAL) {
            if (lowest && !is_below(lowest, class_type) && !is_below(class_type, lowest))
                problem(to, to->mapping->where, "%s and %s are both structural; an object has one such class",
                        lowest->name, class_type->name);
            lowest = !lowest || is_below(class_type, lowest) ? class_type : lowest;
        }
    }
    if (!lowest)
        problem(to, to->mapping->where, "none of the classes is structural; name one, such as contact");
}

/* True for a class that takes everything (extensibleObject, RFC 4512 section 4.3). */
static bool takes_all(const Mapping *mapping)
{
    for (char **name = mapping->classes; *name; name++)
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
    bool all_known = true;
    for (char **name = to->mapping->classes; *name; name++) {
        const ObjectClass *class_type = schema_class(to->target, *name);
        all_known = all_known && class_type;
        if (class_type && (list_has(class_type->must, type) || list_has(class_type->may, type)))
            return true;
    }
    return !all_known ||
           takes_all(to->mapping); /* the missing class is the problem then, not the attribute */
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
        g_autofree char *classes = g_strjoinv(", ", to->mapping->classes);
        problem(to, rule->where, "%s: none of the classes %s allows it", rule->name, classes);
    }
    if (type && type->single_value && may_be_several(to, rule))
        problem(to, rule->where, "%s: takes one value, and the rule can give several; add values=\"first\"",
                rule->name);
    if (type && type->single_value && rule->about.wins == WINS_MERGE)
        problem(to, rule->where, "%s: takes one value, so there is nothing to merge", rule->name);
}

static void check_source(Checking *to, const Rule *rule)
{
    for (char **name = rule->sources; to->source && *name; name++)
        if (!schema_attribute(to->source, *name))
            problem(to, rule->where, "%s: the source has no attribute %s", rule->name, *name);
}

/* The same attribute under two names, such as sn and surname; the same name was found at loading. */
static void check_doubles(Checking *to, guint index)
{
    const Rule *rule = g_ptr_array_index(to->mapping->rules, index);
    for (guint i = 0; i < index; i++) {
        const Rule *other = g_ptr_array_index(to->mapping->rules, i);
        if (schema_same_attribute(to->target, rule->name, other->name))
            problem(to, rule->where, "%s: is the same attribute as %s in %s", rule->name, other->name,
                    other->where);
    }
}

static bool has_rule(const Checking *to, const AttributeType *type)
{
    if (g_ascii_strcasecmp(type->name, "objectClass") == 0)
        return true;
    for (guint i = 0; i < to->mapping->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(to->mapping->rules, i);
        if (schema_attribute(to->target, rule->name) == type)
            return true;
    }
    return false;
}

/* What the server adds itself (nTSecurityDescriptor, objectCategory, instanceType) needs no rule. */
static bool server_provides(const AttributeType *type)
{
    static const char *const provided[] = {"nTSecurityDescriptor", "objectCategory", "instanceType", NULL};
    for (const char *const *name = provided; *name; name++)
        if (g_ascii_strcasecmp(type->name, *name) == 0)
            return true;
    return type->operational || type->no_user_modification;
}

static void check_musts(Checking *to)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (char **name = to->mapping->classes; *name; name++) {
        const ObjectClass *class_type = schema_class(to->target, *name);
        for (const AttributeType *const *must = class_type ? class_type->must : NULL; must && *must; must++)
            if (!has_rule(to, *must) && !server_provides(*must) &&
                g_hash_table_add(told, (void *)(uintptr_t)*must))
                problem(to, to->mapping->where, "%s: the class %s requires it, and no rule gives it",
                        (*must)->name, class_type->name);
    }
}

bool mapping_check(const Mapping *mapping, const Schema *target, const Schema *source, GError **error)
{
    Checking to = {mapping, target, source, g_string_new(NULL)};
    check_classes(&to);
    for (guint i = 0; i < mapping->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(mapping->rules, i);
        check_target(&to, rule);
        check_source(&to, rule);
        check_doubles(&to, i);
    }
    check_musts(&to);
    bool good = to.problems->len == 0;
    if (!good)
        error_set(error, ERROR_DEFINITION, "%s", to.problems->str);
    g_string_free(to.problems, TRUE);
    return good;
}
