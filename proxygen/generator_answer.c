/*
 * generator_answer.c - what a plugin gives, copied, bounded and checked
 *
 * Nothing that comes back is believed: it is read no further than it may be long,
 * copied, given back at once, and looked at in the copy. What cannot be noticed from
 * inside the process is memory that the plugin does not own.
 */
#include "proxygen/generator_internal.h"

#include "proxygen/address.h"

#include <string.h>

#define UTF8_LONGEST 4
#define ADDRESS_BYTES ((size_t)PROXYGEN_ADDRESS_MAX * UTF8_LONGEST)
#define SHOWN_BYTES 80 /* of an address, in a message */

char *answer_text(const char *text, size_t max)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, max));
    GString *line = g_string_sized_new(max);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool shows = g_unichar_isprint(c) && !g_unichar_isspace(c);
        g_string_append_unichar(line, shows ? c : ' ');
    }
    return g_strstrip(g_string_free(line, FALSE));
}

bool answer_type_is_legal(const char *name)
{
    return address_type_is_legal(name) && !strpbrk(name, G_CSET_a_2_z);
}

static bool has_control_characters(const char *text)
{
    for (const char *at = text; *at; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            return true;
    return false;
}

const char *answer_address_fault(const char *text)
{
    if (strnlen(text, ADDRESS_BYTES + 1) > ADDRESS_BYTES)
        return "is far too long";
    if (!g_utf8_validate(text, -1, NULL))
        return "is not UTF-8";
    if (g_utf8_strlen(text, -1) > PROXYGEN_ADDRESS_MAX)
        return "is longer than 1,110 characters";
    return has_control_characters(text) ? "has control characters in it" : NULL;
}

/* The value behind "TYPE:", or NULL: the type must be the session's, in capitals. */
static const char *value_of_type(const char *address, const char *type)
{
    size_t len = strlen(type);
    return strncmp(address, type, len) == 0 && address[len] == ':' ? address + len + 1 : NULL;
}

static const char *fault_of_type(const char *address, const char *type)
{
    const char *value = value_of_type(address, type);
    if (!value)
        return "is not of the type that was asked for, in capitals";
    return value[0] == ' ' || g_str_has_suffix(value, " ") ? "begins or ends with a blank" : NULL;
}

static bool address_is_good(const char *address, const char *type, GError **error)
{
    const char *fault = answer_address_fault(address);
    if (!fault)
        fault = fault_of_type(address, type);
    g_autoptr(GError) cause = NULL;
    g_autoptr(Address) parsed = fault ? NULL : address_parse(address, &cause);
    if (parsed)
        return true;
    g_autofree char *shown = answer_text(address, SHOWN_BYTES);
    if (fault)
        error_set(error, ERROR_PROTOCOL, "its address \"%s\" %s", shown, fault);
    else
        error_set(error, ERROR_PROTOCOL, "its address is not good: %s", cause->message);
    return false;
}

char *answer_take_address(const ProxygenGenerator *functions, char *given, const char *type, GError **error)
{
    if (!given) {
        error_set(error, ERROR_PROTOCOL, "it gave no address and said that all was well");
        return NULL;
    }
    g_autofree char *copy = g_strndup(given, ADDRESS_BYTES + 1); /* one more: too long stays too long */
    functions->free_address(given);
    return address_is_good(copy, type, error) ? g_steal_pointer(&copy) : NULL;
}
