/*
 * audit_shared.c - what several objects have in common
 *
 * Keys come sorted, so that those of one address, name or person are together. Whether
 * it is really one and the same thing is looked at in the objects themselves.
 */
#include "dirsync/audit_internal.h"

#include "proxygen/address.h"

#include <string.h>

#define PAIRS_NAMED 50
/* Objects of which each is compared with each; where more have one address, that is the trouble. */
#define PAIRED 500

/* The distinct objects among the records of @kinds (bits), in their order. */
static GArray *distinct(const GArray *group, unsigned kinds)
{
    GArray *objects = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (guint i = 0; i < group->len; i++) {
        const AuditKey *key = &g_array_index(group, AuditKey, i);
        bool again = objects->len && g_array_index(objects, uint32_t, objects->len - 1) == key->object;
        if (kinds >> key->kind & 1 && !again)
            g_array_append_val(objects, key->object);
    }
    return objects;
}

static bool some_relevant(const Audit *audit, const GArray *objects)
{
    for (guint i = 0; i < objects->len; i++)
        if (audit_is_relevant(audit, g_array_index(objects, uint32_t, i)))
            return true;
    return false;
}

/* --- the text behind a key --- */

static char *address_in(const Entry *entry, const char *attribute, const char *type, uint64_t key)
{
    gssize at = entry_index(entry, attribute);
    const Attribute *values = at < 0 ? NULL : entry_attribute(entry, (size_t)at);
    for (size_t i = 0; values && i < values->n_values; i++) {
        g_autofree char *whole = g_strconcat(type, values->values[i].data, NULL);
        if (audit_address_key(whole) == key)
            return g_steal_pointer(&whole);
    }
    return NULL;
}

/* The address of that key which the object has, and where; NULL none. g_free(). */
static char *address_of(const Entry *entry, uint64_t key, const char **attribute)
{
    static const struct {
        const char *attribute, *type;
    } places[] = {
        {"proxyAddresses", ""}, {"mail", "SMTP:"}, {"legacyExchangeDN", "X500:"}, {"targetAddress", ""}};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        char *found = address_in(entry, places[i].attribute, places[i].type, key);
        *attribute = places[i].attribute;
        if (found)
            return found;
    }
    return NULL;
}

/* Appends those that really have that address; *address is how the first one writes it. */
static bool add_holders(Audit *audit, const GArray *objects, uint64_t key, json_t *named, char **address,
                        const char **attribute, GError **error)
{
    for (guint i = 0; i < MIN(objects->len, OBJECTS_NAMED); i++) {
        g_autoptr(Entry) entry = audit_content(audit, g_array_index(objects, uint32_t, i), error);
        const char *where = NULL;
        g_autofree char *text = entry ? address_of(entry, key, &where) : NULL;
        if (!entry)
            return false;
        if (!text || (*address && !address_equal(text, *address)))
            continue;
        json_array_append_new(named, audit_entry_object(audit, entry));
        if (!*address) {
            *address = g_steal_pointer(&text);
            *attribute = where;
        }
    }
    return true;
}

/* --- findings --- */

static bool tell_address(Audit *audit, AuditKind kind, const GArray *objects, uint64_t key, GError **error)
{
    json_t *named = json_array();
    g_autofree char *address = NULL;
    const char *attribute = NULL;
    bool good = add_holders(audit, objects, key, named, &address, &attribute, error);
    if (!good || json_array_size(named) < 2) {
        json_decref(named);
        return good;
    }
    g_autofree char *folded = address_normalise(address, strlen(address));
    return audit_find(audit, kind, PART_HOME, named, attribute, folded, NULL, error, "%u objects have %s",
                      objects->len, address);
}

static bool look_for_duplicates(Audit *audit, const GArray *group, uint64_t key, GError **error)
{
    g_autoptr(GArray) holders = distinct(group, 1u << KEY_HELD);
    g_autoptr(GArray) named = distinct(group, 1u << KEY_HELD | 1u << KEY_LEGACY);
    g_autoptr(GArray) legacy = distinct(group, 1u << KEY_LEGACY);
    if (legacy->len && named->len > 1)
        return !some_relevant(audit, named) || tell_address(audit, AUDIT_LEGACY_DUPLICATE, named, key, error);
    return holders->len < 2 || !some_relevant(audit, holders) ||
           tell_address(audit, AUDIT_DUPLICATE_ADDRESS, holders, key, error);
}

/* What the two have in common is not told by name: it may be any of several things. */
static bool tell_pair(Audit *audit, AuditKind kind, uint32_t a, uint32_t b, const char *evidence,
                      GError **error)
{
    json_t *objects = json_array();
    if (audit_add_object(audit, objects, a, error) && audit_add_object(audit, objects, b, error))
        return audit_find(audit, kind, PART_HOME, objects, NULL, NULL, NULL, error, "%s", evidence);
    json_decref(objects);
    return false;
}

/* Which kind of finding it is that both stand for one person; -1: none. */
static int kind_of_pair(const AuditObject *a, const AuditObject *b)
{
    if ((a->flags | b->flags) & OBJECT_GRACED || a->sort == SORT_GROUP || b->sort == SORT_GROUP)
        return -1;
    if (a->owner && b->owner)
        return a->owner != b->owner ? AUDIT_CONTACT_TWICE : -1;
    const AuditObject *native = a->owner ? b : a, *other = a->owner ? a : b;
    if (!other->owner && native->sort == SORT_CONTACT) {
        native = b;
        other = a;
    }
    bool is_other = other->owner || other->sort == SORT_CONTACT;
    return native->sort == SORT_USER && is_other ? AUDIT_LOCAL_AND_CONTACT : -1;
}

