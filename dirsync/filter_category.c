/*
 * filter_category.c - objectCategory as Active Directory means it; contract in filter.h
 *
 * There objectCategory holds the DN of a class, and a filter may name any class: what
 * is compared is the category of that class. Users and contacts are of the category
 * person, computers, which are users too, are not. Other servers do not have the
 * attribute. Tests of classes say the same on every server.
 */
#include "dirsync/filter_internal.h"

#include "dirsync/dn.h"

#include <string.h>

#define OBJECT_CATEGORY "objectCategory"
#define OBJECT_CATEGORY_OID "1.2.840.113556.1.4.782"

/* Classes whose category is person. */
static const char *const persons[] = {"person", "organizationalPerson", "user", "contact", "inetOrgPerson"};

/* Those of them that do not stand above others that have nothing to do with people. */
static const char *const person_classes[] = {"user", "contact", "inetOrgPerson"};

static FilterNode *class_test(Filter *filter, const char *name)
{
    FilterNode *node = filter_node_new(filter, FILTER_EQUALITY);
    node->attribute = "objectClass";
    node->value = filter_copy_value(filter, name, strlen(name));
    return node;
}

/* The class that is named as such ("person") or by its DN ("CN=Person,CN=Schema,..."), whose hyphens the name
 * of the class lacks. g_free(). */
static char *class_name(const char *text)
{
    g_autoptr(Dn) dn = strchr(text, '=') ? dn_parse(text, NULL) : NULL;
    if (!dn || !dn->n_rdns)
        return g_strdup(text);
    g_auto(GStrv) words = g_strsplit(dn->rdns[0].avas[0].value, "-", -1);
    return g_strjoinv("", words);
}

static bool is_person(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(persons); i++)
        if (g_ascii_strcasecmp(persons[i], name) == 0)
            return true;
    return false;
}

/* (&(|(objectClass=user)...)(!(objectClass=computer))) */
static FilterNode person_test(Filter *filter)
{
    FilterNode *any = filter_node_new(filter, FILTER_OR), *other = filter_node_new(filter, FILTER_NOT);
    FilterNode **last = &any->first;
    for (size_t i = 0; i < G_N_ELEMENTS(person_classes); i++) {
        *last = class_test(filter, person_classes[i]);
        last = &(*last)->next;
    }
    other->first = class_test(filter, "computer");
    any->next = other;
    return (FilterNode){.kind = FILTER_AND, .first = any};
}

static bool is_category_test(const FilterNode *node)
{
    return node->kind == FILTER_EQUALITY && (g_ascii_strcasecmp(node->attribute, OBJECT_CATEGORY) == 0 ||
                                             strcmp(node->attribute, OBJECT_CATEGORY_OID) == 0);
}

static void resolve(Filter *filter, FilterNode *node)
{
    for (FilterNode *child = node->first; child; child = child->next)
        resolve(filter, child);
    if (!is_category_test(node))
        return;
    FilterNode *next = node->next;
    g_autofree char *name = class_name(node->value.data);
    *node = is_person(name) ? person_test(filter) : *class_test(filter, name);
    node->next = next;
}

void filter_resolve_categories(Filter *filter)
{
    resolve(filter, filter->root);
}

Filter *filter_parse_resolved(const char *text, GError **error)
{
    Filter *filter = filter_parse(text, error);
    if (filter)
        filter_resolve_categories(filter);
    return filter;
}
