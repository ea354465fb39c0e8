/*
 * audit_home.c - an audit reads the home directory, once
 *
 * Of each object what findings need goes into the spool, what must be compared
 * with others becomes keys, and what is wrong with it for itself is told at once.
 */
#include "dirsync/audit_internal.h"

#include "dirsync/account.h"
#include "proxygen/address.h"

#include <string.h>

/* What findings need of an object when it is looked at again. */
static const char *const kept_attributes[] = {
    "displayName", "cn", "mail", "proxyAddresses", "targetAddress", "legacyExchangeDN"};

static const char *const member_attributes[] = {"member", "uniqueMember"};

uint64_t audit_text_key(char space, const char *text)
{
    g_autofree char *whole = g_strdup_printf("%c%s", space, text);
    return fingerprint_string(whole).low;
}

uint64_t audit_address_key(const char *address)
{
    g_autofree char *folded = address_normalise(address, strlen(address));
    return audit_text_key('a', folded);
}

bool audit_add_key(Audit *audit, AuditKeyKind kind, uint32_t object, uint64_t key, uint64_t at,
                   GError **error)
{
    const AuditKey record = {.key = key, .at = at, .object = object, .kind = kind};
    return audit_keys_add(audit->keys, &record, error);
}

const char *audit_display_name(const Schema *schema, const Entry *entry)
{
    const char *name = schema_find_string(schema, entry, "displayName");
    return name ? name : schema_find_string(schema, entry, "cn");
}

/* --- who it is --- */

static ObjectSort sort_of(const Schema *schema, const Entry *entry)
{
    static const struct {
        const char *class;
        ObjectSort sort;
    } sorts[] = {{"contact", SORT_CONTACT},    {"group", SORT_GROUP},
                 {"groupOfNames", SORT_GROUP}, {"groupOfUniqueNames", SORT_GROUP},
                 {"user", SORT_USER},          {"person", SORT_USER},
                 {"account", SORT_USER},       {"posixAccount", SORT_USER}};
    for (size_t i = 0; i < G_N_ELEMENTS(sorts); i++)
        if (schema_entry_is(schema, entry, sorts[i].class))
            return sorts[i].sort;
    return SORT_OTHER;
}

static bool is_true(const Schema *schema, const Entry *entry, const char *attribute)
{
    const char *value = schema_find_string(schema, entry, attribute);
    return value && !g_ascii_strcasecmp(value, "TRUE");
}

/* Natives belong to a connector that sends them out. */
static bool is_sent_by(const Connector *connector, const Schema *schema, const char *dn)
{
    const PassSettings *export = &connector->pass[STEP_EXPORT];
    for (size_t i = 0; export->wanted && i < export->n_sources; i++) {
        const char *base = export->sources[i].base;
        if (!base || schema_dn_within(schema, dn, base))
            return true;
    }
    for (char **base = connector->addresses.natives; base && *base; base++)
        if (schema_dn_within(schema, dn, *base))
            return true;
    return false;
}

static uint16_t owner_of(const Audit *audit, const Stamp *stamp)
{
    const GPtrArray *known = audit->scope->known;
    for (guint i = 0; stamp->connector && i < known->len; i++)
        if (!strcmp(((const Connector *)g_ptr_array_index(known, i))->uuid, stamp->connector))
            return (uint16_t)(i + 1);
    return stamp->connector ? OWNER_UNKNOWN : 0;
}

static bool is_asked_for(const Audit *audit, const Entry *entry, const Stamp *stamp)
{
    const GPtrArray *chosen = audit->scope->chosen;
    bool asked = audit->scope->everything;
    for (guint i = 0; !asked && i < chosen->len; i++) {
        const Connector *connector = g_ptr_array_index(chosen, i);
        asked = stamp->connector ? !strcmp(connector->uuid, stamp->connector)
                                 : is_sent_by(connector, audit->schema, entry_dn(entry));
    }
    return asked;
}

/* --- keys that are no addresses --- */

static bool add_name(Audit *audit, const Entry *entry, uint32_t object, GError **error)
{
    const char *name = audit_display_name(audit->schema, entry);
    if (!name || audit_object(audit, object)->flags & OBJECT_HIDDEN)
        return true;
    g_autoptr(GString) folded = g_string_new(NULL);
    schema_normalise(schema_standard(), schema_attribute(schema_standard(), "displayName"),
                     (Value){name, strlen(name)}, folded);
    return audit_add_key(audit, KEY_NAME, object, audit_text_key('n', folded->str), 0, error);
}

static bool add_persons(Audit *audit, const Entry *entry, uint32_t object, GError **error)
{
    for (guint i = 0; i < audit->joins->len; i++) {
        const char *name = g_ptr_array_index(audit->joins, i);
        const Attribute *attribute = schema_find(audit->schema, entry, name);
        for (size_t j = 0; attribute && j < attribute->n_values; j++) {
            g_autoptr(GString) text = g_string_new(name);
            g_string_append_c(text, '=');
            schema_normalise(audit->schema, schema_attribute(audit->schema, name), attribute->values[j],
                             text);
            if (!audit_add_key(audit, KEY_PERSON, object, audit_text_key('p', text->str), 0, error))
                return false;
        }
    }
    return true;
}

