/*
 * test_example_plugin.c - what somebody needs to write a generator is what `make install' installs
 *
 * Installs header and pkg-config file into a scratch folder, builds the example
 * there with its own Makefile, away from our sources, and calls it. Skipped without
 * make or pkg-config.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/lab/missing.h"
#include "tests/unit/plugin_case.h"

/** Runs a shell command with $SCRATCH, $SOURCE and $BUILD; fails the case with what it said. */
static void run(const char *scratch, const char *command)
{
    g_auto(GStrv) environment = g_get_environ();
    g_autofree char *said = NULL, *complained = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;
    environment = g_environ_setenv(environment, "SCRATCH", scratch, TRUE);
    environment = g_environ_setenv(environment, "SOURCE", g_getenv("DIRSYNC_DATADIR"), TRUE);
    environment = g_environ_setenv(environment, "BUILD", g_getenv("DIRSYNC_BUILD"), TRUE);
    /* make check's own flags and targets are not for the make below */
    environment = g_environ_unsetenv(environment, "MAKEFLAGS");
    environment = g_environ_unsetenv(environment, "MFLAGS");
    environment = g_environ_unsetenv(environment, "MAKELEVEL");
    char *words[] = {(char *)"sh", (char *)"-euc", (char *)command, NULL};
    if (!g_spawn_sync(NULL, words, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &said, &complained, &status,
                      &error))
        fail_msg("%s: %s", command, error->message);
    if (status != 0)
        fail_msg("%s: status %d\n%s%s", command, status, said, complained);
}

static bool can_build(void)
{
    g_autofree char *make = g_find_program_in_path("make");
    g_autofree char *pkg_config = g_find_program_in_path("pkg-config");
    return make && pkg_config && g_getenv("DIRSYNC_BUILD");
}

static void check_calls(PluginCase *plugin)
{
    const ProxygenRecipient kim = {.alias = "kim y.", .first_name = "Kim"};
    const ProxygenRecipient none = {.alias = "."};
    g_autofree char *first = plugin_case_generate(plugin, &kim, 0);
    assert_string_equal(first, "PAGER:kimy@Acme");
    g_autofree char *third = plugin_case_generate(plugin, &kim, 3);
    assert_string_equal(third, "PAGER:kimy.3@Acme");
    g_autofree char *error = plugin_case_generate(plugin, &none, 0);
    assert_string_equal(error, "error");
    g_autofree char *anew = plugin_case_update(plugin, &kim, "PAGER:a", "PAGER:b", first);
    assert_string_equal(anew, "none");
    assert_true(plugin_case_valid_address(plugin, first));
    assert_false(plugin_case_valid_address(plugin, "PAGER:kimy"));
    assert_false(plugin_case_valid_template(plugin, "PAGER:%m"));
}

static void the_example_builds_from_what_is_installed(void **state)
{
    (void)state;
    if (!can_build())
        skip_missing("make and pkg-config are needed, and DIRSYNC_BUILD, which names the build folder");
    g_autofree char *scratch = g_dir_make_tmp("dirsync-example.XXXXXX", NULL);
    assert_non_null(scratch);
    run(scratch,
        "make -C \"$BUILD\" install-dirsyncincludeHEADERS install-pkgconfigDATA DESTDIR=\"$SCRATCH/root\"");
    run(scratch,
        "mkdir \"$SCRATCH/example\" && cp \"$SOURCE\"/contrib/proxygen-example/* \"$SCRATCH/example\" &&"
        "chmod -R u+w \"$SCRATCH/example\"");
    run(scratch, "PKG_CONFIG_SYSROOT_DIR=$SCRATCH/root PKG_CONFIG_PATH=$(dirname "
                 "\"$(find \"$SCRATCH/root\" -name dirsync-proxygen.pc)\");"
                 "export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH;"
                 "make -C \"$SCRATCH/example\" CFLAGS='-Wall -Wextra -Werror'");
    g_autofree char *path = g_build_filename(scratch, "example", "example.so", NULL);
    PluginCase plugin;
    assert_int_equal(plugin_case_open_file(&plugin, path, "PAGER", NULL), PROXYGEN_OK);
    check_calls(&plugin);
    plugin_case_close(&plugin);
    assert_int_equal(plugin_case_open_file(&plugin, path, "PAGER", "PAGER:%m"), PROXYGEN_ERROR);
    plugin_case_close(&plugin);
    run(scratch, "rm -rf \"$SCRATCH\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_builds_from_what_is_installed),
    };
    return cmocka_run_group_tests_name("example plugin", tests, NULL, NULL);
}
