/*
 * filter_build.c - the text of filters made of parts; contract in filter.h
 */
#include "dirsync/filter.h"

static void append_enclosed(GString *text, const char *filter)
{
    g_string_append_printf(text, *filter == '(' ? "%s" : "(%s)", filter);
}

char *filter_and(const char *a, const char *b)
{
    GString *text = g_string_new("(&");
    append_enclosed(text, a ? a : "(objectClass=*)");
    append_enclosed(text, b);
    return g_string_free(g_string_append_c(text, ')'), FALSE);
}

char *filter_any_of(const char *name, const GPtrArray *values, guint *at, guint most)
{
    GString *text = g_string_new("(|");
    for (guint n = 0; n < most && *at < values->len; n++, ++*at) {
        gsize len;
        const void *value = g_bytes_get_data(g_ptr_array_index(values, *at), &len);
        g_autofree char *equals = filter_equals(name, value, len);
        g_string_append(text, equals);
    }
    return g_string_free(g_string_append_c(text, ')'), FALSE);
}
