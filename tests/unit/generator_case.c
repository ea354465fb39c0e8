/*
 * generator_case.c - a generator folder of a test's own
 */
#include "tests/unit/generator_case.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

int generator_case_setup(void **state)
{
    GeneratorCase *c = g_new0(GeneratorCase, 1);
    *state = c;
    c->top = g_dir_make_tmp("dirsync-generator-XXXXXX", NULL);
    if (!c->top)
        return -1;
    c->folder = g_build_filename(c->top, "generators", NULL);
    c->crash_file = g_build_filename(c->top, "crash", NULL);
    return g_mkdir(c->folder, 0755);
}

int generator_case_teardown(void **state)
{
    GeneratorCase *c = *state;
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", c->top);
    int result = system(command);
    g_free(c->folder);
    g_free(c->crash_file);
    g_free(c->top);
    g_free(c);
    return result;
}

char *generator_case_path(const GeneratorCase *c, const char *name)
{
    return g_build_filename(c->folder, name, NULL);
}

void generator_case_install(const GeneratorCase *c, const char *plugin, const char *name)
{
    const char *plugins = g_getenv("DIRSYNC_TEST_PLUGINS");
    if (!plugins)
        fail_msg("DIRSYNC_TEST_PLUGINS is not set: it names the folder tests/plugins of the build");
    g_autofree char *from = g_build_filename(plugins, plugin, NULL);
    g_autofree char *to = generator_case_path(c, name);
    g_autofree char *bytes = NULL;
    gsize len = 0;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(from, &bytes, &len, &error) ||
        !g_file_set_contents(to, bytes, (gssize)len, &error))
        fail_msg("%s", error->message);
    assert_int_equal(g_chmod(to, 0755), 0);
}

void assert_error_says(const GError *error, ErrorCode code, const char *const *parts)
{
    assert_non_null(error);
    if (!error_is(error, code))
        fail_msg("code %d: %s", error->code, error->message);
    for (; *parts; parts++)
        if (!strstr(error->message, *parts))
            fail_msg("\"%s\" does not say \"%s\"", error->message, *parts);
    assert_true(g_utf8_validate(error->message, -1, NULL));
    assert_null(strpbrk(error->message, "\n\r\t\x1b"));
}
