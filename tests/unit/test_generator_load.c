/*
 * test_generator_load.c - which files are loaded as generators, and what is said of the others
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/generator_internal.h"
#include "tests/unit/generator_case.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS 4

static void assert_refused(const char *folder, const char *file, const char *const *parts)
{
    g_autoptr(GError) error = NULL;
    ProxygenVersion version = {.major = 9};
    assert_false(generator_probe(folder, file, &version, &error));
    assert_error_says(error, ERROR_DEFINITION, parts);
    assert_int_equal(version.major, 9);
}

static void assert_version(const char *folder, const char *file, const char *expected)
{
    g_autoptr(GError) error = NULL;
    ProxygenVersion version = {0};
    if (!generator_probe(folder, file, &version, &error))
        fail_msg("%s", error->message);
    g_autofree char *text = generator_version_text(version);
    assert_string_equal(text, expected);
}

/* --- versions ----------------------------------------------------------------------------------- */

static void versions_are_written_as_in_the_registration(void **state)
{
    (void)state;
    static const struct {
        ProxygenVersion version;
        const char *text;
        uint8_t bytes[8];
    } cases[] = {
        /* KB 158336, KB 176871 */
        {{5, 5, 1960, 5}, "5.5.1960.5", {0x05, 0x00, 0xA8, 0x07, 0x05, 0x00, 0x05, 0x00}},
        {{5, 5, 1960, 8}, "5.5.1960.8", {0x08, 0x00, 0xA8, 0x07, 0x05, 0x00, 0x05, 0x00}},
        {{5, 0, 1457, 3}, "5.0.1457.3", {0x03, 0x00, 0xB1, 0x05, 0x00, 0x00, 0x05, 0x00}},
        {{5, 5, 2653, 23}, "5.5.2653.23", {0x17, 0x00, 0x5D, 0x0A, 0x05, 0x00, 0x05, 0x00}},
        {{4, 0, 837, 10}, "4.0.837.10", {0x0A, 0x00, 0x45, 0x03, 0x00, 0x00, 0x04, 0x00}},
        {{0, 0, 0, 0}, "0.0.0.0", {0}},
        {{65535, 65535, 65535, 65535},
         "65535.65535.65535.65535",
         {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
        {{0x0102, 0x0304, 0x0506, 0x0708},
         "258.772.1286.1800",
         {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t bytes[8];
        ProxygenVersion back = {0};
        g_autofree char *text = generator_version_text(cases[i].version);
        assert_string_equal(text, cases[i].text);
        generator_version_to_bytes(cases[i].version, bytes);
        assert_memory_equal(bytes, cases[i].bytes, sizeof bytes);
        assert_true(generator_version_from_bytes(bytes, sizeof bytes, &back));
        assert_int_equal(generator_version_compare(back, cases[i].version), 0);
    }
}

static void bytes_of_another_length_are_no_version(void **state)
{
    (void)state;
    static const uint8_t bytes[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        ProxygenVersion version = {.major = 9};
        assert_int_equal(generator_version_from_bytes(bytes, len, &version), len == 8);
        assert_int_equal(version.major, len == 8 ? 0x0807 : 9);
    }
}

static void versions_are_compared_from_the_major_number_down(void **state)
{
    (void)state;
    static const ProxygenVersion ascending[] = {
        {0, 0, 0, 0},    {0, 0, 0, 1},     {0, 0, 1, 0},     {0, 1, 0, 0},     {1, 0, 0, 0},
        {4, 0, 837, 10}, {5, 0, 1457, 3},  {5, 5, 1960, 5},  {5, 5, 1960, 8},  {5, 5, 2653, 23},
        {5, 6, 0, 0},    {256, 0, 0, 255}, {256, 0, 255, 0}, {256, 255, 0, 0}, {65535, 0, 0, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(ascending); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(ascending); j++) {
            int order = generator_version_compare(ascending[i], ascending[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

/* --- the folder --------------------------------------------------------------------------------- */

static void the_folder_is_that_of_the_definition_then_of_the_environment(void **state)
{
    (void)state;
    g_unsetenv("DIRSYNC_GENERATORS");
    assert_string_equal(generator_folder(NULL), DIRSYNC_GENERATORS_DIR);
    g_setenv("DIRSYNC_GENERATORS", "", TRUE);
    assert_string_equal(generator_folder(""), DIRSYNC_GENERATORS_DIR);
    g_setenv("DIRSYNC_GENERATORS", "/srv/generators", TRUE);
    assert_string_equal(generator_folder(NULL), "/srv/generators");
    assert_string_equal(generator_folder(""), "/srv/generators");
    assert_string_equal(generator_folder("/etc/generators"), "/etc/generators");
    g_unsetenv("DIRSYNC_GENERATORS");
}

static void a_folder_that_others_can_write_is_refused(void **state)
{
    const GeneratorCase *c = *state;
    static const mode_t open_to_others[] = {0775, 0757, 0777, 01777, 0720, 0702};
    generator_case_install(c, "misbehaving.so", "good.so");
    for (size_t i = 0; i < G_N_ELEMENTS(open_to_others); i++) {
        assert_int_equal(g_chmod(c->folder, open_to_others[i]), 0);
        g_autofree char *mode = g_strdup_printf("mode %04o", (unsigned)open_to_others[i]);
        g_autofree char *remedy = g_strdup_printf("chmod go-w %s", c->folder);
        assert_refused(
            c->folder, "good.so",
            (const char *[]){"generator folder /", "others than its owner can write", mode, remedy, NULL});
    }
    assert_int_equal(g_chmod(c->folder, 0755), 0);
    assert_version(c->folder, "good.so", "5.5.1960.5");
}

static void a_folder_that_is_none_is_refused(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "good.so");
    g_autofree char *missing = g_build_filename(c->top, "missing", NULL);
    assert_refused(missing, "good.so", (const char *[]){missing, "No such file", "DIRSYNC_GENERATORS", NULL});
    g_autofree char *file = generator_case_path(c, "good.so");
    assert_refused(file, "good.so", (const char *[]){file, "is not a folder", NULL});
    g_autofree char *link = g_build_filename(c->top, "link", NULL);
    assert_int_equal(symlink(c->folder, link), 0);
    assert_refused(link, "good.so", (const char *[]){link, "link", "name the folder itself", NULL});
}

/* Only root can give a file away. */
static void what_belongs_to_somebody_else_is_refused(void **state)
{
    const GeneratorCase *c = *state;
    if (geteuid() != 0)
        skip();
    generator_case_install(c, "misbehaving.so", "good.so");
    g_autofree char *path = generator_case_path(c, "good.so");
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_refused(c->folder, "good.so",
                   (const char *[]){path, "belongs to another user (65534)", "chown it to root", NULL});
    assert_int_equal(chown(path, 0, 65534), 0);
    assert_int_equal(chown(c->folder, 65534, 0), 0);
    assert_refused(c->folder, "good.so",
                   (const char *[]){"generator folder /", "belongs to another user (65534)", NULL});
    assert_int_equal(chown(c->folder, 0, 0), 0);
    assert_version(c->folder, "good.so", "5.5.1960.5");
}

/* --- the file ----------------------------------------------------------------------------------- */

static void names_with_a_way_out_of_the_folder_are_refused(void **state)
{
    const GeneratorCase *c = *state;
    static const char *const names[] = {
        "",         ".",       "..",        "../good.so", "/etc/good.so",  "sub/good.so", ".good.so",
        "good.so/", "good so", "good.so\n", "good\\.so",  "g\xc3\xbct.so", "good.so;",    "\xff.so",
    };
    generator_case_install(c, "misbehaving.so", "good.so");
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        assert_refused(c->folder, names[i],
                       (const char *[]){"is no file name", "at most 128 characters", NULL});
    g_autofree char *long_name = g_strnfill(129, 'a');
    assert_refused(c->folder, long_name, (const char *[]){"is no file name", NULL});
    long_name[128] = '\0';
    generator_case_install(c, "misbehaving.so", long_name);
    assert_version(c->folder, long_name, "5.5.1960.5");
}

static void what_is_no_regular_file_is_refused(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "good.so");
    g_autofree char *link = generator_case_path(c, "link.so");
    g_autofree char *pipe = generator_case_path(c, "pipe.so");
    g_autofree char *folder = generator_case_path(c, "folder.so");
    assert_int_equal(symlink("good.so", link), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(g_mkdir(folder, 0755), 0);
    assert_refused(c->folder, "link.so", (const char *[]){link, "is a link", "the file itself", NULL});
    assert_refused(c->folder, "pipe.so", (const char *[]){pipe, "is not a regular file", NULL});
    assert_refused(c->folder, "folder.so", (const char *[]){folder, "is not a regular file", NULL});
    assert_refused(c->folder, "missing.so",
                   (const char *[]){"/missing.so: is not there", "install it", NULL});
}

static void a_file_that_others_can_write_is_refused(void **state)
{
    const GeneratorCase *c = *state;
    static const mode_t open_to_others[] = {0775, 0757, 0666, 0620, 0602};
    generator_case_install(c, "misbehaving.so", "good.so");
    g_autofree char *path = generator_case_path(c, "good.so");
    for (size_t i = 0; i < G_N_ELEMENTS(open_to_others); i++) {
        assert_int_equal(g_chmod(path, open_to_others[i]), 0);
        g_autofree char *mode = g_strdup_printf("mode %04o", (unsigned)open_to_others[i]);
        g_autofree char *remedy = g_strdup_printf("chmod go-w %s", path);
        assert_refused(c->folder, "good.so",
                       (const char *[]){"others than its owner can write", mode, remedy, NULL});
    }
    assert_int_equal(g_chmod(path, 0400), 0);
    assert_version(c->folder, "good.so", "5.5.1960.5");
}

static void what_is_no_generator_is_refused(void **state)
{
    const GeneratorCase *c = *state;
    g_autofree char *text = generator_case_path(c, "text.so");
    assert_true(g_file_set_contents(text, "#!/bin/sh\n", -1, NULL));
    assert_int_equal(g_chmod(text, 0755), 0);
    generator_case_install(c, "no_entry.so", "no_entry.so");
    generator_case_install(c, "unresolved.so", "unresolved.so");
    assert_refused(
        c->folder, "text.so",
        (const char *[]){"generator text.so: cannot be loaded: ", "must be a shared object", NULL});
    assert_refused(c->folder, "no_entry.so",
                   (const char *[]){"generator no_entry.so: ", "no function proxygen_entry()", NULL});
    assert_refused(c->folder, "unresolved.so",
                   (const char *[]){"undefined symbol: function_that_is_nowhere", "all that it needs", NULL});
}

/* --- what it says it is ------------------------------------------------------------------------- */

static void a_wrong_description_is_refused(void **state)
{
    const GeneratorCase *c = *state;
    static const struct {
        const char *fault;
        const char *parts[PARTS];
    } cases[] = {
        {"refuses", {"does not work with interface 1", "install one"}},
        {"abi", {"made for interface 2, this dirsync has 1", "install one"}},
        {"size", {"has 16 bytes instead of ", "proxygen.h of this dirsync"}},
        {"no-name", {"has no name", "its maker must mend it"}},
        {"long-name", {"has no name, or one that is no text of at most 256 bytes"}},
        {"no-types", {"its list of address types is empty"}},
        {"small-types", {"\"notes\" in its list cannot be an address type", "capitals and digits"}},
        {"long-types", {"\"A2345678901234567890123456789012\" in its list", "at most 32"}},
        {"endless-types", {"its list of address types has no end"}},
        {"open", {"has no function open()", "its maker must mend it"}},
        {"generate", {"has no function generate()"}},
        {"update", {"has no function update()"}},
        {"validate_address", {"has no function validate_address()"}},
        {"validate_template", {"has no function validate_template()"}},
        {"free_address", {"has no function free_address()"}},
        {"close", {"has no function close()"}},
    };
    generator_case_install(c, "misdescribed.so", "wrong.so");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_setenv("MISDESCRIBED", cases[i].fault, TRUE);
        assert_refused(c->folder, "wrong.so", cases[i].parts);
        assert_refused(c->folder, "wrong.so", (const char *[]){"generator wrong.so: ", NULL});
    }
    g_unsetenv("MISDESCRIBED");
    assert_version(c->folder, "wrong.so", "1.2.3.4");
}

/* --- which file it is --------------------------------------------------------------------------- */

static void what_was_checked_is_what_is_loaded(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "good.so");
    g_auto(PluginFile) file = {.fd = -1};
    g_autoptr(GError) error = NULL;
    assert_true(plugin_file_find(c->folder, "good.so", &file, &error));
    generator_case_install(c, "no_entry.so", "good.so"); /* in between, somebody puts another one there */
    const ProxygenGenerator *functions = plugin_load(&file, &error);
    assert_non_null(functions);
    assert_int_equal(functions->version.build, 1960);
    assert_refused(c->folder, "good.so", (const char *[]){"no function proxygen_entry()", NULL});
}

static void many_plugins_are_not_taken_for_each_other(void **state)
{
    const GeneratorCase *c = *state;
    for (int i = 0; i < 12; i++) {
        g_autofree char *name = g_strdup_printf("%d.so", i);
        generator_case_install(c, i % 2 ? "misdescribed.so" : "misbehaving.so", name);
        assert_version(c->folder, name, i % 2 ? "1.2.3.4" : "5.5.1960.5");
    }
    for (int i = 0; i < 12; i++) {
        g_autofree char *name = g_strdup_printf("%d.so", i);
        assert_version(c->folder, name, i % 2 ? "1.2.3.4" : "5.5.1960.5");
    }
}

static void looking_again_and_again_costs_one_descriptor(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "good.so");
    assert_version(c->folder, "good.so", "5.5.1960.5");
    int before = dup(0);
    close(before);
    for (int i = 0; i < 100; i++) {
        assert_version(c->folder, "good.so", "5.5.1960.5");
        assert_false(generator_probe(c->folder, "missing.so", NULL, NULL));
        assert_false(generator_probe("/missing", "good.so", NULL, NULL));
    }
    int after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

static void a_plugin_may_be_replaced_and_not_written_over(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "good.so");
    assert_version(c->folder, "good.so", "5.5.1960.5");
    generator_case_install(c, "misdescribed.so", "good.so"); /* a new file under the old name */
    assert_version(c->folder, "good.so", "1.2.3.4");
    g_autofree char *path = generator_case_path(c, "good.so");
    FILE *file = g_fopen(path, "a");
    assert_non_null(file);
    assert_true(fputc('\n', file) == '\n' && fclose(file) == 0);
    assert_refused(c->folder, "good.so",
                   (const char *[]){"was written over while it is in use", "start again", NULL});
}

#define on_case(test) cmocka_unit_test_setup_teardown(test, generator_case_setup, generator_case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_written_as_in_the_registration),
        cmocka_unit_test(bytes_of_another_length_are_no_version),
        cmocka_unit_test(versions_are_compared_from_the_major_number_down),
        cmocka_unit_test(the_folder_is_that_of_the_definition_then_of_the_environment),
        on_case(a_folder_that_others_can_write_is_refused),
        on_case(a_folder_that_is_none_is_refused),
        on_case(what_belongs_to_somebody_else_is_refused),
        on_case(names_with_a_way_out_of_the_folder_are_refused),
        on_case(what_is_no_regular_file_is_refused),
        on_case(a_file_that_others_can_write_is_refused),
        on_case(what_is_no_generator_is_refused),
        on_case(a_wrong_description_is_refused),
        on_case(what_was_checked_is_what_is_loaded),
        on_case(many_plugins_are_not_taken_for_each_other),
        on_case(looking_again_and_again_costs_one_descriptor),
        on_case(a_plugin_may_be_replaced_and_not_written_over),
    };
    return cmocka_run_group_tests_name("generator_load", tests, NULL, NULL);
}
