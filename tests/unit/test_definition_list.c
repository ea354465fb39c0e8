/*
 * test_definition_list.c - which organisation a word of the command line means
 *
 * A case is the files of the definitions folder, a word, and the file that is meant.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/world.h"

#include "dirsync/connector.h"

#include <string.h>

#define ORGANISATION(name)                                                                                   \
    "<!-- ours -->\n<organisation xmlns=\"urn:x-dirsync:organisation:1\" name=\"" name "\"/>"
#define CONNECTOR(name) "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"" name "\"/>"

typedef struct {
    const char *name;
    struct {
        const char *name, *text;
    } files[4];
    const char *word;
    const char *meant; /* in the folder; with a slash: as it stands; NULL: nobody */
    const char *error; /* with '*' for anything */
} ListCase;

static const ListCase cases[] = {
    {"by the name that it gives itself",
     {{"organisation.xml", ORGANISATION("acme")}, {"globex.xml", CONNECTOR("globex")}},
     "acme",
     "organisation.xml",
     NULL},
    {"by the name of its file",
     {{"organisation.xml", ORGANISATION("acme")}, {"globex.xml", CONNECTOR("globex")}},
     "organisation",
     "organisation.xml",
     NULL},
    {"a connector of that name is somebody else",
     {{"organisation.xml", ORGANISATION("acme")}, {"acme.xml", CONNECTOR("acme")}},
     "acme",
     "organisation.xml",
     NULL},
    {"both names lead to the same one", {{"acme.xml", ORGANISATION("acme")}}, "acme", "acme.xml", NULL},
    {"a path is a path", {{"acme.xml", ORGANISATION("acme")}}, "./x/acme.xml", "./x/acme.xml", NULL},
    {"so is what ends like one", {{"acme.xml", ORGANISATION("acme")}}, "acme.xml", "/acme.xml", NULL},
    {"who is not there is told who is",
     {{"organisation.xml", ORGANISATION("acme")},
      {"b.xml", ORGANISATION("initech")},
      {"c.xml", CONNECTOR("c")}},
     "c",
     NULL,
     "c: no organisation of *; there is initech (b.xml), acme (organisation.xml); a file is named such as *"},
    {"of two that are meant neither is taken",
     {{"a.xml", ORGANISATION("b")}, {"b.xml", ORGANISATION("a")}},
     "b",
     NULL,
     "b: several organisations of *: b (a.xml), a (b.xml); name a file such as ./organisation.xml"},
    {"what cannot be read is found by its file, so that loading it says why",
     {{"organisation.xml", "<organisation"}, {"b.xml", "<"}},
     "organisation",
     "organisation.xml",
     NULL},
    {"nobody is there", {{NULL, NULL}}, "acme", NULL, "acme: no organisation of *; there is none; *"},
};

static void run_case(void **state)
{
    const ListCase *this = *state;
    g_autofree char *folder = g_dir_make_tmp("dirsync-list-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;
    g_setenv("DIRSYNC_CONFIG", folder, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(this->files) && this->files[i].name; i++) {
        g_autofree char *path = g_build_filename(folder, this->files[i].name, NULL);
        write_text(path, this->files[i].text);
    }
    g_autofree char *meant = organisation_path(this->word, &error);
    remove_folder(folder);
    if (!this->meant) {
        assert_null(meant);
        if (!error_is(error, ERROR_DEFINITION) || !g_pattern_match_simple(this->error, error->message))
            fail_msg("%s", error->message);
        return;
    }
    if (!meant)
        fail_msg("%s", error->message);
    bool as_it_stands = strchr(this->meant, '/') != NULL;
    g_autofree char *expected = as_it_stands ? g_strdup(this->meant + (*this->meant == '/'))
                                             : g_build_filename(folder, this->meant, NULL);
    assert_string_equal(meant, expected);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_case, .initial_state = (void *)&cases[i]};
    return cmocka_run_group_tests_name("definition_list", tests, NULL, NULL);
}
