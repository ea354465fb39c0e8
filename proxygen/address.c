/*
 * address.c - taking addresses apart and putting them together; see address.h
 */
#include "proxygen/address_internal.h"

#include <string.h>

void address_free(Address *address)
{
    if (!address)
        return;
    for (size_t i = 0; i < address->n_parts; i++) {
        g_free(address->parts[i].name);
        g_free(address->parts[i].value);
    }
    g_free(address->parts);
    g_free(address->type);
    g_free(address->value);
    g_free(address);
}

void address_add_part(Address *address, const char *name, char *value)
{
    address->parts = g_renew(AddressPart, address->parts, address->n_parts + 1);
    address->parts[address->n_parts++] = (AddressPart){g_strdup(name), value};
}

const char *address_part(const Address *address, const char *name)
{
    for (size_t i = 0; i < address->n_parts; i++)
        if (!strcmp(address->parts[i].name, name))
            return address->parts[i].value;
    return NULL;
}

static void drop_parts(Address *address)
{
    for (size_t i = 0; i < address->n_parts; i++) {
        g_free(address->parts[i].name);
        g_free(address->parts[i].value);
    }
    address->n_parts = 0;
}

/* --- parts by rule --- */

static bool is_outer_blank(const char *value)
{
    size_t len = strlen(value);
    return len && (value[0] == ' ' || value[len - 1] == ' ');
}

bool address_check_part(const AddressPartRule *rule, const char *value, GError **error)
{
    glong len = g_utf8_strlen(value, -1);
    if (!*value || is_outer_blank(value))
        error_set(error, ERROR_INVALID, "%s: \"%s\" %s", rule->name, value,
                  *value ? "begins or ends with a blank" : "is empty");
    else if (len > (glong)rule->max)
        error_set(error, ERROR_INVALID, "%s: \"%s\" has %ld characters, %u are allowed", rule->name, value,
                  len, rule->max);
    else
        for (const char *p = value; *p; p = g_utf8_next_char(p)) {
            gunichar c = g_utf8_get_char(p);
            if (characters_hold(rule->characters, c) &&
                !(rule->but_not && c < 0x80 && strchr(rule->but_not, (char)c)))
                continue;
            error_set(error, ERROR_INVALID, "%s: \"%s\": the character at place %ld cannot be there",
                      rule->name, value, g_utf8_pointer_to_offset(value, p) + 1);
            return false;
        }
    return *value && !is_outer_blank(value) && len <= (glong)rule->max;
}

/* --- SMTP, RFC 5321 --- */

static bool is_dot_atom(const char *local)
{
    for (const char *p = local; *p; p++)
        if (!characters_hold(CHARACTERS_ATEXT, (unsigned char)*p))
            return false;
    return *local && *local != '.' && !g_str_has_suffix(local, ".") && !strstr(local, "..");
}

/* Printable ASCII between quotation marks, which, as backslashes, are quoted inside. */
static bool is_quoted_string(const char *local)
{
    size_t len = strlen(local);
    if (len < 2 || local[0] != '"' || local[len - 1] != '"')
        return false;
    for (size_t i = 1; i < len - 1; i++) {
        bool quoted = local[i] == '\\';
        i += quoted;
        if (i == len - 1 || (!quoted && local[i] == '"') ||
            !characters_hold(CHARACTERS_ASCII, (unsigned char)local[i]))
            return false;
    }
    return true;
}

static bool is_label(const char *label)
{
    size_t len = strlen(label);
    for (const char *p = label; *p; p++)
        if (!g_ascii_isalnum(*p) && *p != '-')
            return false;
    return len >= 1 && len <= 63 && label[0] != '-' && label[len - 1] != '-';
}

static bool is_domain(const char *domain)
{
    size_t len = strlen(domain);
    if (len > 2 && domain[0] == '[' && domain[len - 1] == ']')
        return strspn(domain + 1, "0123456789abcdefABCDEF.:IPv") == len - 2;
    g_auto(GStrv) labels = g_strsplit(domain, ".", 0);
    for (char **label = labels; *label; label++)
        if (!is_label(*label))
            return false;
    return *labels != NULL;
}

bool address_parse_smtp(Address *address, GError **error)
{
    const char *at = strrchr(address->value, '@');
    g_autofree char *local = at ? g_strndup(address->value, (gsize)(at - address->value)) : NULL;
    if (!at)
        error_set(error, ERROR_INVALID, "there is no @ in it");
    else if (strlen(local) > 64)
        error_set(error, ERROR_INVALID, "local: %zu characters, 64 are allowed", strlen(local));
    else if (!is_dot_atom(local) && !is_quoted_string(local))
        error_set(error, ERROR_INVALID,
                  "local: \"%s\" is neither letters, digits and !#$%%&'*+-/=?^_`{|}~ with single "
                  "dots between, nor \"quoted\"",
                  local);
    else if (strlen(at + 1) > 255 || !is_domain(at + 1))
        error_set(error, ERROR_INVALID, "domain: \"%s\" is no domain such as acme.example", at + 1);
    else {
        address_add_part(address, "local", g_steal_pointer(&local));
        address_add_part(address, "domain", g_strdup(at + 1));
        return true;
    }
    return false;
}

