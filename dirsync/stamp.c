/*
 * stamp.c - see stamp.h
 *
 * The one-value forms hold "uuid;grace;anchor": the anchor comes last because
 * it is the only part that may contain anything.
 */
#include "dirsync/stamp.h"

#include <string.h>

static const char *const class_attributes[] = {"importedFrom", "dirsyncAnchor", "dirsyncGraceSince", NULL};

void stamp_clear(Stamp *stamp)
{
    g_clear_pointer(&stamp->connector, g_free);
    g_clear_pointer(&stamp->anchor, g_free);
    g_clear_pointer(&stamp->grace, g_free);
}

char *stamp_value_prefix(const StampSettings *settings)
{
    if (settings->form != STAMP_PROXY)
        return NULL;
    g_autofree char *lower = g_ascii_strdown(settings->name, -1);
    return g_strconcat(lower, ":", NULL);
}

/* Definitions name few attributes: their lists are kept for the life of the process. */
static char **names_of(const char *name)
{
    static GHashTable *lists;
    static GMutex mutex;
    g_mutex_lock(&mutex);
    if (!lists)
        lists = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
    const char *key = g_intern_string(name);
    char **list = g_hash_table_lookup(lists, key);
    if (!list) {
        list = g_new0(char *, 2);
        list[0] = (char *)key;
        g_hash_table_insert(lists, (gpointer)key, list);
    }
    g_mutex_unlock(&mutex);
    return list;
}

const char *const *stamp_attributes(const StampSettings *settings)
{
    static const char *const proxy[] = {"proxyAddresses", NULL};
    switch (settings->form) {
    case STAMP_CLASS:
        return class_attributes;
    case STAMP_PROXY:
        return proxy;
    case STAMP_ATTRIBUTE:
    case STAMP_ANCHOR:
        break;
    }
    return (const char *const *)names_of(settings->name);
}

static bool read_class(const Schema *schema, const Entry *entry, Stamp *stamp)
{
    const char *connector = schema_find_string(schema, entry, "importedFrom");
    const char *anchor = schema_find_string(schema, entry, "dirsyncAnchor");
    if (!connector || !anchor)
        return false;
    stamp->connector = g_ascii_strdown(connector, -1);
    stamp->anchor = g_strdup(anchor);
    stamp->grace = g_strdup(schema_find_string(schema, entry, "dirsyncGraceSince"));
    return true;
}

static bool parse_value(const char *text, Stamp *stamp)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", 3);
    if (g_strv_length(parts) != 3 || !*parts[0] || !*parts[2])
        return false;
    stamp->connector = g_ascii_strdown(parts[0], -1);
    stamp->grace = *parts[1] ? g_strdup(parts[1]) : NULL;
    stamp->anchor = g_strdup(parts[2]);
    return true;
}

static bool read_proxy(const StampSettings *settings, const Schema *schema, const Entry *entry, Stamp *stamp)
{
    const Attribute *proxies = schema_find(schema, entry, "proxyAddresses");
    g_autofree char *prefix = stamp_value_prefix(settings);
    for (size_t i = 0; proxies && i < proxies->n_values; i++)
        if (!g_ascii_strncasecmp(proxies->values[i].data, prefix, strlen(prefix)) &&
            parse_value(proxies->values[i].data + strlen(prefix), stamp))
            return true;
    return false;
}

static bool has_form(Value value, const char *owner)
{
    g_auto(Stamp) stamp = {0};
    return parse_value(value.data, &stamp) && g_uuid_string_is_valid(stamp.connector) &&
           (!owner || !strcmp(stamp.connector, owner));
}

/* The value among those of the attribute that is a stamp, the owner's first: others may have put theirs
 * beside. */
static const Value *find_value(const StampSettings *settings, const Schema *schema, const Entry *entry)
{
    const Attribute *attribute = schema_find(schema, entry, settings->name);
    for (int any = settings->owner ? 0 : 1; any < 2; any++)
        for (size_t i = 0; attribute && i < attribute->n_values; i++)
            if (has_form(attribute->values[i], any ? NULL : settings->owner))
                return &attribute->values[i];
    return NULL;
}

static bool read_attribute(const StampSettings *settings, const Schema *schema, const Entry *entry,
                           Stamp *stamp)
{
    const Value *value = find_value(settings, schema, entry);
    return value && parse_value(value->data, stamp);
}

bool stamp_read(const StampSettings *settings, const Schema *schema, const Entry *entry, Stamp *stamp)
{
    *stamp = (Stamp){0};
    if (settings->form == STAMP_CLASS)
        return read_class(schema, entry, stamp);
    if (settings->form == STAMP_PROXY)
        return read_proxy(settings, schema, entry, stamp);
    if (settings->form != STAMP_ANCHOR)
        return read_attribute(settings, schema, entry, stamp);
    const char *text = schema_find_string(schema, entry, settings->name);
    if (text) {
        stamp->connector = g_strdup(settings->owner);
        stamp->anchor = g_strdup(text);
    }
    return text != NULL;
}

bool stamp_carrier(const StampSettings *settings, const Schema *schema, const Entry *entry, const char **name,
                   Value *value)
{
    *name = settings->form == STAMP_CLASS ? "dirsyncAnchor" : stamp_attributes(settings)[0];
    if (settings->form == STAMP_ATTRIBUTE) {
        const Value *found = find_value(settings, schema, entry);
        if (found)
            *value = *found;
        return found != NULL;
    }
    const Attribute *attribute = schema_find(schema, entry, *name);
    g_autofree char *prefix = stamp_value_prefix(settings);
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        *value = attribute->values[i];
        if (!prefix || !g_ascii_strncasecmp(value->data, prefix, strlen(prefix)))
            return true;
    }
    return false;
}

