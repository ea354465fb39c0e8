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

typedef enum { ARGUMENT_NONE, ARGUMENT_MAY, ARGUMENT_MUST } Argument;

typedef enum {
    SAYS_KNOWN,     /* that there is somebody */
    SAYS_PRIMARY,   /* the address of the type that is the argument, or the map's own */
    SAYS_CONNECTOR, /* which has made it; of the one that is the argument, if any */
    SAYS_NATIVE,    /* the kind of those that no connector has made */
    SAYS_MEMBER     /* a string of the recipient */
} Says;

/* The table that dirsync-serve(1) lists. */
static const struct {
    const char *name;
    Argument argument; /* after a dot */
    Says says;
    size_t member;
} maps[] = {
    {"recipients", ARGUMENT_NONE, SAYS_KNOWN, 0},
    {"smtp", ARGUMENT_NONE, SAYS_PRIMARY, 0},
    {"primary", ARGUMENT_MUST, SAYS_PRIMARY, 0},
    {"relay", ARGUMENT_MAY, SAYS_CONNECTOR, 0},
    {"native", ARGUMENT_NONE, SAYS_NATIVE, 0},
    {"kind", ARGUMENT_NONE, SAYS_MEMBER, offsetof(LookupRecipient, kind)},
    {"dn", ARGUMENT_NONE, SAYS_MEMBER, offsetof(LookupRecipient, dn)},
    {"legacy", ARGUMENT_NONE, SAYS_MEMBER, offsetof(LookupRecipient, legacy)},
    {"name", ARGUMENT_NONE, SAYS_MEMBER, offsetof(LookupRecipient, name)},
    {"target", ARGUMENT_NONE, SAYS_MEMBER, offsetof(LookupRecipient, target)},
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

static bool primary_value(Lookup *lookup, const LookupRecipient *found, const char *type, char **value,
                          GError **error)
{
    g_autofree char *address = NULL;
    if (!lookup_primary(lookup, found, type, &address, error))
        return false;
    *value = address ? g_strdup(address_split(address, NULL, NULL)) : NULL;
    return true;
}

/* *value NULL: the map has nothing to say of it. g_free(). */
static bool value_of(Lookup *lookup, int map, const char *argument, const LookupRecipient *found,
                     char **value, GError **error)
{
    switch (maps[map].says) {
    case SAYS_KNOWN:
        *value = g_strdup("known");
        break;
    case SAYS_PRIMARY:
        return primary_value(lookup, found, argument ? argument : "SMTP", value, error);
    case SAYS_CONNECTOR:
        *value = !argument || !g_strcmp0(argument, found->connector) ? g_strdup(found->connector) : NULL;
        break;
    case SAYS_NATIVE:
        *value = found->connector ? NULL : g_strdup(found->kind ? found->kind : "user");
        break;
    case SAYS_MEMBER:
        *value = g_strdup(G_STRUCT_MEMBER(char *, found, maps[map].member));
        break;
    }
    return true;
}

/* Several who have an address are somebody: whether mail is taken at all does not hang on whose it is. */
static bool look_up(Lookup *lookup, int map, const char *argument, const char *key, char **value,
                    GError **error)
{
    g_autoptr(LookupRecipient) found = NULL;
    bool exists;
    if (maps[map].says == SAYS_KNOWN)
        return lookup_exists(lookup, key, &exists, error) &&
               (!exists || value_of(lookup, map, argument, NULL, value, error));
    return lookup_find(lookup, key, &found, error) &&
           (!found || value_of(lookup, map, argument, found, value, error));
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
