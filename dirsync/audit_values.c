/*
 * audit_values.c - what is wrong with one object for itself: its addresses, its values
 *
 * Lengths are those of Exchange and Active Directory where they are known, since an address
 * list travels to such systems, else what the server's schema says. A value of a
 * server that takes longer ones is no fault there, so it is a warning and no error.
 */
#include "dirsync/audit_internal.h"

#include "proxygen/address.h"

#include <string.h>

/* Characters. AD's range of an address is a little more than what an address may have at all. */
static const struct {
    const char *attribute;
    size_t max;
} known_lengths[] = {
    {"proxyAddresses", 1123},
    {"targetAddress", 1123},
    {"textEncodedORAddress", 1024},
    {"mailNickname", 64},
    {"mail", 256},
    {"displayName", 256},
    {"adminDisplayName", 256},
    {"displayNamePrintable", 256},
    {"importedFrom", 1024},
    {"info", 1024},
    {"extensionAttribute1", 1024},
    {"cn", 64},
    {"sn", 64},
    {"givenName", 64},
};

/* Names have one line; of others a line break may be part. */
static const char *const one_line[] = {"cn",           "displayName", "givenName", "mail",
                                       "mailNickname", "sn",          "title",     "telephoneNumber"};

/* How many addresses of a type the object has. */
typedef struct {
    char *type;
    unsigned primary, secondary;
} TypeCount;

/* One object being looked at. */
typedef struct {
    Audit *audit;
    const Entry *entry;
    uint32_t object;
    bool tell;          /* findings about it are asked for */
    GArray *types;      /* of TypeCount */
    char *primary_smtp; /* the first one, whole; NULL none */
} Look;

static void clear_count(void *data)
{
    g_free(((TypeCount *)data)->type);
}

static json_t *itself(const Look *look)
{
    json_t *objects = json_array();
    json_array_append_new(objects, audit_entry_object(look->audit, look->entry));
    return objects;
}

/* --- addresses --- */

static void count_type(Look *look, const char *type, bool primary)
{
    TypeCount *count = NULL;
    for (guint i = 0; i < look->types->len && !count; i++)
        if (!strcmp(g_array_index(look->types, TypeCount, i).type, type))
            count = &g_array_index(look->types, TypeCount, i);
    if (!count) {
        TypeCount first = {.type = g_strdup(type)};
        g_array_append_val(look->types, first);
        count = &g_array_index(look->types, TypeCount, look->types->len - 1);
    }
    if (primary)
        count->primary++;
    else
        count->secondary++;
}

static bool tell_invalid(const Look *look, const char *attribute, const char *address, const char *why,
                         GError **error)
{
    return !look->tell || audit_find(look->audit, AUDIT_INVALID_ADDRESS, PART_HOME, itself(look), attribute,
                                     address, NULL, error, "%s", why);
}

static bool check_syntax(const Look *look, const char *attribute, const char *address, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(Address) parsed = address_parse(address, &why);
    return parsed || tell_invalid(look, attribute, address, why->message, error);
}

static bool look_at_proxy(Look *look, const char *address, GError **error)
{
    g_autofree char *type = NULL;
    bool primary = false;
    if (!address_split(address, &type, &primary))
        return tell_invalid(look, "proxyAddresses", address,
                            "no type stands in front of it, as in SMTP:", error);
    count_type(look, type, primary);
    if (look->tell && !audit_type_is_registered(look->audit, type))
        audit_note_unregistered(look->audit, type, look->object);
    if (primary && !strcmp(type, "SMTP") && !look->primary_smtp)
        look->primary_smtp = g_strdup(address);
    return audit_add_key(look->audit, KEY_HELD, look->object, audit_address_key(address), 0, error) &&
           check_syntax(look, "proxyAddresses", address, error);
}

