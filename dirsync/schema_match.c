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

#include "dirsync/dn.h"

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

/* ---- names ---- */

/** The text in a #hex value that is BER of one of the string types, which then means the same as the
 *  text itself (RFC 4514 section 2.4). */
static bool ber_text(const DnAva *ava, Value *text)
{
    enum { UTF8_STRING = 0x0c, PRINTABLE_STRING = 0x13, IA5_STRING = 0x16 };
    const unsigned char *ber = (const unsigned char *)ava->value;
    if (!ava->is_ber || ava->len < 2 || ber[1] >= 0x80 || ber[1] != ava->len - 2)
        return false;
    *text = (Value){ava->value + 2, ava->len - 2};
    return ber[0] == UTF8_STRING || ber[0] == PRINTABLE_STRING || ber[0] == IA5_STRING;
}

static void append_ava(const Schema *schema, const DnAva *ava, GString *out, GString *scratch)
{
    const TypeRecord *record = schema_table_find(&schema->types, ava->type, strlen(ava->type));
    size_t start = out->len;
    g_string_append(out, record ? record->lower_name : ava->type);
    for (size_t i = start; !record && i < out->len; i++)
        out->str[i] = g_ascii_tolower(out->str[i]);
    g_string_append_c(out, '=');
    Value value = {ava->value, ava->len};
    if (ava->is_ber && !ber_text(ava, &value)) {
        g_string_append_c(out, '#');
        for (size_t i = 0; i < ava->len; i++)
            g_string_append_printf(out, "%02x", (unsigned char)ava->value[i]);
        return;
    }
    EqualityKind kind = schema_kind(schema, record ? &record->type : NULL);
    if (kind == EQUALITY_DN) /* names in names in names would be recursion as deep as the text is long */
        kind = EQUALITY_CASE_IGNORE;
    g_string_truncate(scratch, 0);
    schema_normalise_kind(schema, kind, value, scratch);
    dn_append_escaped(out, scratch->str, scratch->len);
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** An RDN of several AVAs: their order does not count. */
static void append_set(const Schema *schema, const DnRdn *rdn, GString *out, GString *scratch)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < rdn->n_avas; i++) {
        GString *text = g_string_sized_new(64);
        append_ava(schema, &rdn->avas[i], text, scratch);
        g_ptr_array_add(texts, g_string_free(text, FALSE));
    }
    g_ptr_array_sort(texts, compare_texts);
    for (guint i = 0; i < texts->len; i++) {
        if (i)
            g_string_append_c(out, '+');
        g_string_append(out, g_ptr_array_index(texts, i));
    }
}

static bool append_name(const Schema *schema, const char *text, GString *out)
{
    g_autoptr(Dn) dn = dn_parse(text, NULL);
    if (!dn)
        return false;
    GString *scratch = g_string_sized_new(64);
    for (size_t i = 0; i < dn->n_rdns; i++) {
        if (i)
            g_string_append_c(out, ',');
        if (dn->rdns[i].n_avas == 1)
            append_ava(schema, &dn->rdns[i].avas[0], out, scratch);
        else
            append_set(schema, &dn->rdns[i], out, scratch);
    }
    g_string_free(scratch, TRUE);
    return true;
}

/** Length of the DN in DN#'0101'B, a name with optional unique identifier (RFC 4517 section 3.3.21). */
static size_t dn_part(Value value)
{
    const char *at = value.data + value.len;
    if (value.len < 4 || memcmp(at - 2, "'B", 2) != 0)
        return value.len;
    for (at -= 3; at > value.data && (*at == '0' || *at == '1'); at--)
        continue;
    return at > value.data && *at == '\'' && at[-1] == '#' ? (size_t)(at - 1 - value.data) : value.len;
}

bool schema_append_dn(const Schema *schema, Value value, GString *out)
{
    if (memchr(value.data, '\0', value.len))
        return false;
    size_t len = dn_part(value);
    if (len == value.len && !value.data[len])
        return append_name(schema, value.data, out);
    g_autofree char *name = g_strndup(value.data, len);
    if (!append_name(schema, name, out))
        return false;
    g_string_append_len(out, value.data + len, (gssize)(value.len - len));
    return true;
}

char *schema_normalise_dn(const Schema *schema, const char *dn)
{
    GString *out = g_string_sized_new(128);
    bool good = append_name(schema, dn, out);
    return g_string_free(out, !good);
}

/** True when the canonical name @dn ends with @base at the border of an RDN. */
static bool ends_with(const char *dn, const char *base)
{
    size_t len = strlen(dn), base_len = strlen(base);
    if (!base_len || len < base_len || strcmp(dn + len - base_len, base) != 0)
        return !base_len;
    if (len == base_len)
        return true;
    const char *comma = dn + len - base_len - 1;
    size_t backslashes = 0;
    while (comma - backslashes > dn && comma[-1 - (ptrdiff_t)backslashes] == '\\')
        backslashes++;
    return *comma == ',' && backslashes % 2 == 0;
}

bool schema_dn_within(const Schema *schema, const char *dn, const char *base)
{
    g_autofree char *below = schema_normalise_dn(schema, dn);
    g_autofree char *above = schema_normalise_dn(schema, base);
    return below && above && ends_with(below, above);
}

bool schema_dn_equal(const Schema *schema, const char *a, const char *b)
{
    g_autofree char *left = schema_normalise_dn(schema, a);
    g_autofree char *right = schema_normalise_dn(schema, b);
    return left && right && strcmp(left, right) == 0;
}
