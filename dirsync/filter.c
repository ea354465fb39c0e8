/*
 * filter.c - reading and writing filters as text, RFC 4515
 *
 * Blanks are allowed between the parts (definitions are XML, people break
 * lines), never inside a value, where they count. The reader goes down one
 * level a parenthesis and stops at FILTER_MAX_DEPTH. Values that come from data
 * must go through filter_escape() or filter_equals(), nothing else. Evaluation:
 * filter_match.c; the wire form: filter_ber.c.
 */
#include "dirsync/filter_internal.h"

#include <string.h>

#include "dirsync/error.h"

Filter *filter_new(void)
{
    Entry *arena = entry_new("");
    Filter *filter = entry_alloc(arena, sizeof *filter);
    *filter = (Filter){.arena = arena};
    return filter;
}

void filter_free(Filter *filter)
{
    if (filter)
        entry_free(filter->arena);
}

FilterNode *filter_node_new(Filter *filter, FilterKind kind)
{
    FilterNode *node = entry_alloc(filter->arena, sizeof *node);
    *node = (FilterNode){.kind = kind};
    return node;
}

Value filter_copy_value(Filter *filter, const void *data, size_t len)
{
    char *copy = entry_alloc(filter->arena, len + 1);
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return (Value){copy, len};
}

bool filter_is_description(const char *text, size_t len)
{
    if (!len || !g_ascii_isalnum(text[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(text[i]) && text[i] != '-' && text[i] != '.' && text[i] != ';' && text[i] != '_')
            return false;
    return true;
}

/* ---- reading ---- */

typedef struct {
    Filter *filter;
    const char *at;
    const char *wrong;
} Parser;

static FilterNode *parse_filter(Parser *parser, unsigned depth);

static void *fail(Parser *parser, const char *wrong)
{
    if (!parser->wrong)
        parser->wrong = wrong;
    return NULL;
}

static void skip_blanks(Parser *parser)
{
    while (g_ascii_isspace(*parser->at))
        parser->at++;
}

/** A piece of a value, up to ')', '*' or the end; unescaped into the arena. */
static bool parse_piece(Parser *parser, Value *piece)
{
    size_t len = strcspn(parser->at, ")*(");
    char *out = entry_alloc(parser->filter->arena, len + 1);
    const char *end = parser->at + len;
    *piece = (Value){out, 0};
    while (parser->at < end) {
        if (*parser->at != '\\') {
            *out++ = *parser->at++;
            continue;
        }
        if (!g_ascii_isxdigit(parser->at[1]) || !g_ascii_isxdigit(parser->at[2]))
            return fail(parser, "a backslash must be followed by two hexadecimal digits"), false;
        *out++ = (char)(g_ascii_xdigit_value(parser->at[1]) << 4 | g_ascii_xdigit_value(parser->at[2]));
        parser->at += 3;
    }
    *out = '\0';
    piece->len = (size_t)(out - piece->data);
    return *parser->at != '(' || fail(parser, "( in a value must be written \\28");
}

static void add_piece(Parser *parser, Piece ***last, PieceKind kind, Value value)
{
    if (!value.len)
        return;
    Piece *piece = entry_alloc(parser->filter->arena, sizeof *piece);
    *piece = (Piece){kind, value, NULL};
    **last = piece;
    *last = &piece->next;
}

/** What follows "attribute=": a value, "*", or pieces with asterisks between. */
static FilterNode *parse_assertion(Parser *parser, FilterNode *node)
{
    Piece **last = &node->pieces;
    PieceKind kind = PIECE_INITIAL;
    for (;;) {
        Value piece;
        if (!parse_piece(parser, &piece))
            return NULL;
        bool more = *parser->at == '*';
        if (!more && kind == PIECE_INITIAL) {
            node->value = piece;
            return node;
        }
        add_piece(parser, &last, more ? kind : PIECE_FINAL, piece);
        if (!more)
            break;
        kind = PIECE_ANY;
        parser->at++;
    }
    node->kind = node->pieces ? FILTER_SUBSTRINGS : FILTER_PRESENT;
    return node;
}

/** A value that may not hold an asterisk. */
static FilterNode *parse_plain_value(Parser *parser, FilterNode *node)
{
    if (!parse_piece(parser, &node->value))
        return NULL;
    return *parser->at == '*' ? fail(parser, "* must be written \\2a here") : node;
}

/** ":dn", ":rule" and ":=", after the attribute of an extensible match. */
static FilterNode *parse_extensible(Parser *parser, FilterNode *node)
{
    node->kind = FILTER_EXTENSIBLE;
    if (g_ascii_strncasecmp(parser->at, ":dn:", 4) == 0) {
        node->dn_attributes = true;
        parser->at += 3;
    }
    if (parser->at[0] == ':' && parser->at[1] != '=') {
        size_t len = strcspn(parser->at + 1, ":()=");
        if (!filter_is_description(parser->at + 1, len))
            return fail(parser, "a matching rule is expected after the colon");
        node->rule = filter_copy_value(parser->filter, parser->at + 1, len).data;
        parser->at += 1 + len;
    }
    if (parser->at[0] != ':' || parser->at[1] != '=')
        return fail(parser, ":= is expected");
    parser->at += 2;
    if (!node->attribute && !node->rule)
        return fail(parser, "an extensible match needs an attribute or a rule");
    return parse_plain_value(parser, node);
}

static FilterNode *parse_item(Parser *parser)
{
    FilterNode *node = filter_node_new(parser->filter, FILTER_EQUALITY);
    size_t len = strcspn(parser->at, "=<>~:()* \t\r\n");
    if (len || *parser->at != ':') {
        if (!filter_is_description(parser->at, len))
            return fail(parser, "an attribute is expected");
        node->attribute = filter_copy_value(parser->filter, parser->at, len).data;
        parser->at += len;
    }
    if (*parser->at == ':')
        return parse_extensible(parser, node);
    if (*parser->at == '=') {
        parser->at++;
        return parse_assertion(parser, node);
    }
    if (!*parser->at || parser->at[1] != '=' || !strchr("<>~", *parser->at))
        return fail(parser, "one of = >= <= ~= := is expected after the attribute");
    node->kind = *parser->at == '>' ? FILTER_GREATER : *parser->at == '<' ? FILTER_LESS : FILTER_APPROX;
    parser->at += 2;
    return parse_plain_value(parser, node);
}

/** The filters after & or |, or the single one after !. */
static FilterNode *parse_set(Parser *parser, unsigned depth)
{
    FilterKind kind = *parser->at == '&' ? FILTER_AND : *parser->at == '|' ? FILTER_OR : FILTER_NOT;
    FilterNode *node = filter_node_new(parser->filter, kind);
    FilterNode **last = &node->first;
    parser->at++;
    for (skip_blanks(parser); *parser->at == '('; skip_blanks(parser)) {
        if (kind == FILTER_NOT && node->first)
            return fail(parser, "! takes one filter");
        FilterNode *child = parse_filter(parser, depth + 1);
        if (!child)
            return NULL;
        *last = child;
        last = &child->next;
    }
    if (kind == FILTER_NOT && !node->first)
        return fail(parser, "a filter in parentheses is expected after !");
    return node;
}

static FilterNode *parse_inner(Parser *parser, unsigned depth)
{
    skip_blanks(parser);
    if (*parser->at && strchr("&|!", *parser->at))
        return parse_set(parser, depth);
    return parse_item(parser);
}

static FilterNode *parse_filter(Parser *parser, unsigned depth)
{
    if (depth > FILTER_MAX_DEPTH)
        return fail(parser, "too many filters within each other");
    parser->at++;
    FilterNode *node = parse_inner(parser, depth);
    if (!node)
        return NULL;
    if (*parser->at != ')')
        return fail(parser, "a closing parenthesis is expected");
    parser->at++;
    return node;
}

Filter *filter_parse(const char *text, GError **error)
{
    g_autoptr(Filter) filter = filter_new();
    Parser parser = {filter, text, NULL};
    skip_blanks(&parser);
    bool enclosed = *parser.at == '(';
    filter->root = enclosed ? parse_filter(&parser, 1) : parse_inner(&parser, 1);
    if (filter->root && enclosed)
        skip_blanks(&parser);
    if (filter->root && !*parser.at)
        return g_steal_pointer(&filter);
    error_set(error, ERROR_INVALID, "filter \"%.200s\": character %zu: %s", text,
              (size_t)(parser.at - text) + 1, parser.wrong ? parser.wrong : "nothing may follow the filter");
    return NULL;
}

/* ---- writing ---- */

static void append_escaped(GString *out, const char *value, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const char *end = value + len;
    for (const char *at = value; at < end;) {
        unsigned char byte = (unsigned char)*at;
        bool multibyte = byte >= 0x80 && g_utf8_get_char_validated(at, end - at) < 0x110000;
        size_t n = multibyte ? (size_t)(g_utf8_next_char(at) - at) : 1;
        if (!multibyte && (byte >= 0x80 || !byte || strchr("()*\\", byte))) {
            g_string_append_c(out, '\\');
            g_string_append_c(out, digits[byte >> 4]);
            g_string_append_c(out, digits[byte & 15]);
        } else {
            g_string_append_len(out, at, (gssize)n);
        }
        at += n;
    }
}

char *filter_escape(const void *value, size_t len)
{
    GString *out = g_string_sized_new(len + 8);
    append_escaped(out, value, len);
    return g_string_free(out, FALSE);
}

char *filter_equals(const char *name, const void *value, size_t len)
{
    GString *out = g_string_sized_new(len + 32);
    g_string_printf(out, "(%s=", name);
    append_escaped(out, value, len);
    g_string_append_c(out, ')');
    return g_string_free(out, FALSE);
}

static void append_pieces(GString *out, const Piece *piece)
{
    if (piece->kind != PIECE_INITIAL)
        g_string_append_c(out, '*');
    for (; piece; piece = piece->next) {
        append_escaped(out, piece->value.data, piece->value.len);
        if (piece->kind != PIECE_FINAL)
            g_string_append_c(out, '*');
    }
}

static void append_extensible(GString *out, const FilterNode *node)
{
    if (node->dn_attributes)
        g_string_append(out, ":dn");
    if (node->rule)
        g_string_append_printf(out, ":%s", node->rule);
    g_string_append(out, ":=");
    append_escaped(out, node->value.data, node->value.len);
}

static void append_node(GString *out, const FilterNode *node)
{
    static const char *const operators[] = {
        [FILTER_AND] = "&",        [FILTER_OR] = "|",       [FILTER_NOT] = "!",   [FILTER_EQUALITY] = "=",
        [FILTER_SUBSTRINGS] = "=", [FILTER_GREATER] = ">=", [FILTER_LESS] = "<=", [FILTER_PRESENT] = "=*",
        [FILTER_APPROX] = "~=",    [FILTER_EXTENSIBLE] = ""};
    g_string_append_c(out, '(');
    g_string_append(out, node->attribute ? node->attribute : "");
    g_string_append(out, operators[node->kind]);
    for (const FilterNode *child = node->first; child; child = child->next)
        append_node(out, child);
    if (node->kind == FILTER_SUBSTRINGS)
        append_pieces(out, node->pieces);
    else if (node->kind == FILTER_EXTENSIBLE)
        append_extensible(out, node);
    else if (node->value.data)
        append_escaped(out, node->value.data, node->value.len);
    g_string_append_c(out, ')');
}

char *filter_format(const Filter *filter)
{
    GString *out = g_string_sized_new(128);
    append_node(out, filter->root);
    return g_string_free(out, FALSE);
}

static void collect(const FilterNode *node, GHashTable *names)
{
    if (node->attribute)
        g_hash_table_add(names, g_strdup(node->attribute));
    for (const FilterNode *child = node->first; child; child = child->next)
        collect(child, names);
}

void filter_collect_attributes(const Filter *filter, GHashTable *names)
{
    collect(filter->root, names);
}
