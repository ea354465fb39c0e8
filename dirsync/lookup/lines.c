/*
 * lines.c - look-ups for the gateway, and for people: a line for a line
 *
 * The contract stands in dirsync-serve(1) and is to last: what is here may be
 * added to and never changed. The first line says the version; fields are told
 * apart by tabs, and a byte that would break that is written as %XX.
 */
#include "dirsync/lookup/protocol.h"

#include "dirsync/when.h"
#include "proxygen/address.h"

#include <string.h>

#define LINE_MAX_BYTES 16384
#define BATCH_MAX 256

static Taken take(const char *stream, size_t len, Request *request)
{
    const char *end = memchr(stream, '\n', len);
    if (!end)
        return len > LINE_MAX_BYTES ? TAKE_BROKEN : TAKE_MORE;
    size_t size = (size_t)(end - stream);
    *request = (Request){stream, size - (size && end[-1] == '\r'), size + 1};
    return size > LINE_MAX_BYTES ? TAKE_BROKEN : TAKE_REQUEST;
}

/* --- saying --- */

static void append_field(GString *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7F || c == '%')
            g_string_append_printf(out, "%%%02X", c);
        else
            g_string_append_c(out, *text);
    }
}

static void say(GString *out, const char *status, const char *code, const char *text)
{
    g_string_append_printf(out, "%s\t%s\t", status, code);
    append_field(out, text);
    g_string_append_c(out, '\n');
}

static bool say_bad(GString *out, const char *code, const char *text)
{
    say(out, "BAD", code, text);
    return true;
}

static bool say_failure(GString *out, const GError *error)
{
    g_autofree char *reason = protocol_reason(error);
    say(out, "TEMP", error_is(error, ERROR_INVALID) ? "ambiguous" : "unavailable", reason);
    return true;
}

static void say_field(GString *out, const char *name, const char *value)
{
    if (!value)
        return;
    g_string_append_printf(out, "\t%s=", name);
    append_field(out, value);
}

static bool say_found(GString *out, bool found)
{
    g_string_append(out, found ? "OK\n" : "NONE\n");
    return true;
}

/* --- the verbs --- */

typedef bool (*Answer)(const Service *service, const char *words, GString *out);

static bool answer_exists(const Service *service, const char *key, GString *out)
{
    g_autoptr(GError) error = NULL;
    bool exists;
    return lookup_exists(service->lookup, key, &exists, &error) ? say_found(out, exists)
                                                                : say_failure(out, error);
}

static char *flags_of(const LookupRecipient *recipient)
{
    GString *flags = g_string_new(recipient->hidden ? ",hidden" : "");
    g_string_append(flags, recipient->disabled ? ",disabled" : "");
    g_string_append(flags, recipient->graced ? ",graced" : "");
    char *text = flags->len ? g_strdup(flags->str + 1) : NULL;
    g_string_free(flags, TRUE);
    return text;
}

static bool answer_resolve(const Service *service, const char *key, GString *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LookupRecipient) found = NULL;
    g_autofree char *smtp = NULL;
    if (!lookup_find(service->lookup, key, &found, &error) ||
        (found && !lookup_primary(service->lookup, found, "SMTP", &smtp, &error)))
        return say_failure(out, error);
    if (!found)
        return say_found(out, false);
    g_autofree char *flags = flags_of(found);
    g_string_append(out, "OK");
    say_field(out, "id", found->id);
    say_field(out, "dn", found->dn);
    say_field(out, "kind", found->kind);
    say_field(out, "name", found->name);
    say_field(out, "smtp", smtp ? address_split(smtp, NULL, NULL) : NULL);
    say_field(out, "legacy", found->legacy);
    say_field(out, "target", found->target);
    say_field(out, "connector", found->connector);
    say_field(out, "matched", found->matched);
    say_field(out, "flags", flags);
    g_string_append_c(out, '\n');
    return true;
}