static uint64_t dn_key(const Audit *audit, const char *dn)
{
    g_autofree char *key = holder_dn_key(&audit->view, dn);
    return audit_text_key('d', key);
}

/* A name that is empty stands for nobody, where a group must have a member. */
static bool add_members(Audit *audit, const Entry *entry, uint32_t object, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(member_attributes); i++) {
        const Attribute *attribute = schema_find(audit->schema, entry, member_attributes[i]);
        for (size_t j = 0; attribute && j < attribute->n_values; j++) {
            Value value = attribute->values[j];
            uint64_t at;
            if (!value.len)
                continue;
            if (!spool_append_bytes(audit->spool, value.data, value.len + 1, &at, error) ||
                !audit_add_key(audit, KEY_MEMBER, object, dn_key(audit, value.data), at, error))
                return false;
        }
    }
    return true;
}

/* --- reading --- */

static bool keep(Audit *audit, const Entry *entry, uint64_t *at, GError **error)
{
    g_autoptr(Entry) kept = entry_new(entry_dn(entry));
    for (size_t i = 0; i < G_N_ELEMENTS(kept_attributes); i++) {
        const Attribute *attribute = schema_find(audit->schema, entry, kept_attributes[i]);
        for (size_t j = 0; attribute && j < attribute->n_values; j++)
            entry_add(kept, kept_attributes[i], attribute->values[j].data, attribute->values[j].len);
    }
    return spool_append(audit->spool, kept, at, error);
}

static bool take_entry(Audit *audit, const Entry *entry, Fingerprint fingerprint, GError **error)
{
    g_auto(Stamp) stamp = {0};
    stamp_read(audit->view.stamp, audit->schema, entry, &stamp);
    AuditObject object = {.owner = owner_of(audit, &stamp), .sort = (uint8_t)sort_of(audit->schema, entry)};
    object.flags = (is_true(audit->schema, entry, HIDE_ATTRIBUTE) ? OBJECT_HIDDEN : 0) |
                   (is_asked_for(audit, entry, &stamp) ? OBJECT_RELEVANT : 0) |
                   (stamp.grace ? OBJECT_GRACED : 0);
    if (!keep(audit, entry, &object.at, error))
        return false;
    uint32_t i = audit->objects->len;
    g_array_append_val(audit->objects, object);
    return audit_add_key(audit, KEY_DN, i, dn_key(audit, entry_dn(entry)), 0, error) &&
           add_name(audit, entry, i, error) && add_persons(audit, entry, i, error) &&
           add_members(audit, entry, i, error) && audit_look_at_values(audit, entry, i, error) &&
           audit_look_at_stamp(audit, entry, &stamp, fingerprint, i, error);
}

static bool take_bad(Audit *audit, const char *where, const GError *why, GError **error)
{
    json_t *objects = json_array();
    json_array_append_new(objects, audit_name_object("home", where, NULL, NULL));
    return audit_find(audit, AUDIT_VALUE_INVALID, PART_HOME, objects, NULL, NULL, NULL, error,
                      "the entry cannot be read: %s", why->message);
}

static bool take(const DirectoryItem *item, void *data, GError **error)
{
    Audit *audit = data;
    g_autoptr(GError) why = NULL;
    if (!audit_go_on(audit, "reading home directory", audit->objects->len, 0, error))
        return false;
    if (audit->objects->len == UINT32_MAX) {
        error_set(error, ERROR_SERVER_LIMIT, "home directory: more than %u objects", UINT32_MAX);
        return false;
    }
    if (item->bad)
        return take_bad(audit, item->where, item->bad, error);
    g_autoptr(Entry) entry = directory_item_decode(item, &why);
    return entry ? take_entry(audit, entry, item->fingerprint, error)
                 : take_bad(audit, item->where, why, error);
}

/* Everybody who can receive mail, and everything that some connector made. */
static char *filter_of(const Audit *audit)
{
    GString *filter =
        g_string_new("(|(proxyAddresses=*)(mail=*)(targetAddress=*)(mailNickname=*)(objectClass=contact)");
    for (const char *const *name = stamp_attributes(audit->view.stamp); *name; name++)
        g_string_append_printf(filter, "(%s=*)", *name);
    return g_string_free(g_string_append_c(filter, ')'), FALSE);
}

bool audit_read_home(Audit *audit, GError **error)
{
    g_autofree char *filter = filter_of(audit);
    g_auto(GStrv) names = holder_request(&audit->view);
    const ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter, .attributes = (const char *const *)names};
    ReadResult result = {0};
    if (!directory_read(audit->home, &request, take, audit, &result, error)) {
        read_result_clear(&result);
        return false;
    }
    audit->home_whole = result.proof != PROOF_PARTIAL;
    if (!audit->home_whole)
        audit_leave_out(audit, PART_HOME, "home directory: not everything was read: %s",
                        result.reason ? result.reason : "no reason is known");
    read_result_clear(&result);
    return true;
}