/* --- shapes --- */

/* Where @literal stands in @text, an escaped one not counted; the last one when @greedy. */
static const char *find_literal(const char *text, const char *literal, size_t len, bool greedy, char escape)
{
    const char *found = NULL;
    for (const char *p = text; *p; p++) {
        if (!strncmp(p, literal, len)) {
            found = p;
            if (!greedy)
                break;
        }
        if (escape && *p == escape && p[1])
            p++;
    }
    return found;
}

static char *unescape(const char *text, size_t len, char escape)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < len; i++) {
        if (escape && text[i] == escape && i + 1 < len)
            i++;
        g_string_append_c(out, text[i]);
    }
    return g_string_free(out, FALSE);
}

/* Every character that could be taken for a separator or an escape. */
static void append_escaped(GString *out, const char *text, char escape)
{
    for (const char *p = text; *p; p++) {
        bool separator = escape && !strncmp(p, " at ", 4);
        if (escape && (*p == escape || separator))
            g_string_append_c(out, escape);
        g_string_append_c(out, *p);
    }
}

static size_t literal_length(const char *shape)
{
    size_t len = 0;
    while (shape[len] && !g_ascii_isdigit(shape[len]))
        len++;
    return len;
}

/* Takes @address->value apart by @shape, without looking into the parts. */
static bool split_shape(Address *address, const AddressType *type, const char *shape)
{
    const char *text = address->value;
    while (*shape) {
        const AddressPartRule *rule = &type->parts[*shape++ - '1'];
        size_t len = literal_length(shape);
        const char *end =
            len ? find_literal(text, shape, len, rule->greedy, type->escape) : text + strlen(text);
        if (!end)
            return false;
        address_add_part(address, rule->name, unescape(text, (size_t)(end - text), type->escape));
        text = end + len;
        shape += len;
    }
    return !*text;
}

static const AddressPartRule *rule_of(const AddressType *type, const char *name)
{
    for (size_t i = 0; i < ADDRESS_PARTS_MAX && type->parts[i].name; i++)
        if (!strcmp(type->parts[i].name, name))
            return &type->parts[i];
    return NULL;
}

static bool check_parts(const Address *address, const AddressType *type, GError **error)
{
    for (size_t i = 0; i < address->n_parts; i++)
        if (!address_check_part(rule_of(type, address->parts[i].name), address->parts[i].value, error))
            return false;
    return true;
}

/* "1/2/3" -> "network/post-office/mailbox" */
static char *describe_shape(const AddressType *type)
{
    GString *text = g_string_new(NULL);
    for (const char *p = type->shapes[0]; *p; p++) {
        if (g_ascii_isdigit(*p))
            g_string_append(text, type->parts[*p - '1'].name);
        else
            g_string_append_c(text, *p);
    }
    return g_string_free(text, FALSE);
}

static bool parse_shapes(Address *address, const AddressType *type, GError **error)
{
    bool matched = false;
    for (size_t i = 0; i < ADDRESS_SHAPES_MAX && type->shapes[i]; i++) {
        drop_parts(address);
        if (!split_shape(address, type, type->shapes[i]))
            continue;
        matched = true;
        g_clear_error(error);
        if (check_parts(address, type, error))
            return true;
    }
    if (!matched) {
        g_autofree char *form = describe_shape(type);
        error_set(error, ERROR_INVALID, "it does not have the form %s", form);
    }
    return false;
}

/* --- the whole --- */

const char *address_split(const char *text, char **type, bool *primary)
{
    const char *colon = strchr(text, ':');
    g_autofree char *name = colon ? g_strndup(text, (gsize)(colon - text)) : NULL;
    if (type)
        *type = NULL;
    if (!name || !address_type_is_legal(name))
        return NULL;
    if (primary)
        *primary = !g_ascii_islower(*name);
    if (type)
        *type = g_ascii_strup(name, -1);
    return colon + 1;
}

/* Older fax addresses separate their fields by carriage returns (KB 122032). */
static bool check_text(const char *type, const char *value, GError **error)
{
    bool fax = !strcmp(type, "FAX");
    if (!*value) {
        error_set(error, ERROR_INVALID, "it is empty");
        return false;
    }
    for (const char *p = value; *p; p = g_utf8_next_char(p))
        if (!characters_hold(CHARACTERS_ANY, g_utf8_get_char(p)) && !(fax && *p == '\r')) {
            error_set(error, ERROR_INVALID, "the character at place %ld cannot be there",
                      g_utf8_pointer_to_offset(value, p) + 1);
            return false;
        }
    return true;
}

static bool parse_value(Address *address, GError **error)
{
    static const struct {
        const char *type;
        bool (*parse)(Address *address, GError **error);
    } parsers[] = {{"SMTP", address_parse_smtp},
                   {"X400", address_parse_x400},
                   {"X500", address_parse_x500},
                   {"EX", address_parse_x500}};
    const AddressType *type = address_type(address->type);
    if (!check_text(address->type, address->value, error))
        return false;
    if (!type)
        return true;
    if (type->max && g_utf8_strlen(address->value, -1) > (glong)type->max) {
        error_set(error, ERROR_INVALID, "%ld characters, %u are allowed", g_utf8_strlen(address->value, -1),
                  type->max);
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(parsers); i++)
        if (!strcmp(parsers[i].type, type->name))
            return parsers[i].parse(address, error);
    return parse_shapes(address, type, error);
}

