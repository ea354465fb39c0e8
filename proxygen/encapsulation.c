/*
 * encapsulation.c - IMCEA, MS-OXCMAIL 2.1.3.1.8; see encapsulation.h
 */
#include "proxygen/encapsulation.h"

#include "proxygen/address.h"

#include <string.h>

#define PREFIX "IMCEA"

static bool is_plain(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '=';
}

static void encode(GString *out, const char *value)
{
    for (const char *p = value; *p; p++) {
        if (is_plain(*p))
            g_string_append_c(out, *p);
        else if (*p == '/')
            g_string_append_c(out, '_');
        else
            g_string_append_printf(out, "+%02X", (unsigned char)*p);
    }
}

char *imcea_encode(const char *type, const char *value, const char *domain, GError **error)
{
    g_autofree char *probe = g_strconcat("x@", domain, NULL);
    if (!address_type_is_legal(type) || !*value || !g_utf8_validate(value, -1, NULL)) {
        error_set(error, ERROR_INVALID,
                  "%s: not an address type with an address in UTF-8, so it cannot be encapsulated", type);
        return NULL;
    }
    if (!address_validate("SMTP", probe, error))
        return NULL;
    g_autofree char *upper = g_ascii_strup(type, -1);
    GString *out = g_string_new(PREFIX);
    g_string_append_printf(out, "%s-", upper);
    encode(out, value);
    g_string_append_printf(out, "@%s", domain);
    return g_string_free(out, FALSE);
}

bool imcea_looks_like(const char *smtp)
{
    return !g_ascii_strncasecmp(smtp, PREFIX, strlen(PREFIX)) && strchr(smtp, '-');
}

/* NULL: a character that cannot be there, or bytes that are no text. */
static char *decode(const char *text, size_t len)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '_') {
            g_string_append_c(out, '/');
        } else if (is_plain(text[i])) {
            g_string_append_c(out, text[i]);
        } else if (text[i] == '+' && i + 2 < len && g_ascii_isxdigit(text[i + 1]) &&
                   g_ascii_isxdigit(text[i + 2])) {
            g_string_append_c(
                out, (char)(g_ascii_xdigit_value(text[i + 1]) * 16 + g_ascii_xdigit_value(text[i + 2])));
            i += 2;
        } else {
            return NULL;
        }
    }
    bool good =
        out->len && !memchr(out->str, '\0', out->len) && g_utf8_validate_len(out->str, out->len, NULL);
    return good ? g_strndup(out->str, out->len) : NULL;
}

static bool is_our_domain(const char *domain, const char *const *domains)
{
    for (; domains && *domains; domains++)
        if (!g_ascii_strcasecmp(*domains, domain))
            return true;
    return false;
}

/* What stands before the first hyphen, decoded: one writer escapes the whole string. */
static char *decode_type(const char *text, size_t len)
{
    g_autofree char *type = decode(text, len);
    return type && address_type_is_legal(type) ? g_ascii_strup(type, -1) : NULL;
}

bool imcea_decode(const char *smtp, const char *const *domains, char **type, char **value, GError **error)
{
    const char *at = strrchr(smtp, '@');
    const char *begin = smtp + strlen(PREFIX);
    const char *hyphen = imcea_looks_like(smtp) ? strchr(begin, '-') : NULL;
    *type = *value = NULL;
    if (!at || !hyphen || hyphen > at) {
        error_set(error, ERROR_INVALID, "%s: not an encapsulated address (IMCEA<TYPE>-<address>@<domain>)",
                  smtp);
        return false;
    }
    if (domains && !is_our_domain(at + 1, domains)) {
        error_set(error, ERROR_INVALID,
                  "%s: encapsulated by another system, whose business it is to take it apart", smtp);
        return false;
    }
    g_autofree char *name = decode_type(begin, (size_t)(hyphen - begin));
    g_autofree char *text = decode(hyphen + 1, (size_t)(at - hyphen - 1));
    if (!name || !text) {
        error_set(error, ERROR_INVALID, "%s: the encapsulated %s is not in order", smtp,
                  name ? "address" : "type");
        return false;
    }
    *type = g_steal_pointer(&name);
    *value = g_steal_pointer(&text);
    return true;
}
