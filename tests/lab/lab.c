/*
 * lab.c - throw-away servers for integration tests, by way of tests/lab/slapd
 */
#include "tests/lab/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

char *lab_source_file(const char *name)
{
    const char *top = g_getenv("DIRSYNC_DATADIR");
    return g_build_filename(top && *top ? top : ".", name, NULL);
}

void lab_skip_unless_slapd(void)
{
    g_autofree char *path = g_strdup_printf("%s:/usr/sbin:/usr/local/sbin", g_getenv("PATH"));
    g_auto(GStrv) folders = g_strsplit(path, ":", -1);
    for (size_t i = 0; folders[i]; i++) {
        g_autofree char *program = g_build_filename(folders[i], "slapd", NULL);
        if (g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
            return;
    }
    if (g_strcmp0(g_getenv("CI"), "true") == 0)
        fail_msg("slapd is not installed, and CI must not skip; install slapd and ldap-utils");
    g_printerr("\n*** SKIPPED: slapd is not installed; install slapd and ldap-utils ***\n\n");
    skip();
}

/* Runs the script with "verb folder argument..."; its output, g_free(). */
static char *lab_run(const char *verb, const char *folder, const char *const *arguments)
{
    g_autofree char *script = lab_source_file("tests/lab/slapd");
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, script);
    g_ptr_array_add(argv, (void *)verb);
    g_ptr_array_add(argv, (void *)folder);
    for (size_t i = 0; arguments && arguments[i]; i++)
        g_ptr_array_add(argv, (void *)arguments[i]);
    g_ptr_array_add(argv, NULL);

    g_autoptr(GError) error = NULL;
    g_autofree char *complaint = NULL;
    char *output = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &complaint,
                      &status, &error))
        fail_msg("%s: %s", script, error->message);
    if (!g_spawn_check_wait_status(status, &error))
        fail_msg("%s %s %s: %s: %s", script, verb, folder, error->message, complaint);
    return output;
}

static char *lab_uri(const char *folder, const char *kind)
{
    g_autofree char *name = g_strconcat("uri.", kind, NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *uri = NULL;
    if (!g_file_get_contents(path, &uri, NULL, NULL))
        return NULL;
    return g_strchomp(uri);
}

Lab *lab_slapd_start(const char *options)
{
    Lab *lab = g_new0(Lab, 1);
    lab->folder = g_dir_make_tmp("lab-XXXXXX", NULL);
    assert_non_null(lab->folder);
    g_auto(GStrv) words = g_strsplit(options ? options : "", " ", -1);
    g_free(lab_run("start", lab->folder, (const char *const *)(*words && **words ? words : NULL)));
    lab->uri = lab_uri(lab->folder, "ldapi");
    lab->ldap_uri = lab_uri(lab->folder, "ldap");
    lab->ldaps_uri = lab_uri(lab->folder, "ldaps");
    assert_non_null(lab->uri);
    return lab;
}

static void lab_remove(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
        const char *name;
        while (folder && (name = g_dir_read_name(folder))) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            lab_remove(child);
        }
    }
    g_remove(path);
}

void lab_slapd_stop(Lab *lab)
{
    if (!lab)
        return;
    g_free(lab_run("stop", lab->folder, NULL));
    lab_remove(lab->folder);
    g_free(lab->folder);
    g_free(lab->uri);
    g_free(lab->ldap_uri);
    g_free(lab->ldaps_uri);
    g_free(lab);
}

void lab_slapd_kill(Lab *lab)
{
    g_free(lab_run("kill", lab->folder, NULL));
}

void lab_slapd_halt(Lab *lab)
{
    g_free(lab_run("stop", lab->folder, NULL));
}

void lab_slapd_restart(Lab *lab)
{
    g_free(lab_run("restart", lab->folder, NULL));
}

void lab_ldif_load(Lab *lab, const char *ldif)
{
    g_autofree char *path = g_build_filename(lab->folder, "load.ldif", NULL);
    assert_true(g_file_set_contents(path, ldif, -1, NULL));
    const char *const arguments[] = {path, NULL};
    g_free(lab_run("load", lab->folder, arguments));
}

unsigned long lab_operations(Lab *lab, const char *kind)
{
    const char *const arguments[] = {kind, NULL};
    g_autofree char *output = lab_run("operations", lab->folder, arguments);
    assert_true(g_ascii_isdigit(*output));
    return strtoul(output, NULL, 10);
}
