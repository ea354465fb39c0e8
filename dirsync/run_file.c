/*
 * run_file.c - see run_file.h
 */
#include "dirsync/run_file.h"

#include "dirsync/directory/file_writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "run.json"
#define LARGEST (1024 * 1024)

char *run_file_path(const char *folder)
{
    return g_build_filename(folder, FILE_NAME, NULL);
}

bool run_file_write(const char *folder, const json_t *content, GError **error)
{
    g_autofree char *path = run_file_path(folder);
    char *json = json_dumps(content, JSON_COMPACT);
    g_autoptr(GString) text = g_string_new(json);
    free(json);
    g_string_append_c(text, '\n');
    g_autoptr(FileWriter) writer = file_writer_new(path, 0600, NULL, error);
    return writer && file_writer_put(writer, text, error) && file_writer_commit(writer, error);
}

json_t *run_file_read(const char *folder)
{
    g_autofree char *path = run_file_path(folder);
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > LARGEST)
        return NULL;
    json_t *content = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    if (content && json_is_array(json_object_get(content, "connectors")))
        return content;
    json_decref(content);
    return NULL;
}

const json_t *run_file_connector(const json_t *content, const char *name)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(content, "connectors"), i,
                       one) if (!g_strcmp0(json_string_value(json_object_get(one, "name")), name)) return one;
    return NULL;
}

void run_file_remove(const char *folder)
{
    g_autofree char *path = run_file_path(folder);
    unlink(path);
}

/* --- what a connector is defined by --- */

static void print_file(GChecksum *sum, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        about = (struct stat){.st_size = -1};
    g_autofree char *line =
        g_strdup_printf("%s %jd %ju %jd.%09ld\n", path, (intmax_t)about.st_size, (uintmax_t)about.st_ino,
                        (intmax_t)about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
    g_checksum_update(sum, (const guchar *)line, -1);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_folder(GChecksum *sum, const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while (folder && (name = g_dir_read_name(folder)))
        if (g_str_has_suffix(name, ".xml"))
            g_ptr_array_add(files, g_build_filename(path, name, NULL));
    g_ptr_array_sort(files, compare_names);
    for (guint i = 0; i < files->len; i++)
        print_file(sum, g_ptr_array_index(files, i));
}

static void print_endpoint(GChecksum *sum, const Endpoint *endpoint)
{
    const char *const files[] = {endpoint->password.kind == SECRET_FILE ? endpoint->password.source : NULL,
                                 endpoint->tls_ca, endpoint->tls_certificate, endpoint->tls_key};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        if (files[i])
            print_file(sum, files[i]);
}

char *run_file_print(const char *path, const Connector *connector)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *folder = g_path_get_dirname(path);
    print_file(sum, path);
    print_folder(sum, folder);
    if (!connector)
        return g_strdup(g_checksum_get_string(sum));
    print_file(sum, connector->organisation->path);
    const Endpoint *endpoints[CONNECTOR_ENDPOINTS];
    connector_endpoints(connector, endpoints);
    for (size_t i = 0; i < CONNECTOR_ENDPOINTS; i++)
        print_endpoint(sum, endpoints[i]);
    for (int step = 0; step < STEPS; step++)
        if (connector->pass[step].mapping && strchr(connector->pass[step].mapping, '/'))
            print_file(sum, connector->pass[step].mapping);
    return g_strdup(g_checksum_get_string(sum));
}