static bool look_at_proxies(Look *look, GError **error)
{
    const Attribute *proxies = schema_find(look->audit->schema, look->entry, "proxyAddresses");
    g_autofree char *stamp = stamp_value_prefix(look->audit->view.stamp);
    for (size_t i = 0; proxies && i < proxies->n_values; i++) {
        const char *address = proxies->values[i].data;
        if (stamp && !g_ascii_strncasecmp(address, stamp, strlen(stamp)))
            continue;
        if (!look_at_proxy(look, address, error))
            return false;
    }
    return true;
}

/* X500 addresses are names that the object had once: none of them is a primary one. */
static bool check_primaries(const Look *look, GError **error)
{
    for (guint i = 0; i < look->types->len; i++) {
        const TypeCount *count = &g_array_index(look->types, TypeCount, i);
        if (!look->tell || count->primary == 1 || (!count->primary && !strcmp(count->type, "X500")))
            continue;
        if (count->primary
                ? !audit_find(look->audit, AUDIT_PRIMARY_SEVERAL, PART_HOME, itself(look), "proxyAddresses",
                              count->type, NULL, error, "%u primary addresses of type %s", count->primary,
                              count->type)
                : !audit_find(look->audit, AUDIT_PRIMARY_MISSING, PART_HOME, itself(look), "proxyAddresses",
                              count->type, NULL, error, "%u secondary and no primary address of type %s",
                              count->secondary, count->type))
            return false;
    }
    return true;
}

static bool is_primary(const Look *look, const char *mail)
{
    g_autofree char *address = g_strconcat("SMTP:", mail, NULL);
    return address_equal(address, look->primary_smtp);
}

static bool look_at_mail(Look *look, GError **error)
{
    const Attribute *mail = schema_find(look->audit->schema, look->entry, "mail");
    bool good = true, fits = !mail || !look->types->len;
    for (size_t i = 0; mail && good && i < mail->n_values; i++) {
        const char *value = mail->values[i].data;
        g_autofree char *address = g_strconcat("SMTP:", value, NULL);
        fits = fits || (look->primary_smtp && is_primary(look, value));
        good = audit_add_key(look->audit, KEY_HELD, look->object, audit_address_key(address), 0, error) &&
               check_syntax(look, "mail", address, error);
    }
    if (!good || fits || !look->tell)
        return good;
    return look->primary_smtp
               ? audit_find(look->audit, AUDIT_MAIL_NOT_PRIMARY, PART_HOME, itself(look), "mail", NULL, NULL,
                            error, "mail is %s, the primary address is %s", mail->values[0].data,
                            look->primary_smtp)
               : audit_find(look->audit, AUDIT_MAIL_NOT_PRIMARY, PART_HOME, itself(look), "mail", NULL, NULL,
                            error, "mail is %s, and proxyAddresses has no primary SMTP address",
                            mail->values[0].data);
}

/* Whether it leads here, out, or to where there is no way. */
static bool look_at_target(Look *look, GError **error)
{
    const Audit *audit = look->audit;
    const char *target = schema_find_string(audit->schema, look->entry, "targetAddress");
    g_autofree char *type = NULL;
    if (!target)
        return true;
    if (!address_split(target, &type, NULL))
        return tell_invalid(look, "targetAddress", target,
                            "no type stands in front of it, as in SMTP:", error);
    AuditKeyKind kind = organisation_is_ours(audit->scope->organisation, target) ? KEY_TARGET
                        : audit_type_is_routed(audit, type)                      ? KEY_TARGET_OUT
                                                                                 : KEY_TARGET_UNROUTED;
    return audit_add_key(look->audit, kind, look->object, audit_address_key(target), 0, error) &&
           check_syntax(look, "targetAddress", target, error);
}

static bool look_at_legacy(Look *look, GError **error)
{
    const char *legacy = schema_find_string(look->audit->schema, look->entry, "legacyExchangeDN");
    if (!legacy) {
        if (look->types->len)
            audit_object(look->audit, look->object)->flags |= OBJECT_NO_LEGACY;
        return true;
    }
    look->audit->with_legacy++;
    g_autofree char *address = g_strconcat("X500:", legacy, NULL);
    return audit_add_key(look->audit, KEY_LEGACY, look->object, audit_address_key(address), 0, error);
}

