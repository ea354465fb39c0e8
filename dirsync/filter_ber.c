/*
 * filter_ber.c - filters as RFC 4511 section 4.5.1 has them on the wire
 *
 * The few lines of BER that a filter needs: definite lengths, low tag numbers.
 * The reader trusts no length it has not checked against what is left and goes
 * no deeper than FILTER_MAX_DEPTH.
 */
#include "dirsync/filter_internal.h"

#include <string.h>

#include "dirsync/error.h"

enum {
    TAG_OCTETS = 0x04,
    TAG_SEQUENCE = 0x30,
    TAG_CONTEXT = 0x80,
    TAG_CONSTRUCTED = 0x20,
    TAG_RULE = 0x81,
    TAG_TYPE = 0x82,
    TAG_VALUE = 0x83,
    TAG_DN_ATTRIBUTES = 0x84
};

/* ---- writing ---- */

static void put_header(GByteArray *out, unsigned tag, size_t len)
{
    guint8 header[2 + sizeof(size_t)] = {(guint8)tag};
    guint n = 2;
    if (len < 0x80) {
        header[1] = (guint8)len;
    } else {
        guint bytes = 1;
        while (len >> (8 * bytes))
            bytes++;
        header[1] = (guint8)(0x80 | bytes);
        for (guint i = bytes; i; i--)
            header[n++] = (guint8)(len >> (8 * (i - 1)));
    }
    g_byte_array_append(out, header, n);
}

static void put_bytes(GByteArray *out, unsigned tag, const char *data, size_t len)
{
    put_header(out, tag, len);
    g_byte_array_append(out, (const guint8 *)data, (guint)len);
}

static void put_string(GByteArray *out, unsigned tag, const char *text)
{
    put_bytes(out, tag, text, strlen(text));
}

/** Appends @inner, which it frees, as contents of @tag. */
static void put_constructed(GByteArray *out, unsigned tag, GByteArray *inner)
{
    put_bytes(out, tag, (const char *)inner->data, inner->len);
    g_byte_array_free(inner, TRUE);
}

static void put_pieces(GByteArray *out, const Piece *piece)
{
    GByteArray *pieces = g_byte_array_new();
    for (; piece; piece = piece->next)
        put_bytes(pieces, TAG_CONTEXT | piece->kind, piece->value.data, piece->value.len);
    put_constructed(out, TAG_SEQUENCE, pieces);
}

static void put_extensible(GByteArray *out, const FilterNode *node)
{
    if (node->rule)
        put_string(out, TAG_RULE, node->rule);
    if (node->attribute)
        put_string(out, TAG_TYPE, node->attribute);
    put_bytes(out, TAG_VALUE, node->value.data, node->value.len);
    if (node->dn_attributes)
        put_bytes(out, TAG_DN_ATTRIBUTES, "\xff", 1);
}

static void put_node(GByteArray *out, const FilterNode *node)
{
    if (node->kind == FILTER_PRESENT) {
        put_string(out, TAG_CONTEXT | FILTER_PRESENT, node->attribute);
        return;
    }
    GByteArray *inner = g_byte_array_new();
    for (const FilterNode *child = node->first; child; child = child->next)
        put_node(inner, child);
    if (node->kind == FILTER_EXTENSIBLE) {
        put_extensible(inner, node);
    } else if (node->attribute) {
        put_string(inner, TAG_OCTETS, node->attribute);
        if (node->kind == FILTER_SUBSTRINGS)
            put_pieces(inner, node->pieces);
        else
            put_bytes(inner, TAG_OCTETS, node->value.data, node->value.len);
    }
    put_constructed(out, TAG_CONTEXT | TAG_CONSTRUCTED | node->kind, inner);
}

GBytes *filter_to_ber(const Filter *filter)
{
    GByteArray *out = g_byte_array_new();
    put_node(out, filter->root);
    return g_byte_array_free_to_bytes(out);
}

/* ---- reading ---- */

typedef struct {
    const guint8 *at, *end;
} Span;

static bool get_length(Span *in, size_t *len)
{
    if (in->at == in->end)
        return false;
    guint8 first = *in->at++;
    *len = first & 0x7f;
    if (!(first & 0x80))
        return true;
    size_t n = *len;
    if (!n || n > 4 || (size_t)(in->end - in->at) < n)
        return false;
    for (*len = 0; n; n--)
        *len = *len << 8 | *in->at++;
    return true;
}

/** The next element: its tag, and its contents. */
static bool get_element(Span *in, unsigned *tag, Span *contents)
{
    size_t len;
    if (in->at == in->end)
        return false;
    *tag = *in->at++;
    if (!get_length(in, &len) || len > (size_t)(in->end - in->at))
        return false;
    *contents = (Span){in->at, in->at + len};
    in->at += len;
    return true;
}