/* "TYPE recipient" */
static bool answer_address_of(const Service *service, const char *words, GString *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LookupRecipient) found = NULL;
    g_autofree char *address = NULL;
    size_t len = strcspn(words, " \t");
    g_autofree char *type = g_strndup(words, len);
    if (!words[len] || !words[len + 1])
        return say_bad(out, "syntax", "a type and a recipient are wanted");
    if (!address_type_is_legal(type))
        return say_bad(out, "syntax", "that is no address type");
    if (!lookup_find(service->lookup, words + len + 1, &found, &error) ||
        (found && !lookup_primary(service->lookup, found, type, &address, &error)))
        return say_failure(out, error);
    if (!address)
        return say_found(out, false);
    g_string_append(out, "OK\t");
    append_field(out, address);
    g_string_append_c(out, '\n');
    return true;
}

static bool answer_addresses(const Service *service, const char *key, GString *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LookupRecipient) found = NULL;
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    if (!lookup_find(service->lookup, key, &found, &error) ||
        (found && !lookup_addresses(service->lookup, found, addresses, &error)))
        return say_failure(out, error);
    if (!found)
        return say_found(out, false);
    g_string_append(out, "OK");
    for (guint i = 0; i < addresses->len; i++) {
        g_string_append_c(out, '\t');
        append_field(out, g_ptr_array_index(addresses, i));
    }
    g_string_append_c(out, '\n');
    return true;
}

static bool answer_status(const Service *service, const char *words, GString *out)
{
    g_autoptr(GError) error = NULL;
    int64_t recipients;
    if (*words)
        return say_bad(out, "syntax", "status takes no words");
    if (!lookup_begin(service->lookup, &error) || !lookup_count(service->lookup, &recipients, &error))
        return say_failure(out, error);
    LookupSnapshot snapshot = lookup_snapshot(service->lookup);
    g_autofree char *as_of = when_format(snapshot.as_of);
    g_string_append_printf(out,
                           "OK\trecipients=%" G_GINT64_FORMAT "\tserial=%" G_GINT64_FORMAT
                           "\tas-of=%s\tanswered=%" G_GUINT64_FORMAT "\tconnections=%u\n",
                           recipients, snapshot.serial, as_of, service->figures.answered,
                           service->figures.connections);
    return true;
}

static bool answer_quit(const Service *service, const char *words, GString *out)
{
    (void)service;
    (void)words;
    g_string_append(out, "OK\n");
    return false;
}

static bool answer_batch(const Service *service, const char *words, GString *out);

/* The table that dirsync-serve(1) lists. */
static const struct {
    const char *name;
    bool words; /* it needs some */
    Answer answer;
} verbs[] = {
    {"exists", true, answer_exists},
    {"resolve", true, answer_resolve},
    {"address-of", true, answer_address_of},
    {"addresses", true, answer_addresses},
    {"batch", true, answer_batch},
    {"status", false, answer_status},
    {"quit", false, answer_quit},
};

static bool answer_line(const Service *service, const char *line, bool in_batch, GString *out)
{
    size_t len = strcspn(line, " \t");
    const char *words = line[len] ? line + len + 1 : "";
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        bool whole = verbs[i].answer == answer_batch || verbs[i].answer == answer_quit;
        if (strlen(verbs[i].name) != len || strncmp(verbs[i].name, line, len) != 0 || (in_batch && whole))
            continue;
        if (verbs[i].words && !*words)
            return say_bad(out, "syntax", "a word is missing");
        return verbs[i].answer(service, words, out);
    }
    return say_bad(out, "verb", "no such verb; dirsync-serve(1) lists them");
}

/* As many answers as requests, all of one snapshot: the caller ends it between lines only. */
static bool answer_batch(const Service *service, const char *words, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(words, "\t", BATCH_MAX + 1);
    bool too_many = g_strv_length(lines) > BATCH_MAX;
    if (too_many)
        return say_bad(out, "too-many", "more than 256 requests in a batch");
    for (char **line = lines; *line; line++)
        answer_line(service, *line, true, out);
    return true;
}

static bool answer(const Service *service, const Request *request, GString *out)
{
    g_autofree char *line = g_strndup(request->text, request->len);
    if (strlen(line) != request->len)
        return say_bad(out, "syntax", "a line holds a byte that no text has");
    return answer_line(service, line, false, out);
}

static void complain(GString *out)
{
    say(out, "BAD", "too-long", "a line has 16384 bytes at most");
}

const Protocol protocol_lines = {"lines", "dirsync-lookup\t1\n", LINE_MAX_BYTES + 1, take, answer, complain};
