/*
 * schema_parse.c - descriptions of attribute types and classes, RFC 4512 section 4.1
 *
 * One parser for attribute types, object classes and content rules, driven by
 * a table of keywords. Takes what servers really send: quoted OIDs (Active
 * Directory), names for OIDs (389), no blanks around parentheses, extensions
 * with any argument. Not recursive. Does not look anything up.
 */
#include "dirsync/schema_internal.h"

#include <stddef.h>
#include <string.h>

#define MAX_LIST 65536

typedef enum {
    TOKEN_END,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_DOLLAR,
    TOKEN_WORD,
    TOKEN_QUOTED,
    TOKEN_BAD
} TokenKind;

typedef struct {
    Entry *arena;
    const char *at, *end;
    TokenKind kind; /* the token the scanner stands on */
    Value token;
    GPtrArray *list;
} Scanner;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(char c)
{
    return is_blank(c) || c == '(' || c == ')' || c == '$' || c == '\'' || c == '\0';
}

static void scan_quoted(Scanner *scanner)
{
    const char *start = ++scanner->at;
    const char *close = memchr(start, '\'', (size_t)(scanner->end - start));
    scanner->kind = close ? TOKEN_QUOTED : TOKEN_BAD;
    if (!close)
        return;
    scanner->token = (Value){start, (size_t)(close - start)};
    scanner->at = close + 1;
}

static void scan_word(Scanner *scanner)
{
    const char *start = scanner->at;
    while (scanner->at < scanner->end && !ends_word(*scanner->at))
        scanner->at++;
    scanner->token = (Value){start, (size_t)(scanner->at - start)};
    scanner->kind = scanner->token.len ? TOKEN_WORD : TOKEN_BAD;
}

static void next_token(Scanner *scanner)
{
    while (scanner->at < scanner->end && is_blank(*scanner->at))
        scanner->at++;
    if (scanner->at == scanner->end) {
        scanner->kind = TOKEN_END;
        return;
    }
    switch (*scanner->at) {
    case '(':
    case ')':
    case '$':
        scanner->kind = *scanner->at == '(' ? TOKEN_OPEN : *scanner->at == ')' ? TOKEN_CLOSE : TOKEN_DOLLAR;
        scanner->at++;
        return;
    case '\'':
        scan_quoted(scanner);
        return;
    default:
        scan_word(scanner);
    }
}

static bool is_text(const Scanner *scanner)
{
    return scanner->kind == TOKEN_WORD || scanner->kind == TOKEN_QUOTED;
}

/** The token as a string; NULL when it cannot be a name or OID. */
static const char *take_name(Scanner *scanner)
{
    size_t len = scanner->token.len;
    if (!is_text(scanner) || !len)
        return NULL;
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(scanner->token.data[i]) && !strchr("-._{}:", scanner->token.data[i]))
            return NULL;
    if (memchr(scanner->token.data, '\0', len))
        return NULL;
    char *name = entry_alloc(scanner->arena, len + 1);
    memcpy(name, scanner->token.data, len);
    name[len] = '\0';
    next_token(scanner);
    return name;
}

static const char *const *store_list(Scanner *scanner)
{
    const char **list = entry_alloc(scanner->arena, (scanner->list->len + 1) * sizeof *list);
    for (guint i = 0; i < scanner->list->len; i++)
        list[i] = g_ptr_array_index(scanner->list, i);
    list[scanner->list->len] = NULL;
    return list;
}

/** One name, or names in parentheses with blanks or dollars between; NULL when it is neither. */
static const char *const *take_list(Scanner *scanner)
{
    g_ptr_array_set_size(scanner->list, 0);
    bool many = scanner->kind == TOKEN_OPEN;
    if (many)
        next_token(scanner);
    do {
        while (many && scanner->kind == TOKEN_DOLLAR)
            next_token(scanner);
        if (many && scanner->kind == TOKEN_CLOSE)
            break;
        const char *name = take_name(scanner);
        if (!name || scanner->list->len == MAX_LIST)
            return NULL;
        g_ptr_array_add(scanner->list, (gpointer)name);
    } while (many);
    if (many)
        next_token(scanner);
    return store_list(scanner);
}

/** Leaves out what follows an unknown keyword: a quoted string, or anything in parentheses. */
static bool skip_argument(Scanner *scanner)
{
    size_t depth = 0;
    do {
        if (scanner->kind == TOKEN_END || scanner->kind == TOKEN_BAD)
            return false;
        if (!depth && scanner->kind != TOKEN_OPEN && scanner->kind != TOKEN_QUOTED)
            return true;
        depth += scanner->kind == TOKEN_OPEN;
        depth -= scanner->kind == TOKEN_CLOSE;
        next_token(scanner);
    } while (depth);
    return true;
}

