/*
 * imcea.c - an address of any type inside an SMTP address, MS-OXCMAIL 2.1.3.1.8
 *
 * "IMCEA", the type, a hyphen, the address with everything escaped that could be
 * misread, @ and the domain of whoever can take it apart again. Every octet that is
 * not a letter, a digit, a hyphen or an equals sign becomes + and two hexadecimal
 * digits; a slash becomes an underline.
 */
#include "proxygen/encapsulation.h"

#include <string.h>

#include "proxygen/address.h"
#include "proxygen/address_internal.h"

#define PREFIX "IMCEA"
#define PREFIX_LENGTH 5

static bool stands_for_itself(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '=';
}

static void append_encoded(GString *out, const char *value)
{
    for (; *value; value++) {
        if (stands_for_itself(*value))
            g_string_append_c(out, *value);
        else if (*value == '/')
            g_string_append_c(out, '_');
        else
            g_string_append_printf(out, "+%02X", (unsigned char)*value);
    }
}

char *imcea_encode(const char *type, const char *value, const char *domain, GError **error)
{
    if (!address_type_is_legal(type) || !*value || !g_utf8_validate(value, -1, NULL)) {
        error_set(error, ERROR_INVALID,
                  "encapsulating an address: it needs a type of letters and digits and a value in UTF-8; "
                  "correct it");
        return NULL;
    }
    if (!g_utf8_validate(domain, -1, NULL)) {
        error_set(error, ERROR_INVALID, "encapsulating an address: domain: it is not UTF-8; correct it");
        return NULL;
    }
    if (!address_check_domain(domain, error)) {
        g_prefix_error(error, "encapsulating an address: ");
        return NULL;
    }
    g_autofree char *upper = g_ascii_strup(type, -1);
    g_autoptr(GString) out = g_string_new(PREFIX);
    g_string_append_printf(out, "%s-", upper);
    append_encoded(out, value);
    g_string_append_printf(out, "@%s", domain);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/** The hyphen behind the type, which may be escaped too; NULL: it does not begin like an encapsulated one. */
static const char *hyphen_of(const char *smtp)
{
    if (g_ascii_strncasecmp(smtp, PREFIX, PREFIX_LENGTH) != 0)
        return NULL;
    const char *at = smtp + PREFIX_LENGTH;
    while (g_ascii_isalnum(*at) || *at == '+')
        at++;
    return *at == '-' && at > smtp + PREFIX_LENGTH ? at : NULL;
}

bool imcea_looks_like(const char *smtp)
{
    return hyphen_of(smtp);
}

/** NULL: there is a character that cannot be there, or NUL. */
static char *decode(const char *at, size_t len)
{
    g_autoptr(GString) out = g_string_sized_new(len);
    for (const char *end = at + len; at < end; at++) {
        char c = *at == '_' ? '/' : *at;
        if (*at == '+') {
            if (end - at < 3 || !g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2]))
                return NULL;
            c = (char)(g_ascii_xdigit_value(at[1]) << 4 | g_ascii_xdigit_value(at[2]));
            at += 2;
        } else if (*at != '_' && !stands_for_itself(*at)) {
            return NULL;
        }
        if (!c)
            return NULL;
        g_string_append_c(out, c);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool is_one_of(const char *domain, const char *const *domains)
{
    for (; *domains; domains++)
        if (g_ascii_strcasecmp(domain, *domains) == 0)
            return true;
    return false;
}

/** Type and value, decoded and good; else why not. */
static const char *take_apart(const char *smtp, const char *const *domains, char **type, char **value)
{
    const char *hyphen = hyphen_of(smtp);
    if (!hyphen)
        return "it does not begin with IMCEA, a type and a hyphen; it is an address like any other";
    const char *at = strchr(hyphen, '@');
    if (!at || !g_utf8_validate(at, -1, NULL) || !address_check_domain(at + 1, NULL))
        return "there is no good domain behind it; add one";
    if (domains && !is_one_of(at + 1, domains))
        return "its domain is another's, who alone may take it apart; send it there";
    const char *name = smtp + PREFIX_LENGTH;
    g_autofree char *decoded_type = decode(name, (size_t)(hyphen - name));
    g_autofree char *decoded = decode(hyphen + 1, (size_t)(at - hyphen - 1));
    if (!decoded_type || !address_type_is_legal(decoded_type))
        return "its type is not one of letters and digits; correct it";
    if (!decoded || !*decoded || !g_utf8_validate(decoded, -1, NULL))
        return "what is encapsulated has a character or escape that cannot be there, or is no UTF-8; "
               "correct it";
    *type = g_ascii_strup(decoded_type, -1);
    *value = g_steal_pointer(&decoded);
    return NULL;
}

bool imcea_decode(const char *smtp, const char *const *domains, char **type, char **value, GError **error)
{
    const char *wrong = take_apart(smtp, domains, type, value);
    if (wrong) {
        g_autofree char *shown = address_excerpt(smtp);
        error_set(error, ERROR_INVALID, "address \"%s\": %s", shown, wrong);
    }
    return !wrong;
}
