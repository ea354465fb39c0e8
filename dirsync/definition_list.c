/*
 * definition_list.c - what stands in the definitions folder
 *
 * A file there is a connector's or an organisation's when its first element says so;
 * only that element is read. A file that cannot be read as far counts as a connector:
 * who lists them must hear of it when it is loaded.
 */
#include "dirsync/connector.h"

#include "dirsync/xml.h"

#include <libxml/xmlreader.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ENDING ".xml"

static void say_nothing(void *data, XmlError *error)
{
    (void)data;
    (void)error;
}

static xmlTextReader *open_reader(const char *path)
{
    xmlTextReader *reader = xmlReaderForFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
    if (reader)
        xmlTextReaderSetStructuredErrorHandler(reader, say_nothing, NULL);
    return reader;
}

/* What the first element is called, and its attribute "name"; NULL: there is none. g_free(). */
static char *first_element(const char *path, char **name)
{
    g_autofree char *element = NULL;
    xmlTextReader *reader = open_reader(path);
    *name = NULL;
    while (reader && !element && xmlTextReaderRead(reader) == 1)
        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT) {
            xmlChar *value = xmlTextReaderGetAttribute(reader, (const xmlChar *)"name");
            element = g_strdup((const char *)xmlTextReaderConstLocalName(reader));
            *name = g_strdup((const char *)value);
            xmlFree(value);
        }
    xmlFreeTextReader(reader);
    return g_steal_pointer(&element);
}

static int compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths in order; NULL with @error. */
static GPtrArray *list_files(const char *path, GError **error)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    if (!folder) {
        error_set(error, ERROR_DEFINITION,
                  "%s: the definitions folder cannot be read: %s; name a definition such as ./globex.xml, or "
                  "another folder with DIRSYNC_CONFIG",
                  path, g_strerror(errno));
        return NULL;
    }
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(folder)))
        if (*name != '.' && g_str_has_suffix(name, ENDING))
            g_ptr_array_add(files, g_build_filename(path, name, NULL));
    g_ptr_array_sort(files, compare);
    return files;
}

char **connector_list_folder(const char *folder, GPtrArray *organisations, GError **error)
{
    g_autoptr(GPtrArray) files = list_files(folder, error);
    if (!files)
        return NULL;
    GPtrArray *list = g_ptr_array_new();
    for (guint i = 0; i < files->len; i++) {
        const char *file = g_ptr_array_index(files, i);
        g_autofree char *name = NULL;
        g_autofree char *element = first_element(file, &name);
        if (!element || !strcmp(element, "connector"))
            g_ptr_array_add(list, g_strdup(file));
        else if (organisations && !strcmp(element, "organisation"))
            g_ptr_array_add(organisations, g_strdup(file));
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

char **connector_list(GError **error)
{
    g_autofree char *folder = connector_folder();
    return connector_list_folder(folder, NULL, error);
}

/* --- which organisation is meant --- */

typedef struct {
    const char *word;
    char *path;   /* whom it means; NULL: nobody so far */
    guint named;  /* how many it means */
    GString *all; /* who there is: "acme (organisation.xml), ..." */
} Search;

static bool is_meant(const Search *search, const char *file, const char *name)
{
    size_t len = strlen(file) - strlen(ENDING);
    return !g_strcmp0(name, search->word) ||
           (strlen(search->word) == len && !strncmp(file, search->word, len));
}

static void consider(Search *search, const char *path)
{
    g_autofree char *name = NULL;
    g_autofree char *element = first_element(path, &name);
    g_autofree char *file = g_path_get_basename(path);
    bool is_one = !g_strcmp0(element, "organisation");
    if (is_one)
        g_string_append_printf(search->all, "%s%s (%s)", search->all->len ? ", " : "", name ? name : "?",
                               file);
    if ((element && !is_one) || !is_meant(search, file, name)) /* what cannot be read is told by its name */
        return;
    search->named++;
    g_free(search->path);
    search->path = g_strdup(path);
}

static char *find_organisation(const char *word, const char *folder, GError **error)
{
    g_autoptr(GPtrArray) files = list_files(folder, error);
    g_autoptr(GString) all = g_string_new(NULL);
    Search search = {.word = word, .all = all};
    if (!files)
        g_prefix_error(error, "%s: ", word);
    for (guint i = 0; files && i < files->len; i++)
        consider(&search, g_ptr_array_index(files, i));
    if (search.named == 1 || !files)
        return search.path;
    g_free(search.path);
    if (search.named)
        error_set(error, ERROR_DEFINITION,
                  "%s: several organisations of %s are meant: %s; name a file such as ./organisation.xml",
                  word, folder, all->str);
    else
        error_set(error, ERROR_DEFINITION,
                  "%s: no organisation of %s; there is %s; a file is named such as ./organisation.xml", word,
                  folder, all->len ? all->str : "none");
    return NULL;
}

char *organisation_path(const char *path_or_name, GError **error)
{
    if (strchr(path_or_name, '/') || g_str_has_suffix(path_or_name, ENDING))
        return g_strdup(path_or_name);
    g_autofree char *folder = connector_folder();
    g_autofree char *file = connector_path(path_or_name);
    /* Who may open what is there need not be allowed to see what else there is. */
    if (access(folder, R_OK) != 0 && access(file, R_OK) == 0)
        return g_steal_pointer(&file);
    return find_organisation(path_or_name, folder, error);
}