static bool look_for_pairs(Audit *audit, const GArray *group, const char *common, GError **error)
{
    g_autoptr(GArray) objects = distinct(group, 1u << KEY_HELD | 1u << KEY_TARGET | 1u << KEY_TARGET_OUT |
                                                    1u << KEY_TARGET_UNROUTED | 1u << KEY_PERSON);
    guint told = 0, n = MIN(objects->len, PAIRED);
    for (guint i = 0; i < n; i++)
        for (guint j = i + 1; j < n && told < PAIRS_NAMED; j++) {
            uint32_t a = g_array_index(objects, uint32_t, i), b = g_array_index(objects, uint32_t, j);
            int kind = kind_of_pair(audit_object(audit, a), audit_object(audit, b));
            if (kind < 0 || (!audit_is_relevant(audit, a) && !audit_is_relevant(audit, b)))
                continue;
            told++;
            if (!tell_pair(audit, kind, a, b, common, error))
                return false;
        }
    return true;
}

static const char *common_address(Audit *audit, const GArray *group, uint64_t key, char **text,
                                  GError **error)
{
    uint32_t first = g_array_index(group, AuditKey, 0).object;
    g_autoptr(Entry) entry = audit_content(audit, first, error);
    const char *attribute;
    g_autofree char *address = entry ? address_of(entry, key, &attribute) : NULL;
    *text = address ? g_strdup_printf("both have %s", address) : g_strdup("both have the same address");
    return entry ? *text : NULL;
}

static bool has_several(const GArray *group)
{
    return group->len &&
           g_array_index(group, AuditKey, 0).object != g_array_index(group, AuditKey, group->len - 1).object;
}

static bool look_at_address(Audit *audit, const GArray *group, uint64_t key, GError **error)
{
    g_autofree char *text = NULL;
    audit_note_targets(audit, group);
    if (!has_several(group))
        return true;
    if (!look_for_duplicates(audit, group, key, error))
        return false;
    const char *common = common_address(audit, group, key, &text, error);
    return common && look_for_pairs(audit, group, common, error);
}

static bool look_at_name(Audit *audit, const GArray *group, GError **error)
{
    g_autoptr(GArray) objects = distinct(group, 1u << KEY_NAME);
    if (objects->len < 2 || !some_relevant(audit, objects))
        return true;
    json_t *named = json_array();
    for (guint i = 0; i < MIN(objects->len, OBJECTS_NAMED); i++)
        if (!audit_add_object(audit, named, g_array_index(objects, uint32_t, i), error)) {
            json_decref(named);
            return false;
        }
    const char *name = json_string_value(json_object_get(json_array_get(named, 0), "name"));
    g_autofree char *folded = g_utf8_casefold(name ? name : "", -1);
    return audit_find(audit, AUDIT_NAME_COLLISION, PART_HOME, named, "displayName", folded, NULL, error,
                      "%u objects are shown as %s", objects->len, name);
}

static bool look_at_group(Audit *audit, const GArray *group, GError **error)
{
    const AuditKey *first = &g_array_index(group, AuditKey, 0);
    switch ((AuditKeyKind)first->kind) {
    case KEY_NAME:
        return look_at_name(audit, group, error);
    case KEY_PERSON:
        return look_for_pairs(audit, group,
                              "an attribute by which connectors join has the same value in both", error);
    case KEY_DN:
    case KEY_MEMBER:
        audit_note_members(audit, group);
        return true;
    case KEY_HELD:
    case KEY_LEGACY:
    case KEY_TARGET:
    case KEY_TARGET_OUT:
    case KEY_TARGET_UNROUTED:
    default:
        return look_at_address(audit, group, first->key, error);
    }
}

/* Only where the directory has them at all: elsewhere nobody misses them. */
static bool look_for_gaps(Audit *audit, GError **error)
{
    for (uint32_t i = 0; audit->with_legacy && i < audit->objects->len; i++) {
        const AuditObject *object = audit_object(audit, i);
        json_t *objects;
        if (!(object->flags & OBJECT_NO_LEGACY) || !(object->flags & OBJECT_RELEVANT))
            continue;
        objects = json_array();
        if (!audit_add_object(audit, objects, i, error)) {
            json_decref(objects);
            return false;
        }
        if (!audit_find(audit, AUDIT_LEGACY_MISSING, PART_HOME, objects, "legacyExchangeDN", NULL, NULL,
                        error, "it has addresses and no legacyExchangeDN, as others have"))
            return false;
    }
    return true;
}

bool audit_look_at_keys(Audit *audit, GError **error)
{
    g_autoptr(GArray) group = g_array_new(FALSE, FALSE, sizeof(AuditKey));
    size_t done = 0;
    if (!audit_keys_sort(audit->keys, error))
        return false;
    do {
        if (!audit_go_on(audit, "comparing objects", done++, 0, error) ||
            !audit_keys_next(audit->keys, group, error) ||
            (group->len && !look_at_group(audit, group, error)))
            return false;
    } while (group->len);
    return look_for_gaps(audit, error);
}