/* --- lengths and characters --- */

static size_t longest(const AttributeType *type, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known_lengths); i++)
        if (!g_ascii_strcasecmp(known_lengths[i].attribute, type ? type->name : name))
            return known_lengths[i].max;
    return type ? type->max_length : 0;
}

static bool is_one_line(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(one_line); i++)
        if (!g_ascii_strcasecmp(one_line[i], name))
            return true;
    return false;
}

/* What is wrong with its characters; NULL: nothing. */
static const char *wrong_characters(const char *name, Value value)
{
    bool line = is_one_line(name);
    if (!g_utf8_validate_len(value.data, value.len, NULL))
        return memchr(value.data, '\0', value.len) ? "it has a NUL" : "it is not UTF-8";
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c == 0x7f || (c < ' ' && (line || !strchr("\t\n\r", c))))
            return "it has a control character";
    }
    if (strstr(value.data, "\xef\xbf\xbd"))
        return "it has U+FFFD, which stands for a letter that was lost on the way";
    if (line && value.len && (value.data[0] == ' ' || value.data[value.len - 1] == ' '))
        return "it begins or ends with a blank";
    if (!g_ascii_strcasecmp(name, "mailNickname") && strpbrk(value.data, " \"(),:;<>@[\\]"))
        return "an alias has no blanks and none of \"(),:;<>@[\\]";
    return NULL;
}

static bool is_text(const AttributeType *type)
{
    switch (type ? type->equality : EQUALITY_NONE) {
    case EQUALITY_CASE_IGNORE:
    case EQUALITY_CASE_EXACT:
    case EQUALITY_TELEPHONE:
    case EQUALITY_LIST:
        return true;
    default:
        return false;
    }
}

static bool check_value(const Look *look, const char *name, const AttributeType *type, Value value,
                        GError **error)
{
    size_t max = longest(type, name);
    const char *wrong = wrong_characters(type ? type->name : name, value);
    glong length = wrong ? 0 : g_utf8_strlen(value.data, (gssize)value.len);
    if (wrong)
        return audit_find(look->audit, AUDIT_VALUE_INVALID, PART_HOME, itself(look), name, NULL, NULL, error,
                          "%s: %s", name, wrong);
    return !max || (size_t)length <= max ||
           audit_find(look->audit, AUDIT_VALUE_TOO_LONG, PART_HOME, itself(look), name, NULL, NULL, error,
                      "%s has %ld characters, at most %zu are taken", name, length, max);
}

static bool check_values(const Look *look, GError **error)
{
    const Schema *schema = look->audit->schema;
    for (size_t i = 0; look->tell && i < entry_n_attributes(look->entry); i++) {
        const Attribute *attribute = entry_attribute(look->entry, i);
        const AttributeType *type = schema_attribute(schema, attribute->name);
        if (!is_text(type) || (type && type->operational) || schema_is_secret(attribute->name) ||
            strchr(attribute->name, ';'))
            continue;
        for (size_t j = 0; j < attribute->n_values; j++)
            if (!check_value(look, attribute->name, type, attribute->values[j], error))
                return false;
    }
    return true;
}

bool audit_look_at_values(Audit *audit, const Entry *entry, uint32_t object, GError **error)
{
    Look look = {.audit = audit, .entry = entry, .object = object, .tell = audit_is_relevant(audit, object)};
    look.types = g_array_new(FALSE, FALSE, sizeof(TypeCount));
    g_array_set_clear_func(look.types, clear_count);
    bool good = look_at_proxies(&look, error) && check_primaries(&look, error) &&
                look_at_mail(&look, error) && look_at_target(&look, error) && look_at_legacy(&look, error) &&
                check_values(&look, error);
    g_array_unref(look.types);
    g_free(look.primary_smtp);
    return good;
}
