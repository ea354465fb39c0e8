/*
 * exposition.c - see exposition.h
 */
#include "exposition.h"

#include <stdbool.h>
#include <string.h>

void exposition_free(Exposition *exposition)
{
    g_free(exposition->family);
    g_free(exposition->type);
    g_free(exposition->unit);
    g_hash_table_unref(exposition->families);
    g_hash_table_unref(exposition->samples);
    g_free(exposition);
}

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

static char *take_name(const char **at)
{
    size_t len = strspn(*at, name_characters);
    char *name = len && !g_ascii_isdigit(**at) ? g_strndup(*at, len) : NULL;
    *at += len;
    return name;
}

/* "# KEYWORD name rest"; a new name begins a family, which must not have been there. */
static const char *parse_head(Exposition *exposition, const char *line)
{
    g_auto(GStrv) word = g_strsplit(line, " ", 4);
    if (g_strv_length(word) != 4 || !*word[3])
        return "head without name or text";
    if (g_strcmp0(word[2], exposition->family) != 0) {
        if (!g_hash_table_add(exposition->families, g_strdup(word[2])))
            return "family twice";
        g_free(exposition->family);
        exposition->family = g_strdup(word[2]);
        g_clear_pointer(&exposition->type, g_free);
        g_clear_pointer(&exposition->unit, g_free);
    }
    if (!strcmp(word[1], "HELP"))
        return strpbrk(word[3], "\\\"") ? "help that must be escaped" : NULL;
    char **place = !strcmp(word[1], "TYPE")   ? &exposition->type
                   : !strcmp(word[1], "UNIT") ? &exposition->unit
                                              : NULL;
    if (!place)
        return "unknown keyword";
    if (*place)
        return "said twice";
    *place = g_strdup(word[3]);
    g_autofree char *suffix = g_strconcat("_", word[3], NULL);
    if (place == &exposition->unit && !g_str_has_suffix(exposition->family, suffix))
        return "name without its unit";
    if (place == &exposition->type && strcmp(word[3], "counter") != 0 && strcmp(word[3], "gauge") != 0)
        return "unknown type";
    return NULL;
}

static const char *skip_label_value(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && (!*++at || !strchr("\\\"n", *at)))
            return NULL;
    return *at == '"' ? at + 1 : NULL;
}

/* Behind the '{'; *at is then behind the '}'. */
static const char *parse_labels(const char **at)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    do {
        char *name = take_name(at);
        if (!name)
            return "no label name";
        if (!g_hash_table_add(seen, name))
            return "label twice";
        if (strncmp(*at, "=\"", 2) != 0 || !(*at = skip_label_value(*at + 1)))
            return "broken label value";
    } while (*(*at)++ == ',');
    return (*at)[-1] == '}' ? NULL : "labels without end";
}

static const char *parse_sample(Exposition *exposition, const char *line)
{
    const char *at = line, *fault = NULL;
    g_autofree char *name = take_name(&at);
    bool counter = !g_strcmp0(exposition->type, "counter");
    g_autofree char *right =
        g_strconcat(exposition->family ? exposition->family : "", counter ? "_total" : "", NULL);
    if (!exposition->type || g_strcmp0(name, right) != 0)
        return "sample outside of its family";
    if (*at++ != '{' || (fault = parse_labels(&at)))
        return fault ? fault : "sample without labels";
    size_t len = (size_t)(at - line);
    char *end;
    if (*at++ != ' ' || (!g_ascii_isdigit(*at) && *at != '-'))
        return "no value";
    if ((g_ascii_strtod(at, &end) < 0 && counter) || *end)
        return "value that is none, or more behind it";
    return g_hash_table_insert(exposition->samples, g_strndup(line, len), g_strdup(at)) ? NULL
                                                                                        : "sample twice";
}

const char *exposition_parse(Exposition *exposition, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    size_t n = g_strv_length(lines);
    if (!g_utf8_validate(text, -1, NULL))
        return "not UTF-8";
    if (n < 2 || *lines[n - 1] || strcmp(lines[n - 2], "# EOF") != 0)
        return "no end";
    for (size_t i = 0; i < n - 2; i++) {
        bool head = g_str_has_prefix(lines[i], "# ");
        const char *fault = head ? parse_head(exposition, lines[i]) : parse_sample(exposition, lines[i]);
        if (fault)
            return fault;
    }
    return NULL;
}

Exposition *exposition_new(void)
{
    Exposition *exposition = g_new0(Exposition, 1);
    exposition->families = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    exposition->samples = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return exposition;
}
