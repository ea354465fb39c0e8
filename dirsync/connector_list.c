/*
 * connector_list.c - the connectors of the definitions folder
 *
 * A file there is a connector's when its first element says so; of the rest only
 * that element is read. One that cannot be read as far counts as well: who lists
 * connectors must hear of it when it is loaded.
 */
#include "dirsync/connector.h"

#include "dirsync/xml.h"

#include <libxml/xmlreader.h>
#include <errno.h>
#include <string.h>

static void say_nothing(void *data, XmlError *error)
{
    (void)data;
    (void)error;
}

static bool may_be_connector(const char *path)
{
    bool other = false;
    xmlTextReader *reader = xmlReaderForFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
    if (!reader)
        return true;
    xmlTextReaderSetStructuredErrorHandler(reader, say_nothing, NULL);
    while (xmlTextReaderRead(reader) == 1)
        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT) {
            other = strcmp((const char *)xmlTextReaderConstLocalName(reader), "connector") != 0;
            break;
        }
    xmlFreeTextReader(reader);
    return !other;
}

static int compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **connector_list(GError **error)
{
    g_autofree char *path = connector_folder();
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    if (!folder) {
        error_set(error, ERROR_DEFINITION,
                  "%s: the definitions folder cannot be read: %s; name a definition such as ./globex.xml, or "
                  "another folder with DIRSYNC_CONFIG",
                  path, g_strerror(errno));
        return NULL;
    }
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (*name != '.' && g_str_has_suffix(name, ".xml") && may_be_connector(file))
            g_ptr_array_add(files, g_steal_pointer(&file));
    }
    g_ptr_array_sort(files, compare);
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_steal(files, NULL);
}