static bool get_tagged(Span *in, unsigned wanted, Span *contents)
{
    unsigned tag;
    return get_element(in, &tag, contents) && tag == wanted;
}

static Value copy_span(Filter *filter, Span span)
{
    return filter_copy_value(filter, span.at, (size_t)(span.end - span.at));
}

static bool take_description(Filter *filter, Span span, const char **description)
{
    if (!filter_is_description((const char *)span.at, (size_t)(span.end - span.at)))
        return false;
    *description = copy_span(filter, span).data;
    return true;
}

static bool get_pieces(Filter *filter, Span in, FilterNode *node)
{
    Piece **last = &node->pieces;
    PieceKind before = PIECE_INITIAL;
    while (in.at < in.end) {
        unsigned tag;
        Span contents;
        if (!get_element(&in, &tag, &contents) || contents.at == contents.end)
            return false;
        unsigned kind = tag ^ TAG_CONTEXT;
        if (kind > PIECE_FINAL || before == PIECE_FINAL || (kind == PIECE_INITIAL && node->pieces))
            return false;
        Piece *piece = entry_alloc(filter->arena, sizeof *piece);
        *piece = (Piece){(PieceKind)kind, copy_span(filter, contents), NULL};
        before = piece->kind;
        *last = piece;
        last = &piece->next;
    }
    return node->pieces;
}

static bool get_extensible(Filter *filter, Span in, FilterNode *node)
{
    bool has_value = false;
    while (in.at < in.end) {
        unsigned tag;
        Span contents;
        if (!get_element(&in, &tag, &contents))
            return false;
        if (tag == TAG_RULE && !node->rule && !node->attribute && !has_value) {
            if (!take_description(filter, contents, &node->rule))
                return false;
        } else if (tag == TAG_TYPE && !node->attribute && !has_value) {
            if (!take_description(filter, contents, &node->attribute))
                return false;
        } else if (tag == TAG_VALUE && !has_value) {
            node->value = copy_span(filter, contents);
            has_value = true;
        } else if (tag == TAG_DN_ATTRIBUTES && has_value && contents.end - contents.at == 1) {
            node->dn_attributes = *contents.at;
        } else {
            return false;
        }
    }
    return has_value && (node->rule || node->attribute);
}

static bool get_assertion(Filter *filter, Span in, FilterNode *node)
{
    Span attribute, value;
    unsigned wanted = node->kind == FILTER_SUBSTRINGS ? TAG_SEQUENCE : TAG_OCTETS;
    if (!get_tagged(&in, TAG_OCTETS, &attribute) || !take_description(filter, attribute, &node->attribute) ||
        !get_tagged(&in, wanted, &value) || in.at != in.end)
        return false;
    if (node->kind == FILTER_SUBSTRINGS)
        return get_pieces(filter, value, node);
    node->value = copy_span(filter, value);
    return true;
}

static FilterNode *get_node(Filter *filter, Span *in, unsigned depth);

static bool get_set(Filter *filter, Span in, FilterNode *node, unsigned depth)
{
    FilterNode **last = &node->first;
    size_t n = 0;
    for (; in.at < in.end; n++) {
        FilterNode *child = get_node(filter, &in, depth + 1);
        if (!child)
            return false;
        *last = child;
        last = &child->next;
    }
    return node->kind != FILTER_NOT || n == 1;
}

static FilterNode *get_node(Filter *filter, Span *in, unsigned depth)
{
    unsigned tag;
    Span contents;
    if (depth > FILTER_MAX_DEPTH || !get_element(in, &tag, &contents))
        return NULL;
    unsigned kind = tag & 0x1f;
    bool constructed = kind != FILTER_PRESENT;
    if (kind > FILTER_EXTENSIBLE || tag != (TAG_CONTEXT | (constructed ? TAG_CONSTRUCTED : 0u) | kind))
        return NULL;
    FilterNode *node = filter_node_new(filter, (FilterKind)kind);
    bool read;
    if (kind <= FILTER_NOT)
        read = get_set(filter, contents, node, depth);
    else if (kind == FILTER_PRESENT)
        read = take_description(filter, contents, &node->attribute);
    else if (kind == FILTER_EXTENSIBLE)
        read = get_extensible(filter, contents, node);
    else
        read = get_assertion(filter, contents, node);
    return read ? node : NULL;
}

Filter *filter_from_ber(const void *data, size_t len, GError **error)
{
    g_autoptr(Filter) filter = filter_new();
    Span in = {data, (const guint8 *)data + len};
    filter->root = get_node(filter, &in, 1);
    if (filter->root && in.at == in.end)
        return g_steal_pointer(&filter);
    error_set(error, ERROR_INVALID, "filter in BER: byte %zu: not a filter of RFC 4511 section 4.5.1",
              (size_t)(in.at - (const guint8 *)data) + 1);
    return NULL;
}
