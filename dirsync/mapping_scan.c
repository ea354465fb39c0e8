/*
 * mapping_scan.c - reads an expression's words before libxml2 compiles it
 *
 * libxml2 would find an unknown function or a path that leads nowhere only
 * when an entry is mapped, or never. Here they are found when the mapping is
 * loaded, and the attributes that an expression reads are listed. Values have
 * no children, so paths (a/b, @a, bare names) are always a mistake: most often
 * a forgotten '$'. Grammar proper is left to the compiler.
 */
#include "dirsync/mapping_internal.h"

#include <string.h>

#define MAX_EXPRESSION 8192
#define MAX_NESTING 40

/** One open bracket. */
typedef struct {
    char closer;                     /* ')' or ']' */
    const MappingFunction *function; /* whose arguments these are, or NULL */
    int commas;
    int tokens;
    bool only_number; /* one token, a number or last(): [1] */
    bool only_name;   /* one token, a literal */
} Frame;

typedef struct {
    const char *text;
    const char *p;
    bool has_context;
    bool after_operand; /* the last token ends an operand, so that "*" multiplies and "and" is an operator */
    bool has_union;     /* '|' outside of brackets */
    bool ends_in_index; /* the last token closed a [1] outside of brackets */
    bool starts_nodes;  /* begins with a variable, attribute() or a bracket */
    Frame frames[MAX_NESTING];
    size_t depth;
    GPtrArray *sources;
    char *reason;
} Scan;

