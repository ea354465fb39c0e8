/*
 * mapping_case.c - see mapping_case.h
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mapping_case.h"

#include <string.h>

Entry *mapping_case_entry(const char *const *pairs)
{
    Entry *entry = entry_new("uid=x");
    for (; *pairs; pairs++) {
        const char *sign = strchr(*pairs, '=');
        g_autofree char *name = g_strndup(*pairs, (size_t)(sign - *pairs));
        entry_add_string(entry, name, sign + 1);
    }
    return entry;
}

Mapping *mapping_case_load(const char *text)
{
    g_autoptr(GError) error = NULL;
    Mapping *mapping = mapping_load_memory(text, strlen(text), "m.xml", MAPPING_IMPORT, &error);
    if (!mapping)
        fail_msg("%s", error->message);
    return mapping;
}

static char *dump(const Entry *entry)
{
    GString *out = g_string_new(entry_dn(entry));
    g_string_append_c(out, '\n');
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        for (size_t j = 0; j < attribute->n_values; j++)
            g_string_append_printf(out, "%s: %s\n", attribute->name, attribute->values[j].data);
    }
    return g_string_free(out, FALSE);
}

char *mapping_case_apply(Mapping *mapping, size_t index, const Entry *source)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Entry) result =
        mapping_apply(mapping, index, schema_standard(), schema_standard(), source, &error);
    if (result)
        return dump(result);
    assert_true(error_is(error, ERROR_INVALID));
    return g_strconcat("! ", error->message, NULL);
}

char *mapping_case_evaluate(const char *expression, const Entry *source)
{
    g_autofree char *escaped = g_markup_escape_text(expression, -1);
    g_autofree char *text = g_strdup_printf(
        "<mapping xmlns='urn:x-dirsync:mapping:1' name='test'><import><object class='top'/>"
        "<name attribute='cn' select=\"'x'\"/><attribute name='ou' select=\"%s\"/></import></mapping>",
        escaped);
    g_autoptr(GError) error = NULL;
    g_autoptr(Mapping) mapping = mapping_load_memory(text, strlen(text), "m.xml", MAPPING_IMPORT, &error);
    if (!mapping)
        return g_strconcat("! ", error->message, NULL);
    g_autoptr(Entry) result = mapping_apply(mapping, 0, schema_standard(), schema_standard(), source, &error);
    if (!result)
        return g_strconcat("! ", error->message, NULL);
    gssize index = entry_index(result, "ou");
    GString *values = g_string_new(NULL);
    for (size_t i = 0; index >= 0 && i < entry_attribute(result, (size_t)index)->n_values; i++)
        g_string_append_printf(values, "%s%s", i ? "|" : "",
                               entry_attribute(result, (size_t)index)->values[i].data);
    return g_string_free(values, FALSE);
}
