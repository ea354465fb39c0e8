/*
 * schema_dn.c - when two distinguished names are the same
 *
 * The canonical form has the types in lower case and the values in theirs. Names
 * that were asked for just now, and parents, are remembered: of each directory
 * all names end alike.
 */
#include "dirsync/schema_internal.h"

#include <string.h>
#include <xxhash.h>

#include "dirsync/dn.h"

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

static bool append_parsed(const Schema *schema, const char *text, GString *out)
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

/* ---- what was asked before ---- */

/** Names come again and again: the same one several times in a row, and nearly all have the same parent. Of
 *  each thread the last ones; a name always has the same slot. */
#define MEMO_SLOTS 16
#define MEMO_TEXT 256

typedef struct {
    guint64 schema; /* its serial; 0: empty */
    guint32 len, out_len;
    char text[MEMO_TEXT]; /* as it was given */
    char out[MEMO_TEXT];  /* its canonical form */
} Memo;

static _Thread_local Memo names[MEMO_SLOTS], parents[MEMO_SLOTS];

static Memo *memo_slot(Memo *memos, const char *text, size_t len)
{
    return len && len < MEMO_TEXT ? &memos[XXH3_64bits(text, len) % MEMO_SLOTS] : NULL;
}

static bool memo_find(const Memo *memo, const Schema *schema, const char *text, size_t len, GString *out)
{
    if (!memo || memo->schema != schema->serial || memo->len != len || memcmp(memo->text, text, len) != 0)
        return false;
    g_string_append_len(out, memo->out, memo->out_len);
    return true;
}

static void memo_keep(Memo *memo, const Schema *schema, const char *text, size_t len, const GString *out,
                      size_t start)
{
    size_t out_len = out->len - start;
    if (!memo || out_len >= MEMO_TEXT)
        return;
    memo->schema = schema->serial;
    memo->len = (guint32)len;
    memo->out_len = (guint32)out_len;
    memcpy(memo->text, text, len);
    memcpy(memo->out, out->str + start, out_len);
}

/** Where the parent begins, NULL when there is none or only the parser can tell. */
static const char *find_parent(const char *text)
{
    size_t first = g_ascii_isalnum(*text) ? strcspn(text, ",;\\\"") : strlen(text);
    const char *parent = text[first] == ',' ? text + first + 1 : NULL;
    return parent && *parent && *parent != ' ' ? parent : NULL;
}

static bool append_parent(const Schema *schema, const char *parent, size_t len, GString *out)
{
    Memo *memo = memo_slot(parents, parent, len);
    if (memo_find(memo, schema, parent, len, out))
        return true;
    size_t start = out->len;
    if (!append_parsed(schema, parent, out))
        return false;
    memo_keep(memo, schema, parent, len, out, start);
    return true;
}

/** A name is its RDN and its parent, one after the other. */
static bool append_in_parts(const Schema *schema, const char *text, const char *parent, size_t len,
                            GString *out)
{
    g_autofree char *rdn = g_strndup(text, (size_t)(parent - 1 - text));
    if (!append_parsed(schema, rdn, out))
        return false;
    g_string_append_c(out, ',');
    return append_parent(schema, parent, len - (size_t)(parent - text), out);
}

static bool append_name(const Schema *schema, const char *text, GString *out)
{
    size_t len = strlen(text), start = out->len;
    Memo *memo = memo_slot(names, text, len);
    if (memo_find(memo, schema, text, len, out))
        return true;
    const char *parent = memo ? find_parent(text) : NULL;
    bool good = parent ? append_in_parts(schema, text, parent, len, out) : append_parsed(schema, text, out);
    if (good)
        memo_keep(memo, schema, text, len, out, start);
    else
        g_string_truncate(out, start);
    return good;
}

/* ---- names ---- */

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
