/*
 * lab.c - throw-away servers for integration tests, by way of the scripts in tests/lab/
 */
#include "tests/lab/lab.h"

#include "tests/lab/missing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

char *lab_source_file(const char *name)
{
    const char *top = g_getenv("DIRSYNC_DATADIR");
    return g_build_filename(top && *top ? top : ".", name, NULL);
}

static bool is_slapd_there(void)
{
    g_autofree char *path = g_strdup_printf("%s:/usr/sbin:/usr/local/sbin", g_getenv("PATH"));
    g_auto(GStrv) folders = g_strsplit(path, ":", -1);
    for (size_t i = 0; folders[i]; i++) {
        g_autofree char *program = g_build_filename(folders[i], "slapd", NULL);
        if (g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
            return true;
    }
    return false;
}

void lab_skip_unless_slapd(void)
{
    if (!is_slapd_there())
        skip_missing("slapd is not installed; install slapd and ldap-utils");
}

/* What the script misses; NULL: nothing. g_free(). */
static char *missing_for(const char *kind)
{
    g_autofree char *name = g_strconcat("tests/lab/", kind, NULL);
    g_autofree char *script = lab_source_file(name);
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;
    char *argv[] = {script, (char *)"check", NULL};
    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &reason, &status,
                      &error))
        fail_msg("%s: %s", script, error->message);
    return g_spawn_check_wait_status(status, NULL) ? NULL : g_strchomp(g_steal_pointer(&reason));
}

void lab_skip_unless(const char *kind)
{
    char *reason = missing_for(kind);
    if (!reason)
        return;
    char what[256]; /* what follows does not return */
    g_strlcpy(what, reason, sizeof what);
    g_free(reason);
    skip_missing("%s", what);
}

/* Runs the script with "verb folder argument..."; its output, g_free(). */
static char *lab_run(const char *kind, const char *verb, const char *folder, const char *const *arguments)
{
    g_autofree char *name = g_strconcat("tests/lab/", kind, NULL);
    g_autofree char *script = lab_source_file(name);
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

/* The one line of a file that the script laid; NULL when there is none. */
static char *lab_line(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *line = NULL;
    if (!g_file_get_contents(path, &line, NULL, NULL))
        return NULL;
    return g_strchomp(line);
}

Lab *lab_start(const char *kind, const char *options)
{
    Lab *lab = g_new0(Lab, 1);
    lab->kind = kind;
    lab->folder = g_dir_make_tmp("lab-XXXXXX", NULL);
    assert_non_null(lab->folder);
    g_auto(GStrv) words = g_strsplit(options ? options : "", " ", -1);
    g_free(lab_run(kind, "start", lab->folder, (const char *const *)(*words && **words ? words : NULL)));
    lab->uri = lab_line(lab->folder, "uri.ldapi");
    lab->ldap_uri = lab_line(lab->folder, "uri.ldap");
    lab->ldaps_uri = lab_line(lab->folder, "uri.ldaps");
    lab->bind_dn = lab_line(lab->folder, "bind-dn");
    if (lab->bind_dn)
        lab->password_file = g_build_filename(lab->folder, "password", NULL);
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

void lab_stop(Lab *lab)
{
    if (!lab)
        return;
    g_free(lab_run(lab->kind, "stop", lab->folder, NULL));
    lab_remove(lab->folder);
    g_free(lab->folder);
    g_free(lab->uri);
    g_free(lab->ldap_uri);
    g_free(lab->ldaps_uri);
    g_free(lab->bind_dn);
    g_free(lab->password_file);
    g_free(lab);
}

void lab_kill(Lab *lab)
{
    g_free(lab_run(lab->kind, "kill", lab->folder, NULL));
}

void lab_restart(Lab *lab)
{
    g_free(lab_run(lab->kind, "restart", lab->folder, NULL));
}

Lab *lab_slapd_start(const char *options)
{
    return lab_start("slapd", options);
}

void lab_slapd_stop(Lab *lab)
{
    lab_stop(lab);
}

void lab_slapd_kill(Lab *lab)
{
    lab_kill(lab);
}

void lab_slapd_halt(Lab *lab)
{
    g_free(lab_run(lab->kind, "stop", lab->folder, NULL));
}

void lab_slapd_restart(Lab *lab)
{
    lab_restart(lab);
}

void lab_ldif_load(Lab *lab, const char *ldif)
{
    g_autofree char *path = g_build_filename(lab->folder, "load.ldif", NULL);
    assert_true(g_file_set_contents(path, ldif, -1, NULL));
    const char *const arguments[] = {path, NULL};
    g_free(lab_run(lab->kind, "load", lab->folder, arguments));
}

unsigned long lab_operations(Lab *lab, const char *kind)
{
    const char *const arguments[] = {kind, NULL};
    g_autofree char *output = lab_run(lab->kind, "operations", lab->folder, arguments);
    assert_true(g_ascii_isdigit(*output));
    return strtoul(output, NULL, 10);
}

char *lab_ask(Lab *lab, const char *verb)
{
    return lab_run(lab->kind, verb, lab->folder, NULL);
}
