/*
 * cursor.c - fields, and what a request asks for, as text
 *
 * Fields are escaped as in URIs, so that the blank between them is safe.
 */
#include "dirsync/directory/cursor.h"

#include <string.h>

const char cursor_containers[] =
    "(|(objectClass=organizationalUnit)(objectClass=organization)(objectClass=dcObject)(objectClass=domain)"
    "(objectClass=locality)(objectClass=country)(objectClass=container)(objectClass=nsContainer)"
    "(objectClass=organizationalRole)(objectClass=applicationProcess))";

char *cursor_join(const char *kind, const char *const *fields)
{
    GString *text = g_string_new(kind);
    for (; *fields; fields++) {
        g_string_append_c(text, ' ');
        g_string_append_uri_escaped(text, *fields, NULL, FALSE);
    }
    return g_string_free(text, FALSE);
}

char **cursor_split(const char *cursor, const char *kind, size_t n_fields)
{
    g_auto(GStrv) words = g_strsplit(cursor, " ", -1);
    if (g_strv_length(words) != n_fields + 1 || strcmp(words[0], kind) != 0)
        return NULL;
    g_autoptr(GStrvBuilder) fields = g_strv_builder_new();
    for (size_t i = 0; i < n_fields; i++) {
        g_autofree char *field = g_uri_unescape_string(words[i + 1], NULL);
        if (!field)
            return NULL;
        g_strv_builder_add(fields, field);
    }
    return g_strv_builder_end(fields);
}

/* With its length, so that "ab" and "c" are not "a" and "bc"; NULL is not "". */
static void add_text(GString *to, const char *text)
{
    g_string_append_printf(to, "%zd:%s", text ? (ssize_t)strlen(text) : -1, text ? text : "");
}

char *cursor_digest_request(const ReadRequest *request, const char *default_base)
{
    g_autoptr(GString) text = g_string_new(NULL);
    add_text(text, request->base ? request->base : default_base);
    add_text(text, request->filter);
    g_string_append_printf(text, "%d", (int)request->scope);
    for (size_t i = 0; request->attributes && request->attributes[i]; i++)
        add_text(text, request->attributes[i]);
    return fingerprint_hex(fingerprint_bytes(text->str, text->len));
}
