/*
 * schema.c - looking things up in a schema
 *
 * Names are found in open-addressing tables over ASCII-folded hashes; nothing
 * here allocates, since these functions run several times for every attribute
 * of every entry. Making a schema: schema_build.c. Values: schema_match.c.
 */
#include "dirsync/schema_internal.h"

#include <string.h>

static guint32 hash_name(const char *name, size_t len)
{
    guint32 hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ ((unsigned char)name[i] | 0x20u)) * 16777619u;
    return hash ^ hash >> 15;
}

static bool same_name(const char *a, const char *b, size_t len)
{
    return memcmp(a, b, len) == 0 || g_ascii_strncasecmp(a, b, len) == 0;
}

NameTable schema_table_new(Entry *arena, size_t n_names)
{
    size_t size = 16;
    while (size < 2 * n_names)
        size *= 2;
    NameTable table = {entry_alloc(arena, size * sizeof(NameSlot)), size - 1};
    memset(table.slots, 0, size * sizeof(NameSlot));
    return table;
}

static NameSlot *find_slot(const NameTable *table, const char *name, size_t len)
{
    guint32 hash = hash_name(name, len);
    size_t i = hash & table->mask;
    for (;; i = (i + 1) & table->mask) {
        NameSlot *slot = &table->slots[i];
        if (!slot->record || (slot->hash == hash && slot->len == len && same_name(slot->name, name, len)))
            return slot;
    }
}

void schema_table_add(NameTable *table, const char *name, void *record)
{
    size_t len = strlen(name);
    NameSlot *slot = find_slot(table, name, len);
    if (!slot->record)
        *slot = (NameSlot){hash_name(name, len), (guint32)len, name, record};
}

void *schema_table_find(const NameTable *table, const char *name, size_t len)
{
    return find_slot(table, name, len)->record;
}

size_t schema_base_length(const char *description)
{
    return strcspn(description, ";");
}

const AttributeType *schema_attribute(const Schema *schema, const char *description)
{
    TypeRecord *record = schema_table_find(&schema->types, description, schema_base_length(description));
    return record ? &record->type : NULL;
}

const ObjectClass *schema_class(const Schema *schema, const char *name)
{
    ClassRecord *record = schema_table_find(&schema->classes, name, strlen(name));
    return record ? &record->class : NULL;
}

/** One option of "…;option;option"; @at stands on a semicolon or the final NUL. */
static bool next_option(const char **at, Value *option)
{
    if (!**at)
        return false;
    const char *start = ++*at;
    *at += strcspn(start, ";");
    *option = (Value){start, (size_t)(*at - start)};
    return true;
}

static bool is_transfer_option(Value option)
{
    return option.len == 0 || (option.len == 6 && g_ascii_strncasecmp(option.data, "binary", 6) == 0) ||
           (option.len >= 6 && g_ascii_strncasecmp(option.data, "range=", 6) == 0);
}

static bool has_option(const char *options, Value wanted)
{
    Value option;
    while (next_option(&options, &option))
        if (option.len == wanted.len && same_name(option.data, wanted.data, wanted.len))
            return true;
    return false;
}

bool schema_has_options(const char *options, const char *wanted)
{
    Value option;
    while (next_option(&wanted, &option))
        if (!is_transfer_option(option) && !has_option(options, option))
            return false;
    return true;
}

bool schema_same_options(const char *a, const char *b)
{
    if (!*a && !*b)
        return true;
    return schema_has_options(a, b) && schema_has_options(b, a);
}

bool schema_names_type(const TypeRecord *record, const char *name, size_t len)
{
    if (!len || !(record->initials & 1u << (name[0] & 31)) || !(record->lengths & 1u << (len & 31)))
        return false;
    for (const char *const *known = record->description.names; *known; known++)
        if (strlen(*known) == len && same_name(*known, name, len))
            return true;
    return strlen(record->type.oid) == len && same_name(record->type.oid, name, len);
}

bool schema_same_attribute(const Schema *schema, const char *a, const char *b)
{
    size_t len_a = schema_base_length(a), len_b = schema_base_length(b);
    if (!schema_same_options(a + len_a, b + len_b))
        return false;
    if (len_a == len_b && same_name(a, b, len_a))
        return true;
    const TypeRecord *record = schema_table_find(&schema->types, a, len_a);
    return record && schema_names_type(record, b, len_b);
}

static const Attribute *find_attribute(const Entry *entry, const TypeRecord *record, const char *description,
                                       size_t len)
{
    const Attribute *attribute = entry_attribute(entry, 0), *end = attribute + entry_n_attributes(entry);
    for (; attribute < end; attribute++) {
        if (!attribute->n_values || (record && !(record->initials & 1u << (attribute->name[0] & 31))))
            continue;
        size_t base = schema_base_length(attribute->name);
        bool same = (base == len && same_name(attribute->name, description, len)) ||
                    (record && schema_names_type(record, attribute->name, base));
        if (same && schema_same_options(attribute->name + base, description + len))
            return attribute;
    }
    return NULL;
}

const Attribute *schema_find(const Schema *schema, const Entry *entry, const char *description)
{
    size_t len = schema_base_length(description);
    return find_attribute(entry, schema_table_find(&schema->types, description, len), description, len);
}

const Attribute *schema_find_type(const Schema *schema, const Entry *entry, const AttributeType *type,
                                  const char *description)
{
    return type
               ? find_attribute(entry, (const TypeRecord *)type, description, schema_base_length(description))
               : schema_find(schema, entry, description);
}

const char *schema_find_string(const Schema *schema, const Entry *entry, const char *description)
{
    const Attribute *attribute = schema_find(schema, entry, description);
    if (!attribute || memchr(attribute->values[0].data, '\0', attribute->values[0].len))
        return NULL;
    return attribute->values[0].data;
}

bool schema_class_within(const ClassRecord *class, const ClassRecord *ancestor)
{
    for (const ClassRecord *const *above = class->ancestors; *above; above++)
        if (*above == ancestor)
            return true;
    return false;
}

bool schema_entry_is(const Schema *schema, const Entry *entry, const char *class_name)
{
    const Attribute *classes = schema_find(schema, entry, "objectClass");
    size_t len = strlen(class_name);
    const ClassRecord *wanted = schema_table_find(&schema->classes, class_name, len);
    for (size_t i = 0; classes && i < classes->n_values; i++) {
        Value value = classes->values[i];
        const ClassRecord *class = schema_table_find(&schema->classes, value.data, value.len);
        if (value.len == len && same_name(value.data, class_name, len))
            return true;
        if (wanted && class && schema_class_within(class, wanted))
            return true;
    }
    return false;
}

size_t schema_skipped(const Schema *schema)
{
    return schema->skipped;
}

void schema_free(Schema *schema)
{
    if (schema)
        entry_free(schema->arena); /* the schema itself is in it */
}

bool schema_is_secret(const char *description)
{
    static const char *const secrets[] = {"userPassword",
                                          "authPassword",
                                          "pwdHistory",
                                          "olcRootPW",
                                          "unicodePwd",
                                          "dBCSPwd",
                                          "lmPwdHistory",
                                          "ntPwdHistory",
                                          "sambaNTPassword",
                                          "sambaLMPassword",
                                          "sambaPasswordHistory",
                                          "supplementalCredentials",
                                          "krbPrincipalKey",
                                          "krb5Key",
                                          "ipaNTHash",
                                          "2.5.4.35"};
    size_t len = strcspn(description, ";");
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++)
        if (strlen(secrets[i]) == len && !g_ascii_strncasecmp(secrets[i], description, len))
            return true;
    return false;
}
