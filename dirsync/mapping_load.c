/*
 * mapping_load.c - reads a mapping file; contract in mapping.h
 *
 * Everything that can be wrong with a mapping by itself is found at loading,
 * all of it at once, with file and line: here, in mapping_recipient.c and in
 * mapping_rule.c. Whether it suits a directory is mapping_check.c's business.
 */
#include "dirsync/mapping_internal.h"
#include "dirsync/xml.h"

#include <string.h>

static char *make_digest(const xmlDoc *doc)
{
    g_autofree char *text = g_strdup_printf("%s %d", xml_digest(doc), MAPPING_LANGUAGE_VERSION);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static Mapping *read_mapping(const xmlDoc *doc, const char *path, MappingSide side, GError **error)
{
    static const char *const names[] = {[MAPPING_IMPORT] = "import", [MAPPING_EXPORT] = "export"};
    const xmlNode *root = xmlDocGetRootElement(doc);
    const xmlNode *node = xml_child(root, names[side]);
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Mapping) mapping = g_new0(Mapping, 1);
    MappingLoading to = {.mapping = mapping, .sources = sources};
    mapping->path = g_strdup(path);
    mapping->digest = make_digest(doc);
    mapping->rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
    mapping->recipients = g_ptr_array_new_with_free_func((GDestroyNotify)recipient_free);
    mapping->evaluator = evaluator_new();
    if (node)
        recipients_read(&to, node);
    else
        xml_problem(&to.problems, root, "the mapping has no <%s>, and it is used for that", names[side]);
    g_ptr_array_set_free_func(sources, NULL);
    g_ptr_array_add(sources, NULL);
    mapping->sources = (char **)g_ptr_array_steal(sources, NULL);
    return xml_no_problems(to.problems, error) ? g_steal_pointer(&mapping) : NULL;
}

/* --- interface ---------------------------------------------------------------------------------- */

Mapping *mapping_load(const char *name, MappingSide side, GError **error)
{
    bool is_path = strchr(name, '/') || g_str_has_suffix(name, ".xml");
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *path = is_path ? g_strdup(name) : xml_data_path("mappings", file);
    g_autoptr(xmlDoc) doc = xml_load(path, "mapping.rng", error);
    return doc ? read_mapping(doc, path, side, error) : NULL;
}

Mapping *mapping_load_memory(const char *data, size_t len, const char *path, MappingSide side, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_load_memory(data, len, path, "mapping.rng", error);
    return doc ? read_mapping(doc, path, side, error) : NULL;
}

void mapping_free(Mapping *mapping)
{
    if (!mapping)
        return;
    g_free(mapping->path);
    g_free(mapping->digest);
    g_free(mapping->where);
    g_ptr_array_unref(mapping->recipients);
    g_ptr_array_unref(mapping->rules);
    g_strfreev(mapping->sources);
    evaluator_free(mapping->evaluator);
    g_free(mapping);
}