void stamp_write(const StampSettings *settings, const Stamp *stamp, Entry *entry)
{
    if (settings->form == STAMP_CLASS) {
        entry_add_string(entry, "objectClass", STAMP_CLASS_NAME);
        entry_add_string(entry, "importedFrom", stamp->connector);
        entry_add_string(entry, "dirsyncAnchor", stamp->anchor);
        if (stamp->grace)
            entry_add_string(entry, "dirsyncGraceSince", stamp->grace);
        return;
    }
    if (settings->form == STAMP_ANCHOR) {
        gssize there = entry_index(entry, settings->name); /* the mapping may have given it, as the name */
        if (there >= 0)
            entry_remove(entry, (size_t)there);
        entry_add_string(entry, settings->name, stamp->anchor);
        return;
    }
    g_autofree char *prefix = stamp_value_prefix(settings);
    g_autofree char *text = g_strdup_printf("%s%s;%s;%s", prefix ? prefix : "", stamp->connector,
                                            stamp->grace ? stamp->grace : "", stamp->anchor);
    entry_add_string(entry, stamp_attributes(settings)[0], text);
}

char *stamp_filter(const StampSettings *settings, const char *connector, const char *anchor)
{
    if (settings->form == STAMP_CLASS) {
        g_autofree char *from = filter_equals("importedFrom", connector, strlen(connector));
        g_autofree char *with = filter_equals("dirsyncAnchor", anchor, strlen(anchor));
        return g_strconcat("(&", from, with, ")", NULL);
    }
    if (settings->form == STAMP_ANCHOR)
        return filter_equals(settings->name, anchor, strlen(anchor));
    g_autofree char *prefix = stamp_value_prefix(settings);
    g_autofree char *start = g_strconcat(prefix ? prefix : "", connector, ";", NULL);
    g_autofree char *initial = filter_escape(start, strlen(start));
    g_autofree char *final = filter_escape(anchor, strlen(anchor));
    const char *name = stamp_attributes(settings)[0];
    /* Without a date exactly; with one it ends in Z (an anchor "1" is not the end of an anchor "2;1"). */
    return g_strdup_printf("(|(%s=%s;%s)(%s=%s*Z;%s))", name, initial, final, name, initial, final);
}

char *stamp_filter_any(const StampSettings *settings, const char *connector, const GPtrArray *anchors,
                       guint *at, guint most)
{
    GString *filter = g_string_new("(|");
    for (guint n = 0; n < most && *at < anchors->len; n++, (*at)++) {
        g_autofree char *one = stamp_filter(settings, connector, g_ptr_array_index(anchors, *at));
        g_string_append(filter, one);
    }
    g_string_append_c(filter, ')');
    return g_string_free(filter, FALSE);
}

char *stamp_owner_filter(const StampSettings *settings, const char *connector)
{
    if (settings->form == STAMP_CLASS)
        return filter_equals("importedFrom", connector, strlen(connector));
    if (settings->form == STAMP_ANCHOR)
        return g_strdup_printf("(%s=*)", settings->name);
    g_autofree char *prefix = stamp_value_prefix(settings);
    g_autofree char *start = g_strconcat(prefix ? prefix : "", connector, ";", NULL);
    g_autofree char *initial = filter_escape(start, strlen(start));
    return g_strdup_printf("(%s=%s*)", stamp_attributes(settings)[0], initial);
}

static bool is_printable(Value value)
{
    if (!value.len || !g_utf8_validate(value.data, (gssize)value.len, NULL))
        return false;
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f)
            return false;
    return strncmp(value.data, "hex:", 4) != 0 && value.data[0] != ' ' && value.data[value.len - 1] != ' ';
}

char *anchor_text(Value value)
{
    if (is_printable(value))
        return g_strndup(value.data, value.len);
    GString *text = g_string_new("hex:");
    for (size_t i = 0; i < value.len; i++)
        g_string_append_printf(text, "%02x", (unsigned char)value.data[i]);
    return g_string_free(text, FALSE);
}

char *anchor_smallest(const Schema *schema, const Entry *entry, const char *name)
{
    const Attribute *anchor = schema_find(schema, entry, name);
    char *smallest = NULL;
    for (size_t i = 0; anchor && i < anchor->n_values; i++) {
        if (!anchor->values[i].len)
            continue;
        g_autofree char *text = anchor_text(anchor->values[i]);
        if (!smallest || strcmp(text, smallest) < 0) {
            g_free(smallest);
            smallest = g_steal_pointer(&text);
        }
    }
    return smallest;
}

GBytes *anchor_bytes(const char *text)
{
    if (strncmp(text, "hex:", 4) != 0)
        return g_bytes_new(text, strlen(text));
    GByteArray *bytes = g_byte_array_new();
    for (const char *p = text + 4; g_ascii_isxdigit(p[0]) && g_ascii_isxdigit(p[1]); p += 2) {
        guint8 byte = (guint8)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return g_byte_array_free_to_bytes(bytes);
}

/* As ISO 8601, but for the T. */
GDateTime *stamp_grace_time(const char *grace)
{
    if (strlen(grace) < strlen("20261122143000Z"))
        return NULL;
    g_autofree char *iso = g_strdup_printf("%.8sT%s", grace, grace + 8);
    return g_date_time_new_from_iso8601(iso, NULL);
}

bool stamp_grace_is_over(const char *since, unsigned days)
{
    g_autoptr(GDateTime) start = stamp_grace_time(since);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    return start && g_date_time_difference(now, start) >= (GTimeSpan)days * G_TIME_SPAN_DAY;
}
