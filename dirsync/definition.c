/*
 * definition.c - values that every definition holds; contract in definition.h
 */
#include "dirsync/definition.h"

#include "dirsync/dn.h"
#include "dirsync/filter.h"
#include "dirsync/xml.h"

#include <string.h>

char *definition_dn(const xmlNode *node, const char *name, GString **problems)
{
    char *text = xml_attribute(node, name);
    g_autoptr(GError) error = NULL;
    g_autoptr(Dn) dn = text ? dn_parse(text, &error) : NULL;
    if (error)
        xml_problem(problems, node, "%s=\"%s\" is not a DN: %s", name, text, error->message);
    else if (dn && dn->n_rdns == 0)
        xml_problem(problems, node, "%s is empty; name a DN", name);
    return text;
}

char *definition_filter(const xmlNode *node, GString **problems)
{
    const xmlNode *child = xml_child(node, "filter");
    if (!child)
        return NULL;
    char *text = xml_text(child);
    g_autoptr(GError) error = NULL;
    g_autoptr(Filter) filter = filter_parse(text, &error);
    if (!filter)
        xml_problem(problems, child, "\"%s\" is not a search filter: %s", text, error->message);
    return text;
}

bool definition_yes(const xmlNode *node, const char *name, bool otherwise)
{
    g_autofree char *text = xml_attribute(node, name);
    return text ? strcmp(text, "yes") == 0 : otherwise;
}

char *definition_trimmed(const xmlNode *node, const char *name)
{
    char *text = xml_attribute(node, name);
    return text ? g_strstrip(text) : NULL;
}

char **definition_texts(const xmlNode *node, const char *name, bool fold)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    for (const xmlNode *child = xml_child(node, name); child; child = xml_next(child)) {
        g_autofree char *text = xml_text(child);
        g_ptr_array_add(texts, fold ? g_utf8_strdown(text, -1) : g_steal_pointer(&text));
    }
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_steal(texts, NULL);
}

char **definition_words(const xmlNode *node, const char *name)
{
    g_autofree char *text = xml_attribute(node, name);
    if (!text)
        return NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_auto(GStrv) words = g_strsplit_set(text, " \t\r\n", -1);
    for (char **word = words; *word; word++)
        if (**word)
            g_ptr_array_add(found, g_strdup(*word));
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_steal(found, NULL);
}

void definition_secret(SecretSource *secret, const xmlNode *node, const char *definition, GString **problems)
{
    g_autofree char *file = xml_attribute(node, "file");
    if (file && (secret->source = xml_resolve(definition, file)))
        secret->kind = SECRET_FILE;
    else if ((secret->source = xml_attribute(node, "environment")))
        secret->kind = SECRET_ENVIRONMENT;
    else if ((secret->source = xml_attribute(node, "command")))
        secret->kind = SECRET_COMMAND;
    if (secret->kind == SECRET_COMMAND) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) words = NULL;
        if (!g_shell_parse_argv(secret->source, NULL, &words, &error))
            xml_problem(problems, node, "command: %s", error->message);
    }
}
