/*
 * test_example_plugin.c - a stranger's generator, built with the installed header and pkg-config file alone
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/generator.h"
#include "tests/lab/lab.h"
#include "tests/lab/world.h"

#include <stdlib.h>
#include <string.h>

static void run(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void run(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *command = g_strdup_vprintf(format, args);
    va_end(args);
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* Lays header and .pc out as an installation would, below @top. */
static void install(const char *top)
{
    g_autofree char *header = lab_source_file("proxygen/proxygen.h");
    g_autofree char *template = lab_source_file("proxygen/dirsync-proxygen.pc.in");
    g_autofree char *example = lab_source_file("contrib/proxygen-example");
    run("mkdir -p '%s/include/dirsync' '%s/lib/pkgconfig' '%s/lib/dirsync/proxygen'", top, top, top);
    run("cp '%s' '%s/include/dirsync/'", header, top);
    run("sed -e 's|@prefix@|%s|; s|@exec_prefix@|${prefix}|; s|@libdir@|${prefix}/lib|; "
        "s|@includedir@|${prefix}/include|; s|@PACKAGE_VERSION@|1|' '%s' "
        ">'%s/lib/pkgconfig/dirsync-proxygen.pc'",
        top, template, top);
    run("mkdir '%s/work' && cp '%s/example.c' '%s/Makefile' '%s/work/'", top, example, example, top);
}

static void a_stranger_builds_installs_and_uses_it(void **state)
{
    (void)state;
    g_autofree char *top = g_dir_make_tmp("dirsync-example-XXXXXX", NULL);
    install(top);
    run("umask 022; chmod 755 '%s/lib/dirsync/proxygen'; cd '%s/work' && PKG_CONFIG_PATH='%s/lib/pkgconfig' "
        "make -s CFLAGS='-Wall -Wextra -Werror' install",
        top, top, top);
    g_autofree char *folder = g_build_filename(top, "lib/dirsync/proxygen", NULL);
    GeneratorSettings settings = {.folder = folder,
                                  .file = "example.so",
                                  .type = "TELEX",
                                  .site = "TELEX:41 552 ACME",
                                  .organisation = "acme",
                                  .domain = "acme.example"};
    g_autoptr(GError) error = NULL;
    g_autoptr(Generator) generator = generator_open(&settings, &error);
    if (!generator)
        fail_msg("%s", error->message);
    GeneratorRequest requests[] = {{.recipient = {.last_name = "Smith"}},
                                   {.recipient = {.last_name = "Smith"}, .retry = 2},
                                   {.recipient = {.alias = "müller"}},
                                   {.recipient = {.last_name = "山"}}};
    assert_true(generator_generate(generator, requests, G_N_ELEMENTS(requests), NULL, NULL));
    assert_string_equal(requests[0].address, "TELEX:41 552 ACME/SMITH");
    assert_string_equal(requests[1].address, "TELEX:41 552 ACME/SMITH 2");
    assert_string_equal(requests[2].address, "TELEX:41 552 ACME/MLLER");
    assert_int_equal(requests[3].kind, GENERATED_ERROR);
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++)
        generator_request_clear(&requests[i]);
    assert_false(generator_validate(generator, "TELEX:x", NULL));
    remove_folder(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_stranger_builds_installs_and_uses_it)};
    return cmocka_run_group_tests_name("example_plugin", tests, NULL, NULL);
}
