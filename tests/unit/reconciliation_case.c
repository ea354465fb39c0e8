/*
 * reconciliation_case.c - see reconciliation_case.h
 */
#include "reconciliation_case.h"

#include <string.h>

static void add_files(const char *folder, GPtrArray *files)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *content = NULL, *digest = NULL;
        gsize len = 0;
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            add_files(path, files);
        } else if (g_file_get_contents(path, &content, &len, NULL)) {
            digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)content, len);
            g_ptr_array_add(files, g_strdup_printf("%s %s\n", path, digest));
        }
    }
}

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *case_everything(const Case *c)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    add_files(case_state_folder(c), files);
    g_ptr_array_sort(files, compare_lines);
    g_ptr_array_add(files, NULL);
    g_autofree char *home = case_dump(c), *foreign = case_dump_foreign(c);
    g_autofree char *state = g_strjoinv("", (char **)files->pdata);
    return g_strconcat(home, "\n---\n", foreign ? foreign : "", "\n---\n", state, NULL);
}
