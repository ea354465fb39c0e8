/*
 * address_smtp.c - mail addresses of the Internet
 *
 * RFC 5321 4.1.2: a local part, which is words with dots between them or quoted, and
 * a domain of letters, digits and hyphens or an address literal. Without comments,
 * source routes and blanks around, none of which belongs in an address that is kept;
 * without RFC 6531, whose addresses old servers refuse.
 */
#include "proxygen/address_internal.h"

#include <arpa/inet.h>
#include <string.h>

#define LABEL_MAX 63

/** RFC 5322 dot-atom. */
static bool is_dot_atom(const char *local, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!characters_hold(CHARACTERS_ATEXT, (unsigned char)local[i]))
            return false;
        if (local[i] == '.' && (i == 0 || i + 1 == len || local[i + 1] == '.'))
            return false;
    }
    return len > 0;
}

/** Behind the closing quotation mark; NULL: there is none. *local: what is inside, unescaped. */
static const char *read_quoted(const char *at, char **local)
{
    g_autoptr(GString) value = g_string_new(NULL);
    for (at++; *at && *at != '"'; at++) {
        if (*at == '\\' && !*++at)
            return NULL;
        g_string_append_c(value, *at);
    }
    if (!*at)
        return NULL;
    *local = g_string_free(g_steal_pointer(&value), FALSE);
    return at + 1;
}

static const char *read_dot_atom(const char *value, char **local, GError **error)
{
    const char *end = strrchr(value, '@');
    size_t len = end ? (size_t)(end - value) : 0;
    if (end && is_dot_atom(value, len)) {
        *local = g_strndup(value, len);
        return end;
    }
    g_autofree char *text = g_strndup(value, len);
    if (!end)
        error_set(error, ERROR_INVALID, "there is no @; write local@domain");
    else if (!len)
        error_set(error, ERROR_INVALID, "local: it is empty; it needs a value");
    else if (address_check_characters(CHARACTERS_ATEXT, "", "local", text, error))
        error_set(error, ERROR_INVALID,
                  "local: a dot must stand between two other characters; take the others off");
    return NULL;
}

static bool smtp_take_apart(const AddressType *type, const char *value, GArray *parts, GError **error)
{
    g_autofree char *local = NULL;
    const char *at = *value == '"' ? read_quoted(value, &local) : read_dot_atom(value, &local, error);
    if (!at && *value != '"')
        return false;
    if (!at || *at != '@') {
        error_set(error, ERROR_INVALID, "local: a quoted one must end with \" and @; add what is missing");
        return false;
    }
    size_t len = (size_t)(at - value);
    if (len > type->parts[0].max) {
        error_set(error, ERROR_INVALID, "local: %zu characters are too many; at most %u are allowed", len,
                  type->parts[0].max);
        return false;
    }
    address_add_part(parts, "local", strlen("local"), g_steal_pointer(&local));
    address_add_part(parts, "domain", strlen("domain"), g_strdup(at + 1));
    return true;
}

static void append_local(GString *out, const char *local)
{
    if (is_dot_atom(local, strlen(local))) {
        g_string_append(out, local);
        return;
    }
    g_string_append_c(out, '"');
    for (; *local; local++) {
        if (*local == '"' || *local == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *local);
    }
    g_string_append_c(out, '"');
}

static void smtp_put_together(const AddressType *type, const AddressPart *parts, size_t n_parts, GString *out)
{
    (void)type;
    (void)n_parts;
    append_local(out, parts[0].value);
    g_string_append_c(out, '@');
    g_string_append(out, parts[1].value);
}

/* ---- checking ---- */

static bool is_label(const char *label, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(label[i]) && label[i] != '-')
            return false;
    return len && len <= LABEL_MAX && label[0] != '-' && label[len - 1] != '-';
}

static bool is_domain_name(const char *domain)
{
    for (;;) {
        size_t len = strcspn(domain, ".");
        if (!is_label(domain, len))
            return false;
        if (!domain[len])
            return true;
        domain += len + 1;
    }
}

/** [192.0.2.1] or [IPv6:2001:db8::1], RFC 5321 4.1.3. */
static bool is_literal(const char *domain)
{
    size_t len = strlen(domain);
    if (len < 3 || domain[0] != '[' || domain[len - 1] != ']')
        return false;
    g_autofree char *inside = g_strndup(domain + 1, len - 2);
    unsigned char address[sizeof(struct in6_addr)];
    if (g_ascii_strncasecmp(inside, "IPv6:", 5) == 0)
        return inet_pton(AF_INET6, inside + 5, address) == 1;
    return inet_pton(AF_INET, inside, address) == 1;
}

bool address_check_domain(const char *domain, GError **error)
{
    if (!address_check_part(address_part_rule(address_type("SMTP"), "domain", 6), "domain", domain, error))
        return false;
    if (is_domain_name(domain) || is_literal(domain))
        return true;
    error_set(error, ERROR_INVALID,
              "domain: it is neither names of letters, digits and inner hyphens (at most %d) with dots "
              "between them nor an address in [ ]; correct it",
              LABEL_MAX);
    return false;
}

static bool check_local(const AddressType *type, const char *local, GError **error)
{
    if (!*local)
        return address_check_part(&type->parts[0], "local", local, error);
    if (!address_check_characters(CHARACTERS_ASCII, "", "local", local, error))
        return false;
    g_autoptr(GString) text = g_string_new(NULL);
    append_local(text, local);
    if (text->len <= type->parts[0].max)
        return true;
    error_set(error, ERROR_INVALID, "local: %zu characters are too many; at most %u are allowed", text->len,
              type->parts[0].max);
    return false;
}

static bool smtp_check(const AddressType *type, const AddressPart *parts, size_t n_parts, GError **error)
{
    if (n_parts != 2 || g_ascii_strcasecmp(parts[0].name, "local") != 0 ||
        g_ascii_strcasecmp(parts[1].name, "domain") != 0) {
        error_set(error, ERROR_INVALID, "it has other parts than local and domain; give these two");
        return false;
    }
    return check_local(type, parts[0].value, error) && address_check_domain(parts[1].value, error);
}

const AddressSyntax address_smtp_syntax = {
    .take_apart = smtp_take_apart,
    .check = smtp_check,
    .put_together = smtp_put_together,
};