/** SYNTAX oid{bound}. */
static bool take_syntax(Scanner *scanner, Description *description)
{
    char *syntax = (char *)take_name(scanner);
    if (!syntax)
        return false;
    char *bound = strchr(syntax, '{');
    if (bound) {
        guint64 n = g_ascii_strtoull(bound + 1, NULL, 10);
        description->max_length = (size_t)MIN(n, G_MAXUINT32);
        *bound = '\0';
    }
    description->syntax = syntax;
    return true;
}

static bool take_usage(Scanner *scanner, Description *description)
{
    const char *usage = take_name(scanner);
    description->operational = usage && g_ascii_strcasecmp(usage, "userApplications") != 0;
    return usage;
}

typedef enum {
    ARGUMENT_NAME,
    ARGUMENT_LIST,
    ARGUMENT_FLAG,
    ARGUMENT_KIND,
    ARGUMENT_SYNTAX,
    ARGUMENT_USAGE
} Argument;

typedef struct {
    const char *word;
    Argument argument;
    size_t offset; /* of the field, or the ClassKind */
} Keyword;

static const Keyword keywords[] = {
    {"NAME", ARGUMENT_LIST, offsetof(Description, names)},
    {"SUP", ARGUMENT_LIST, offsetof(Description, superiors)},
    {"MUST", ARGUMENT_LIST, offsetof(Description, must)},
    {"MAY", ARGUMENT_LIST, offsetof(Description, may)},
    {"AUX", ARGUMENT_LIST, offsetof(Description, auxiliary)},
    {"EQUALITY", ARGUMENT_NAME, offsetof(Description, equality)},
    {"SUBSTR", ARGUMENT_NAME, offsetof(Description, substring)},
    {"SYNTAX", ARGUMENT_SYNTAX, 0},
    {"USAGE", ARGUMENT_USAGE, 0},
    {"SINGLE-VALUE", ARGUMENT_FLAG, offsetof(Description, single_value)},
    {"NO-USER-MODIFICATION", ARGUMENT_FLAG, offsetof(Description, no_user_modification)},
    {"STRUCTURAL", ARGUMENT_KIND, CLASS_STRUCTURAL},
    {"AUXILIARY", ARGUMENT_KIND, CLASS_AUXILIARY},
    {"ABSTRACT", ARGUMENT_KIND, CLASS_ABSTRACT},
};

static const Keyword *find_keyword(Value word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keywords); i++) {
        const char *known = keywords[i].word;
        if (strlen(known) == word.len && g_ascii_strncasecmp(known, word.data, word.len) == 0)
            return &keywords[i];
    }
    return NULL;
}

static bool take_argument(Scanner *scanner, const Keyword *keyword, Description *description)
{
    void *field = (char *)description + keyword->offset;
    switch (keyword->argument) {
    case ARGUMENT_NAME:
        return (*(const char **)field = take_name(scanner));
    case ARGUMENT_LIST:
        return (*(const char *const **)field = take_list(scanner));
    case ARGUMENT_FLAG:
        *(bool *)field = true;
        return true;
    case ARGUMENT_KIND:
        description->kind = (ClassKind)keyword->offset;
        return true;
    case ARGUMENT_SYNTAX:
        return take_syntax(scanner, description);
    case ARGUMENT_USAGE:
        return take_usage(scanner, description);
    }
    return false;
}

static bool parse_body(Scanner *scanner, Description *description)
{
    next_token(scanner);
    if (scanner->kind != TOKEN_OPEN)
        return false;
    next_token(scanner);
    description->oid = take_name(scanner);
    if (!description->oid)
        return false;
    while (scanner->kind == TOKEN_WORD) {
        const Keyword *keyword = find_keyword(scanner->token);
        next_token(scanner);
        if (keyword ? !take_argument(scanner, keyword, description) : !skip_argument(scanner))
            return false;
    }
    if (scanner->kind != TOKEN_CLOSE)
        return false;
    next_token(scanner);
    return scanner->kind == TOKEN_END;
}

bool schema_parse_description(Entry *arena, Value text, Description *description)
{
    static const char *const none[] = {NULL};
    *description = (Description){.names = none, .superiors = none};
    description->must = description->may = description->auxiliary = none;
    Scanner scanner = {.arena = arena, .at = text.data, .end = text.data + text.len};
    scanner.list = g_ptr_array_new();
    bool read = parse_body(&scanner, description);
    g_ptr_array_free(scanner.list, TRUE);
    return read;
}
