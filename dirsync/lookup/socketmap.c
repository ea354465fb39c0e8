/*
 * socketmap.c - look-ups for mail servers: netstrings of "map key"
 *
 * "OK value", "NOTFOUND ", "TEMP reason" and "PERM reason", as socketmap_table(5)
 * has them. What cannot be answered is TEMP, so that the mail server keeps the
 * message; NOTFOUND is said only of whom a whole read of the directory did not
 * show, because a mail server refuses mail for it.
 */
#include "dirsync/lookup/protocol.h"

#include "proxygen/address.h"

#include <string.h>

#define DIGITS_MAX 5
#define NETSTRING_MAX (LOOKUP_KEY_MAX + 256)

/* 12:some content, */
static Taken take(const char *stream, size_t len, Request *request)
{
    size_t digits = 0, size = 0;
    while (digits < len && digits < DIGITS_MAX && g_ascii_isdigit(stream[digits]))
        size = size * 10 + (size_t)(stream[digits++] - '0');
    if (digits == len)
        return digits == DIGITS_MAX ? TAKE_BROKEN : TAKE_MORE;
    if (!digits || stream[digits] != ':' || size > NETSTRING_MAX || (digits > 1 && *stream == '0'))
        return TAKE_BROKEN;
    if (len - digits - 1 < size + 1)
        return TAKE_MORE;
    *request = (Request){stream + digits + 1, size, digits + size + 2};
    return request->text[size] == ',' ? TAKE_REQUEST : TAKE_BROKEN;
}

static void say(GString *out, const char *status, const char *text)
{
    g_string_append_printf(out, "%zu:%s %s,", strlen(status) + 1 + strlen(text), status, text);
}

/* --- the maps --- */

/* What a map says of a recipient: NULL nothing. g_free() *value. */
typedef bool (*MapValue)(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                         GError **error);

static bool primary_value(Lookup *lookup, const LookupRecipient *recipient, const char *type, char **value,
                          GError **error)
{
    g_autofree char *address = NULL;
    if (!lookup_primary(lookup, recipient, type, &address, error))
        return false;
    *value = address ? g_strdup(address_split(address, NULL, NULL)) : NULL;
    return true;
}

static bool smtp_value(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                       GError **error)
{
    (void)argument;
    return primary_value(lookup, recipient, "SMTP", value, error);
}

static bool kind_value(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                       GError **error)
{
    (void)lookup;
    (void)argument;
    (void)error;
    *value = g_strdup(recipient->kind ? recipient->kind : "user");
    return true;
}

/* Of the connector named; of any without one. */
static bool relay_value(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                        GError **error)
{
    (void)lookup;
    (void)error;
    *value = !argument || !g_strcmp0(argument, recipient->connector) ? g_strdup(recipient->connector) : NULL;
    return true;
}

static bool native_value(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                         GError **error)
{
    return recipient->connector || kind_value(lookup, recipient, argument, value, error);
}

static bool dn_value(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                     GError **error)
{
    (void)lookup;
    (void)argument;
    (void)error;
    *value = g_strdup(recipient->dn);
    return true;
}

static bool legacy_value(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                         GError **error)
{
    (void)lookup;
    (void)argument;
    (void)error;
    *value = g_strdup(recipient->legacy);
    return true;
}

static bool name_value(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                       GError **error)
{
    (void)lookup;
    (void)argument;
    (void)error;
    *value = g_strdup(recipient->name);
    return true;
}

static bool target_value(Lookup *lookup, const LookupRecipient *recipient, const char *argument, char **value,
                         GError **error)
{
    (void)lookup;
    (void)argument;
    (void)error;
    *value = g_strdup(recipient->target);
    return true;
}

typedef enum { ARGUMENT_NONE, ARGUMENT_MAY, ARGUMENT_MUST } Argument;

/* The table that dirsync-serve(1) lists. "recipients" has no value: see answer(). */
static const struct {
    const char *name;
    Argument argument; /* after a dot */
    MapValue value;
} maps[] = {
    {"recipients", ARGUMENT_NONE, NULL},       {"smtp", ARGUMENT_NONE, smtp_value},
    {"primary", ARGUMENT_MUST, primary_value}, {"relay", ARGUMENT_MAY, relay_value},
    {"native", ARGUMENT_NONE, native_value},   {"dn", ARGUMENT_NONE, dn_value},
    {"legacy", ARGUMENT_NONE, legacy_value},   {"name", ARGUMENT_NONE, name_value},
    {"kind", ARGUMENT_NONE, kind_value},       {"target", ARGUMENT_NONE, target_value},
};

static int find_map(const char *name, const char **argument)
{
    const char *dot = strchr(name, '.');
    size_t len = dot ? (size_t)(dot - name) : strlen(name);
    *argument = dot ? dot + 1 : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(maps); i++) {
        if (strlen(maps[i].name) != len || strncmp(maps[i].name, name, len) != 0)
            continue;
        bool fits = dot ? maps[i].argument != ARGUMENT_NONE && *(dot + 1) : maps[i].argument != ARGUMENT_MUST;
        return fits ? (int)i : -1;
    }
    return -1;
}

/* Several who have it are somebody: whether mail is taken at all does not hang on whose it is. */
static bool look_up(Lookup *lookup, int map, const char *argument, const char *key, char **value,
                    GError **error)
{
    g_autoptr(LookupRecipient) found = NULL;
    bool exists;
    if (!maps[map].value) {
        if (!lookup_exists(lookup, key, &exists, error))
            return false;
        *value = exists ? g_strdup("known") : NULL;
        return true;
    }
    return lookup_find(lookup, key, &found, error) &&
           (!found || maps[map].value(lookup, found, argument, value, error));
}

static bool answer(const Service *service, const Request *request, GString *out)
{
    g_autofree char *text = g_strndup(request->text, request->len);
    g_autoptr(GError) error = NULL;
    g_autofree char *value = NULL;
    const char *argument;
    char *key = strchr(text, ' ');
    if (key)
        *key++ = '\0';
    int map = find_map(text, &argument);
    if (!key || map < 0 || strlen(text) + strlen(key) + 1 != request->len) {
        say(out, "PERM", map < 0 ? "no such map; dirsync-serve(1) lists them" : "no key");
    } else if (!look_up(service->lookup, map, argument, key, &value, &error)) {
        g_autofree char *reason = protocol_reason(error);
        say(out, "TEMP", reason);
    } else {
        say(out, value ? "OK" : "NOTFOUND", value ? value : "");
    }
    return true;
}

static void complain(GString *out)
{
    say(out, "PERM", "no netstring, or one that is too long");
}

const Protocol protocol_socketmap = {"socketmap", "", NETSTRING_MAX + DIGITS_MAX + 2, take, answer, complain};