/* Blanks and tabs; a carriage return may be part of it. */
static char *trim(const char *value)
{
    size_t begin = strspn(value, " \t"), end = strlen(value);
    while (end > begin && strchr(" \t", value[end - 1]))
        end--;
    return g_strndup(value + begin, end - begin);
}

Address *address_parse(const char *text, GError **error)
{
    g_autoptr(Address) address = g_new0(Address, 1);
    const char *value = NULL;
    GError *why = NULL;
    if (!g_utf8_validate(text, -1, NULL))
        error_set(&why, ERROR_INVALID, "it is not UTF-8");
    else if (g_utf8_strlen(text, -1) > ADDRESS_MAX)
        error_set(&why, ERROR_INVALID, "it is longer than %d characters", ADDRESS_MAX);
    else if (!(value = address_split(text, &address->type, &address->primary)))
        error_set(&why, ERROR_INVALID, "there is no type in front, as in SMTP:ann@acme.example");
    if (value) {
        address->value = trim(value);
        if (parse_value(address, &why))
            return g_steal_pointer(&address);
    }
    g_autofree char *safe = g_utf8_make_valid(text, (gssize)MIN(strlen(text), (size_t)ADDRESS_MAX));
    g_propagate_prefixed_error(error, why, "%s: ", safe);
    return NULL;
}

bool address_validate(const char *type, const char *value, GError **error)
{
    g_autofree char *whole = g_strconcat(type, ":", value, NULL);
    g_autoptr(Address) address = address_parse(whole, error);
    return address != NULL;
}

char *address_format(const char *type, bool primary, const char *value)
{
    g_autofree char *cased = primary ? g_ascii_strup(type, -1) : g_ascii_strdown(type, -1);
    return g_strconcat(cased, ":", value, NULL);
}

/* --- joining --- */

static const char *value_of(const AddressPart *parts, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(parts[i].name, name))
            return parts[i].value;
    return NULL;
}

/* NULL: the shape wants a part that is not there, or leaves one out. */
static char *join_shape(const AddressType *type, const char *shape, const AddressPart *parts, size_t n)
{
    g_autoptr(GString) out = g_string_new(NULL);
    size_t used = 0;
    for (; *shape; shape++) {
        if (!g_ascii_isdigit(*shape)) {
            g_string_append_c(out, *shape);
            continue;
        }
        const char *value = value_of(parts, n, type->parts[*shape - '1'].name);
        if (!value)
            return NULL;
        append_escaped(out, value, type->escape);
        used++;
    }
    return used == n ? g_strdup(out->str) : NULL;
}

static char *join(const AddressType *type, const AddressPart *parts, size_t n)
{
    char *joined = NULL;
    if (!strcmp(type->name, "SMTP")) {
        const char *local = value_of(parts, n, "local"), *domain = value_of(parts, n, "domain");
        return local && domain ? g_strconcat(local, "@", domain, NULL) : NULL;
    }
    if (!strcmp(type->name, "X400"))
        return address_join_x400(parts, n);
    for (size_t i = 0; i < ADDRESS_SHAPES_MAX && type->shapes[i] && !joined; i++)
        joined = join_shape(type, type->shapes[i], parts, n);
    return joined;
}

char *address_join(const char *type_name, const AddressPart *parts, size_t n_parts, GError **error)
{
    const AddressType *type = address_type(type_name);
    g_autofree char *joined = type ? join(type, parts, n_parts) : NULL;
    if (!joined)
        error_set(error, ERROR_INVALID, "%s: these parts make no address of this type", type_name);
    return joined && address_validate(type_name, joined, error) ? g_steal_pointer(&joined) : NULL;
}

/* --- comparing --- */

static char *fold(const char *text)
{
    bool ascii = true;
    for (const char *p = text; *p && ascii; p++)
        ascii = (unsigned char)*p < 0x80;
    if (ascii || !g_utf8_validate(text, -1, NULL))
        return g_ascii_strdown(text, -1);
    g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
    return g_utf8_casefold(normal, -1);
}

char *address_normalise(const char *text, size_t len)
{
    g_autofree char *copy = g_strndup(text, len);
    g_strstrip(copy);
    if (!g_ascii_strncasecmp(copy, "x400:", 5)) {
        g_autofree char *canonical = address_canonical_x400(copy + 5);
        g_autofree char *whole = canonical ? g_strconcat("x400:", canonical, NULL) : NULL;
        if (whole)
            return fold(whole);
    }
    return fold(copy);
}

bool address_equal(const char *a, const char *b)
{
    g_autofree char *x = address_normalise(a, strlen(a)), *y = address_normalise(b, strlen(b));
    return !strcmp(x, y);
}