static bool fail(Scan *scan, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(Scan *scan, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    scan->reason = g_strdup_vprintf(format, args);
    va_end(args);
    return false;
}

static Frame *top(Scan *scan)
{
    return &scan->frames[scan->depth];
}

static void token(Scan *scan, bool operand, bool number, bool literal)
{
    Frame *frame = top(scan);
    frame->only_number = frame->tokens == 0 && number;
    frame->only_name = frame->tokens == 0 && literal;
    frame->tokens++;
    scan->after_operand = operand;
    scan->ends_in_index = false;
}

static size_t name_length(const char *p)
{
    size_t length = 0;
    if (!g_ascii_isalpha(*p) && *p != '_')
        return 0;
    while (g_ascii_isalnum(p[length]) || (p[length] && strchr("-_.", p[length])))
        length++;
    return length;
}

static void add_source(Scan *scan, const char *name, size_t length)
{
    for (guint i = 0; i < scan->sources->len; i++) {
        const char *known = g_ptr_array_index(scan->sources, i);
        if (strlen(known) == length && g_ascii_strncasecmp(known, name, length) == 0)
            return;
    }
    g_ptr_array_add(scan->sources, g_strndup(name, length));
}

static bool scan_variable(Scan *scan)
{
    size_t length = name_length(scan->p + 1);
    if (length == 0)
        return fail(scan, "'$' without an attribute name; a name that begins with a digit is written "
                          "attribute('...')");
    const char *after = scan->p + 1 + length;
    if (*after == ';' || *after == ':')
        return fail(scan, "'%c' in a variable; write attribute('%.*s;...')", *after, (int)length,
                    scan->p + 1);
    add_source(scan, scan->p + 1, length);
    token(scan, true, false, false);
    scan->p = after;
    return true;
}

static bool scan_literal(Scan *scan)
{
    const char *end = strchr(scan->p + 1, *scan->p);
    if (!end)
        return fail(scan, "a text in quotes does not end");
    const Frame *frame = top(scan);
    if (frame->function && strcmp(frame->function->name, "attribute") == 0 && frame->tokens == 0) {
        if (end == scan->p + 1)
            return fail(scan, "attribute('') names no attribute");
        add_source(scan, scan->p + 1, (size_t)(end - scan->p - 1));
    }
    token(scan, true, false, true);
    scan->p = end + 1;
    return true;
}

static bool scan_open(Scan *scan, char closer, const MappingFunction *function)
{
    if (scan->depth + 1 == MAX_NESTING)
        return fail(scan, "nested too deeply; at most %d brackets", MAX_NESTING - 1);
    token(scan, false, false, false);
    scan->frames[++scan->depth] = (Frame){.closer = closer, .function = function};
    scan->p++;
    return true;
}

static bool check_arguments(Scan *scan, const Frame *frame)
{
    const MappingFunction *function = frame->function;
    int n = frame->tokens ? frame->commas + 1 : 0;
    if (n < function->min || (function->max >= 0 && n > function->max))
        return fail(scan, "%s() has %d arguments; allowed: %s", function->name, n, function->signature);
    if (strcmp(function->name, "attribute") == 0 && !frame->only_name)
        return fail(scan, "attribute() wants a name in quotes; allowed: %s", function->signature);
    bool in_predicate = false;
    for (size_t i = 1; i < scan->depth; i++)
        in_predicate = in_predicate || scan->frames[i].closer == ']';
    if (n == 0 && function->needs_context && !scan->has_context && !in_predicate)
        return fail(scan, "%s() without argument means the current value, and there is none; allowed: %s",
                    function->name, function->signature);
    return true;
}

static bool scan_close(Scan *scan)
{
    Frame frame = *top(scan);
    if (scan->depth == 0 || frame.closer != *scan->p)
        return fail(scan, "'%c' closes nothing", *scan->p);
    if (frame.function && !check_arguments(scan, &frame))
        return false;
    scan->depth--;
    bool is_last = frame.function && strcmp(frame.function->name, "last") == 0;
    bool was_first = top(scan)->tokens == 1;
    token(scan, true, false, false);
    top(scan)->only_number = is_last && was_first;
    scan->ends_in_index = scan->depth == 0 && frame.closer == ']' && frame.only_number;
    scan->p++;
    return true;
}

static bool scan_number(Scan *scan)
{
    scan->p += strspn(scan->p, "0123456789.");
    token(scan, true, true, false);
    return true;
}

/* An operator, a function or, by mistake, a path. */
static bool scan_name(Scan *scan)
{
    size_t length = name_length(scan->p);
    g_autofree char *name = g_strndup(scan->p, length);
    const char *after = scan->p + length + strspn(scan->p + length, " \t\r\n");
    if (scan->after_operand) {
        static const char *const operators[] = {"and", "or", "div", "mod", NULL};
        if (!g_strv_contains(operators, name))
            return fail(scan,
                        "%s: an operator is missing before it; allowed: and, or, div, mod, = != < > + - * |",
                        name);
        token(scan, false, false, false);
        scan->p += length;
        return true;
    }
    if (*after != '(')
        return fail(scan, "%s: is a path, and values have no parts; the attribute is $%s", name, name);
    const MappingFunction *function = mapping_function(name);
    if (!function)
        return fail(scan, "%s(): there is no such function; they are listed in dirsync-mapping(5)", name);
    if (scan->depth == 0 && top(scan)->tokens == 0)
        scan->starts_nodes = strcmp(name, "attribute") == 0;
    scan->p = after;
    return scan_open(scan, ')', function);
}

static bool scan_dot(Scan *scan)
{
    bool in_predicate = false;
    for (size_t i = 1; i <= scan->depth; i++)
        in_predicate = in_predicate || scan->frames[i].closer == ']';
    if (scan->p[1] == '.')
        return fail(scan, "'..': values have no parents");
    if (!in_predicate && !scan->has_context)
        return fail(scan, "'.' means the current value, and there is none; use for-each or [ ]");
    token(scan, true, false, false);
    scan->p++;
    return true;
}

static bool scan_operator(Scan *scan)
{
    char c = *scan->p;
    if (!strchr("=!<>+-*|,", c))
        return fail(scan, "'%c' has no place in an expression%s", c,
                    strchr("/@:", c) ? "; values have no parts, an attribute is $name" : "");
    if (c == '*' && !scan->after_operand)
        return fail(scan, "'*' is a path here, and values have no parts");
    if (c == ',')
        top(scan)->commas++;
    scan->has_union = scan->has_union || (c == '|' && scan->depth == 0);
    token(scan, false, false, false);
    scan->p++;
    return true;
}

static bool scan_token(Scan *scan)
{
    char c = *scan->p;
    if (scan->depth == 0 && top(scan)->tokens == 0)
        scan->starts_nodes = c == '$' || c == '(';
    if (c == '$')
        return scan_variable(scan);
    if (c == '\'' || c == '"')
        return scan_literal(scan);
    if (g_ascii_isdigit(c) || (c == '.' && g_ascii_isdigit(scan->p[1])))
        return scan_number(scan);
    if (c == '.')
        return scan_dot(scan);
    if (name_length(scan->p))
        return scan_name(scan);
    if (c == '(' || c == '[')
        return scan_open(scan, c == '(' ? ')' : ']', NULL);
    return c == ')' || c == ']' ? scan_close(scan) : scan_operator(scan);
}

char *expression_scan(const char *text, bool has_context, GPtrArray *sources, bool *is_single)
{
    if (strlen(text) > MAX_EXPRESSION)
        return g_strdup_printf("the expression is too long; at most %d bytes", MAX_EXPRESSION);
    Scan scan = {.text = text, .p = text, .has_context = has_context, .sources = sources};
    bool good = true;
    while (good) {
        scan.p += strspn(scan.p, " \t\r\n");
        if (!*scan.p)
            break;
        good = scan_token(&scan);
    }
    if (good && scan.depth > 0)
        fail(&scan, "'%c' is missing at the end", top(&scan)->closer);
    *is_single = scan.ends_in_index && !scan.has_union && scan.starts_nodes;
    return scan.reason;
}
