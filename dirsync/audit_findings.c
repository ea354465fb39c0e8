/*
 * audit_findings.c - findings, kept aside until the audit is done
 *
 * Their bodies lie in the spool as JSON; the key of a finding is a hash of its kind, of the
 * objects' names and of what it is about, so that the next audit knows it again. An object
 * that is renamed has new findings.
 */
#include "dirsync/audit_internal.h"

#include "dirsync/text_json.h"

#include <string.h>

json_t *audit_name_object(const char *directory, const char *dn, const char *name, const char *mail)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "directory", directory, "dn", text_as_json(dn), "name",
                     text_as_json(name), "mail", text_as_json(mail));
}

json_t *audit_entry_object(const Audit *audit, const Entry *entry)
{
    return audit_name_object("home", entry_dn(entry), audit_display_name(audit->schema, entry),
                             schema_find_string(audit->schema, entry, "mail"));
}

Entry *audit_content(Audit *audit, uint32_t i, GError **error)
{
    return spool_read(audit->spool, audit_object(audit, i)->at, error);
}

bool audit_add_object(Audit *audit, json_t *objects, uint32_t i, GError **error)
{
    g_autoptr(Entry) entry = audit_content(audit, i, error);
    if (entry)
        json_array_append_new(objects, audit_entry_object(audit, entry));
    return entry != NULL;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of what several share, that is the finding, whoever has it today. */
static bool is_shared(AuditKind kind)
{
    return kind == AUDIT_DUPLICATE_ADDRESS || kind == AUDIT_LEGACY_DUPLICATE ||
           kind == AUDIT_NAME_COLLISION || kind == AUDIT_TYPE_UNREGISTERED;
}

/* The order of the objects does not matter. */
static Fingerprint key_of(AuditKind kind, json_t *objects, const char *attribute, const char *what)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    size_t i;
    json_t *object;
    json_array_foreach(objects, i, object)
    {
        if (is_shared(kind))
            break;
        const char *dn = json_string_value(json_object_get(object, "dn"));
        g_autofree char *key = schema_normalise_dn(schema_standard(), dn);
        g_ptr_array_add(names, g_strconcat(json_string_value(json_object_get(object, "directory")), "/",
                                           key ? key : dn, NULL));
    }
    g_ptr_array_sort(names, compare_names);
    g_autoptr(GString) all = g_string_new(audit_kinds[kind].id);
    for (guint j = 0; j < names->len; j++)
        g_string_append_printf(all, "\n%s", (const char *)g_ptr_array_index(names, j));
    g_string_append_printf(all, "\n\n%s\n%s", attribute ? attribute : "", what ? what : "");
    return fingerprint_string(all->str);
}

static uint16_t part_number(Audit *audit, const char *part)
{
    guint at;
    if (!g_ptr_array_find_with_equal_func(audit->parts, part, g_str_equal, &at)) {
        at = audit->parts->len;
        g_ptr_array_add(audit->parts, g_strdup(part));
    }
    return (uint16_t)at;
}

static bool add_body(Audit *audit, json_t *body, uint64_t *at, GError **error)
{
    char *text = json_dumps(body, JSON_COMPACT);
    if (!text) {
        error_set(error, ERROR_PROTOCOL, "a finding cannot be written down");
        return false;
    }
    bool good = spool_append_bytes(audit->spool, text, strlen(text) + 1, at, error);
    free(text);
    return good;
}

bool audit_find(Audit *audit, AuditKind kind, const char *part, json_t *objects, const char *attribute,
                const char *what, const char *remedy, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *said = g_strdup_vprintf(format, args);
    va_end(args);
    AuditFound found = {.key = key_of(kind, objects, attribute, what),
                        .kind = (uint16_t)kind,
                        .part = part_number(audit, part)};
    json_t *body =
        json_pack("{s:o, s:s?, s:o, s:o}", "objects", objects, "attribute", attribute, "evidence",
                  text_as_json(said), "remedy", text_as_json(remedy ? remedy : audit_kinds[kind].remedy));
    bool good = add_body(audit, body, &found.at, error);
    json_decref(body);
    if (good)
        g_array_append_val(audit->found, found);
    return good;
}

static bool is_looked_at(const Audit *audit, const char *part)
{
    for (guint i = 0; i < audit->scope->chosen->len; i++) {
        const AuditConnector *of = &audit->connectors[i];
        if (!strcmp(of->part, part) || !strcmp(of->by_hand, part))
            return true;
    }
    return false;
}

/* A definition that cannot be read does not even say for certain whose it is: of every connector that is not
 * looked at the findings stand. */
static bool carry_unknown(Audit *audit, GError **error)
{
    if (!audit->scope->everything || !audit->scope->problems->len)
        return true;
    g_auto(GStrv) parts = audit_store_parts(audit->store, &audit->place, error);
    for (char **part = parts; part && *part; part++)
        if (g_str_has_prefix(*part, PART_OF_CONNECTOR) && !is_looked_at(audit, *part) &&
            !audit_store_carry(audit->store, &audit->place, *part, error))
            return false;
    return parts;
}

static bool keep_all(Audit *audit, GError **error)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    for (guint i = 0; i < audit->found->len; i++) {
        const AuditFound *found = &g_array_index(audit->found, AuditFound, i);
        if (!audit_go_on(audit, "keeping findings", i, audit->found->len, error) ||
            !spool_read_bytes(audit->spool, found->at, body, error) ||
            !audit_store_add(audit->store, &audit->place, &found->key, audit_kinds[found->kind].id,
                             g_ptr_array_index(audit->parts, found->part), (const char *)body->data, error))
            return false;
    }
    GHashTableIter iter;
    gpointer part;
    g_hash_table_iter_init(&iter, audit->unread);
    while (g_hash_table_iter_next(&iter, &part, NULL))
        if (!audit_store_carry(audit->store, &audit->place, part, error))
            return false;
    return carry_unknown(audit, error);
}

bool audit_keep(Audit *audit, GError **error)
{
    g_autofree char *finished = time_now_text();
    if (audit_store_begin(audit->store, audit->id, audit->started, &audit->place, error) &&
        keep_all(audit, error) && audit_store_finish(audit->store, &audit->place, finished, error)) {
        json_object_set_new(audit->head, "finished", json_string(finished));
        return true;
    }
    audit_store_rollback(audit->store);
    return false;
}
