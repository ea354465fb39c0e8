/*
 * schema_match.c - when two values, or two names, are the same
 *
 * Canonical forms by kind of equality rule. Case rules and octets on ASCII, the
 * bulk of all values, are compared without any allocation. A value that is not
 * of its syntax compares as octets, marked so that it never equals the
 * canonical form of a good one.
 */
#include "dirsync/schema_internal.h"

#include <string.h>

#define BAD_VALUE_MARK '\xff'

EqualityKind schema_kind(const Schema *schema, const AttributeType *type)
{
    if (type)
        return type->equality;
    return schema->lenient ? EQUALITY_CASE_IGNORE : EQUALITY_NONE;
}

static void remove_characters(GString *text, size_t start, const char *unwanted)
{
    size_t n = start;
    for (size_t i = start; i < text->len; i++)
        if (!text->str[i] || !strchr(unwanted, text->str[i]))
            text->str[n++] = text->str[i];
    g_string_truncate(text, n);
}

static void normalise_list(Value value, GString *out)
{
    const char *line = value.data, *end = line + value.len;
    for (;;) {
        const char *dollar = memchr(line, '$', (size_t)(end - line));
        size_t len = (size_t)((dollar ? dollar : end) - line);
        schema_prepare((Value){line, len}, PREPARE_FOLD, out);
        if (!dollar)
            return;
        g_string_append_c(out, '$');
        line = dollar + 1;
    }
}

/** Class or type by its OID, whatever name was used; unknown ones in lower case. */
static void normalise_oid(const Schema *schema, Value value, GString *out)
{
    while (value.len && value.data[0] == ' ')
        value = (Value){value.data + 1, value.len - 1};
    while (value.len && value.data[value.len - 1] == ' ')
        value.len--;
    const ClassRecord *class = schema_table_find(&schema->classes, value.data, value.len);
    const TypeRecord *type = class ? NULL : schema_table_find(&schema->types, value.data, value.len);
    if (class)
        g_string_append(out, class->class.oid);
    else if (type)
        g_string_append(out, type->type.oid);
    else
        schema_prepare(value, PREPARE_FOLD, out);
}

bool schema_normalise_kind(const Schema *schema, EqualityKind kind, Value value, GString *out)
{
    size_t start = out->len;
    bool good = true;
    switch (kind) {
    case EQUALITY_CASE_IGNORE:
        schema_prepare(value, PREPARE_FOLD, out);
        break;
    case EQUALITY_CASE_EXACT:
        schema_prepare(value, 0, out);
        break;
    case EQUALITY_NUMERIC:
        if (schema_prepare(value, 0, out))
            remove_characters(out, start, " ");
        break;
    case EQUALITY_TELEPHONE:
        if (schema_prepare(value, PREPARE_FOLD, out))
            remove_characters(out, start, " -");
        break;
    case EQUALITY_LIST:
        normalise_list(value, out);
        break;
    case EQUALITY_OID:
        normalise_oid(schema, value, out);
        break;
    case EQUALITY_DN:
        good = schema_append_dn(schema, value, out);
        break;
    case EQUALITY_INTEGER:
        good = schema_normalise_integer(value, out);
        break;
    case EQUALITY_BOOLEAN:
        good = schema_normalise_boolean(value, out);
        break;
    case EQUALITY_TIME:
        good = schema_normalise_time(value, out);
        break;
    case EQUALITY_NONE:
    case EQUALITY_OCTETS:
    case EQUALITY_KINDS:
        g_string_append_len(out, value.data, (gssize)value.len);
        break;
    }
    if (good)
        return true;
    g_string_append_c(out, BAD_VALUE_MARK);
    g_string_append_len(out, value.data, (gssize)value.len);
    return false;
}

void schema_normalise(const Schema *schema, const AttributeType *type, Value value, GString *out)
{
    schema_normalise_kind(schema, schema_kind(schema, type), value, out);
}

bool schema_values_equal(const Schema *schema, const AttributeType *type, Value a, Value b)
{
    EqualityKind kind = schema_kind(schema, type);
    if (a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0))
        return true;
    if (kind == EQUALITY_NONE || kind == EQUALITY_OCTETS)
        return false;
    if (kind == EQUALITY_CASE_IGNORE || kind == EQUALITY_CASE_EXACT) {
        int equal = schema_prepared_equal(a, b, kind == EQUALITY_CASE_IGNORE);
        if (equal >= 0)
            return equal;
    }
    GString *left = g_string_sized_new(a.len + 16), *right = g_string_sized_new(b.len + 16);
    schema_normalise_kind(schema, kind, a, left);
    schema_normalise_kind(schema, kind, b, right);
    bool equal = g_string_equal(left, right);
    g_string_free(left, TRUE);
    g_string_free(right, TRUE);
    return equal;
}
